package signing_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/drivers/signing"
)

var start = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// A party is a process with a key, a fleet file and a clock of its own.
type party struct {
	*signing.Keys
	path  string
	fleet slipway.Fleet
	now   time.Time
}

func newParty(t *testing.T, alone bool) *party {
	t.Helper()
	p := &party{path: filepath.Join(t.TempDir(), "signing.key"), now: start}
	p.open(t, alone)
	return p
}

func (p *party) open(t *testing.T, alone bool) {
	t.Helper()
	var err error
	p.Keys, err = signing.Open(p.path, func() *slipway.Fleet { return &p.fleet }, alone, func() time.Time { return p.now })
	if err != nil {
		t.Fatal(err)
	}
}

// key is the entry of a party in the fleet files of others.
func (p *party) key(t *testing.T, use slipway.KeyUse, change ...func(*slipway.SigningKey)) slipway.SigningKey {
	t.Helper()
	_, public, _ := strings.Cut(p.Line(use), `public: "`)
	key, err := base64.StdEncoding.DecodeString(strings.TrimSuffix(public, `"}`))
	if err != nil || slipway.KeyID(key) != p.ID() {
		t.Fatalf("line %s: %v", p.Line(use), err)
	}
	k := slipway.SigningKey{ID: p.ID(), Use: use, Public: key}
	for _, f := range change {
		f(&k)
	}
	return k
}

func trust(parties []*party, keys ...slipway.SigningKey) {
	for _, p := range parties {
		p.fleet.Signing.Keys = keys
	}
}

var request = slipway.RequestStatement{ServiceID: slipway.ServiceID{Project: "search", Service: "api"}, Act: "rollback", By: "ann", Reason: "it is slow"}

func refused(t *testing.T, err error, text string) {
	t.Helper()
	if slipway.ErrorCode(err) != slipway.CodeForbidden || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want forbidden: …%s…", err, text)
	}
}

func TestWhatOneProcessSignsAnotherReads(t *testing.T) {
	t.Parallel()
	api, worker := newParty(t, false), newParty(t, false)
	trust([]*party{api, worker}, api.key(t, slipway.APIKey))
	token, err := api.Seal(request, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	var got slipway.RequestStatement
	seal, err := worker.Open(token, &got)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(request, got); diff != "" {
		t.Error(diff)
	}
	if seal.Key != api.ID() || seal.ID == "" || !seal.At.Equal(start) || !seal.Until.Equal(start.Add(time.Hour)) {
		t.Errorf("seal is %+v", seal)
	}
	again, err := api.Seal(request, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if other, err := worker.Open(again, &got); err != nil || other.ID == seal.ID {
		t.Errorf("two seals have the same id %s: %v", other.ID, err)
	}
}

func TestAProcessWithoutKeysOfOthersSaysWhichLineIsMissing(t *testing.T) {
	t.Parallel()
	api, worker := newParty(t, false), newParty(t, false)
	_, err := api.Seal(request, time.Hour)
	refused(t, err, "add signing: {keys: ["+api.Line(slipway.APIKey)+"]} there, and to the fleet file of every worker")
	trust([]*party{api}, api.key(t, slipway.APIKey))
	token, err := api.Seal(request, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, err = worker.Open(token, new(slipway.RequestStatement))
	refused(t, err, "lists no key with use: api, so nothing signed by one counts here: the process with key "+api.ID())
	refused(t, worker.Hears(slipway.APIKey), "every release is refused here")
	trust([]*party{worker}, worker.key(t, slipway.APIKey))
	_, err = worker.Open(token, new(slipway.RequestStatement))
	refused(t, err, "key "+api.ID()+" is not among signing.keys")
}

func TestStandaloneTrustsItselfUntilAKeyIsListed(t *testing.T) {
	t.Parallel()
	alone, other := newParty(t, true), newParty(t, false)
	token, err := alone.Seal(request, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := alone.Open(token, new(slipway.RequestStatement)); err != nil {
		t.Error(err)
	}
	trust([]*party{alone}, other.key(t, slipway.APIKey))
	_, err = alone.Open(token, new(slipway.RequestStatement))
	refused(t, err, "of this process is not among signing.keys")
	refused(t, alone.Ready(slipway.APIKey), "is not among signing.keys")
	if err := alone.Ready(slipway.WorkerKey); err != nil {
		t.Errorf("it does not believe what it has seen itself: %v", err)
	}
}

func TestAKeyIsChangedWithoutABreak(t *testing.T) {
	t.Parallel()
	before, after, worker := newParty(t, false), newParty(t, false), newParty(t, false)
	all := []*party{before, after, worker}
	changed := start.Add(time.Hour)
	trust(all,
		before.key(t, slipway.APIKey, func(k *slipway.SigningKey) { k.NotAfter = changed.Add(24 * time.Hour) }),
		after.key(t, slipway.APIKey, func(k *slipway.SigningKey) { k.NotBefore = changed }))
	clock := func(now time.Time) {
		for _, p := range all {
			p.now = now
		}
	}
	old, err := before.Seal(request, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	_, err = after.Seal(request, time.Hour)
	refused(t, err, "counts from 2026-03-01 13:00:00 UTC on")
	clock(changed)
	fresh, err := after.Seal(request, 48*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	for _, token := range []string{old, fresh} {
		if _, err := worker.Open(token, new(slipway.RequestStatement)); err != nil {
			t.Error(err)
		}
	}
	clock(changed.Add(25 * time.Hour))
	_, err = worker.Open(old, new(slipway.RequestStatement))
	refused(t, err, "counted until 2026-03-02 13:00:00 UTC")
	if _, err := worker.Proof(old, new(slipway.RequestStatement)); err != nil {
		t.Errorf("what was signed while the key counted proves nothing: %v", err)
	}
	_, err = before.Seal(request, time.Hour)
	refused(t, err, "counted until")
	trust(all, before.key(t, slipway.APIKey, func(k *slipway.SigningKey) { k.Revoked = true }))
	_, err = worker.Proof(old, new(slipway.RequestStatement))
	refused(t, err, "is revoked in signing.keys of the fleet file: nothing that it signed counts")
}

func TestWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	api, worker := newParty(t, false), newParty(t, false)
	trust([]*party{api, worker}, api.key(t, slipway.APIKey), worker.key(t, slipway.WorkerKey))
	sign := func(p *party, s slipway.Statement) string {
		t.Helper()
		token, err := p.Seal(s, time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return token
	}
	good := sign(api, request)
	parts := strings.Split(good, ".")
	for name, c := range map[string]struct{ token, says string }{
		"nothing":                   {"", "there is no signed request: it did not come through the API"},
		"no token":                  {"approve", "the signature of the request is not right"},
		"no algorithm":              {none(t, parts[1]), "the signature of the request is not right"},
		"hmac with the public key":  {confused(t, api), "the signature of the request is not right"},
		"another statement":         {parts[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"statement":{"by":"eve"}}`)) + "." + parts[2], "the signature of the request is not right"},
		"without its signature":     {parts[0] + "." + parts[1] + ".", "the signature of the request is not right"},
		"of another kind":           {sign(api, slipway.DecisionStatement{By: "ann"}), "a signature of another kind was given where a signed request belongs"},
		"of a worker, as the API's": {sign(worker, slipway.ImageStatement{}), "a signature of another kind"},
	} {
		_, err := worker.Open(c.token, new(slipway.RequestStatement))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	_, err := worker.Seal(request, time.Hour)
	refused(t, err, "is not among signing.keys")

	worker.fleet.Signing.Audience = "elsewhere"
	_, err = worker.Open(good, new(slipway.RequestStatement))
	refused(t, err, `was signed for ["slipway"], and this is "elsewhere"`)
	worker.fleet.Signing.Audience = ""

	worker.now = start.Add(time.Hour + time.Second)
	_, err = worker.Open(good, new(slipway.RequestStatement))
	refused(t, err, "was signed at 2026-03-01 12:00:00 UTC and counted until 2026-03-01 13:00:00 UTC: ask for it again")
	worker.now = start.Add(-2 * time.Minute)
	_, err = worker.Open(good, new(slipway.RequestStatement))
	refused(t, err, "which is yet to come: the clocks")
}

// none is a token that says it needs no signature.
func none(t *testing.T, claims string) string {
	t.Helper()
	header := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","typ":"slipway-request+jwt"}`))
	return header + "." + claims + "."
}

// confused is a token signed with the public key as if that were a secret.
func confused(t *testing.T, p *party) string {
	t.Helper()
	token := jwt.New(jwt.SigningMethodHS256)
	token.Header["typ"], token.Header["kid"] = "slipway-request+jwt", p.ID()
	signed, err := token.SignedString(p.key(t, slipway.APIKey).Public)
	if err != nil {
		t.Fatal(err)
	}
	return signed
}

func TestTheKeyIsMadeOnceAndIsNobodyElses(t *testing.T) {
	t.Parallel()
	p := newParty(t, true)
	info, err := os.Stat(p.path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	before := p.ID()
	p.open(t, true)
	if p.ID() != before {
		t.Errorf("key %s after %s", p.ID(), before)
	}
	text, err := os.ReadFile(p.path)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func() error{
		"has mode 0640":        func() error { return os.Chmod(p.path, 0o640) },
		"holds no Ed25519 key": func() error { return os.WriteFile(p.path, bytes.Repeat([]byte("k"), ed25519.SeedSize), 0o600) },
		"in PKCS #8 and PEM":   func() error { return os.WriteFile(p.path, text[:len(text)/2], 0o600) },
	} {
		if err := os.WriteFile(p.path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(p.path, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		_, err := signing.Open(p.path, func() *slipway.Fleet { return &p.fleet }, true, time.Now)
		if slipway.ErrorCode(err) != slipway.CodeInvalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
