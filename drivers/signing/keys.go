// Package signing signs statements and verifies them: Ed25519 in the compact
// form of JSON Web Signature, each kind of statement with a type of its own in
// the header, each for one fleet.
package signing

import (
	"cmp"
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"time"

	"slipway"
)

// Keys are the key of this process and those that the fleet file lists. They
// are safe for use by several goroutines.
type Keys struct {
	own   ed25519.PrivateKey
	id    string // of own
	fleet func() *slipway.Fleet
	alone bool
	now   func() time.Time
}

// Open reads the private key of this process from a file, which is made if it
// is not there. The fleet is asked at each call, so that a key which is added,
// or revoked, counts or does not count from then on. Alone says that this
// process is API and worker in one: as long as the fleet file lists no key of
// an API, its own one counts.
func Open(path string, fleet func() *slipway.Fleet, alone bool, now func() time.Time) (*Keys, error) {
	own, err := load(path)
	if err != nil {
		return nil, err
	}
	k := &Keys{own: own, fleet: fleet, alone: alone, now: now}
	k.id = slipway.KeyID(k.public())
	return k, nil
}

func (k *Keys) public() ed25519.PublicKey { return k.own.Public().(ed25519.PublicKey) }

// ID names the public key of this process.
func (k *Keys) ID() string { return k.id }

// Line is the entry of signing.keys in the fleet file that makes this process's
// key count for that use.
func (k *Keys) Line(use slipway.KeyUse) string {
	return fmt.Sprintf("{id: %q, use: %s, public: %q}", k.id, use, base64.StdEncoding.EncodeToString(k.public()))
}

// Ready reports whether this process's key counts for that use now. The error
// has CodeForbidden and says what to write into the fleet file.
func (k *Keys) Ready(use slipway.KeyUse) error {
	key, err := k.trusted(k.id, use)
	if err != nil {
		return err
	}
	return within(key, k.now())
}

// Hears reports whether any key counts for that use, as far as the fleet file
// goes. The error has CodeForbidden and says what to write into it.
func (k *Keys) Hears(use slipway.KeyUse) error {
	if k.fleet().Signing.Has(use) || k.alone {
		return nil
	}
	return slipway.Errorf(slipway.CodeForbidden, "the fleet file of this process lists no key with use: %s, so every release is refused here: add signing: {keys: […]} with the line that slipway api says when it starts", use)
}

func (k *Keys) audience() string {
	return cmp.Or(k.fleet().Signing.Audience, slipway.DefaultAudience)
}

// trusted finds a key that counts. What a worker has seen itself it believes,
// unless its key is revoked.
func (k *Keys) trusted(id string, use slipway.KeyUse) (slipway.SigningKey, error) {
	listed := k.fleet().Signing
	key, ok := listed.Key(id, use)
	switch {
	case ok && key.Revoked:
		return key, slipway.Errorf(slipway.CodeForbidden, "key %s is revoked in signing.keys of the fleet file: nothing that it signed counts", id)
	case ok:
		return key, nil
	case id == k.id && (use == slipway.WorkerKey || k.alone && !listed.Has(slipway.APIKey)):
		return slipway.SigningKey{ID: id, Public: k.public(), Use: use}, nil
	case id == k.id:
		return key, slipway.Errorf(slipway.CodeForbidden, "key %s of this process is not among signing.keys of its fleet file, so nothing that it signs would count: add signing: {keys: [%s]} there, and to the fleet file of every worker", id, k.Line(use))
	case !listed.Has(use):
		return key, slipway.Errorf(slipway.CodeForbidden, "the fleet file of this process lists no key with use: %s, so nothing signed by one counts here: the process with key %s said the line for signing.keys when it started", use, id)
	}
	return key, slipway.Errorf(slipway.CodeForbidden, "key %s is not among signing.keys of the fleet file with use: %s: if it is a process of yours, add the line that it said when it started; if not, somebody made it up", id, use)
}

// within holds a moment at which something was signed to the key's bounds.
func within(key slipway.SigningKey, at time.Time) error {
	switch {
	case !key.NotBefore.IsZero() && at.Before(key.NotBefore):
		return slipway.Errorf(slipway.CodeForbidden, "key %s counts from %s on, not at %s: see not_before in signing.keys of the fleet file", key.ID, stamp(key.NotBefore), stamp(at))
	case !key.NotAfter.IsZero() && at.After(key.NotAfter):
		return slipway.Errorf(slipway.CodeForbidden, "key %s counted until %s, not at %s: see not_after in signing.keys of the fleet file", key.ID, stamp(key.NotAfter), stamp(at))
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }
