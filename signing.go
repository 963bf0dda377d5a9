package slipway

import (
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Signing says whose signatures count: the keys of the API, which sign what
// people want, and those of workers, which sign what they have seen.
type Signing struct {
	Audience string       `json:"audience,omitempty"` // name of this fleet; empty: DefaultAudience
	Keys     []SigningKey `json:"keys,omitempty"`
}

// DefaultAudience is what statements are meant for where the fleet has no name.
const DefaultAudience = "slipway"

// A SigningKey is the public half of a key, and when it counts. Without
// NotBefore or NotAfter there is no bound.
type SigningKey struct {
	ID        string    `json:"id"`     // KeyID of Public
	Public    []byte    `json:"public"` // an Ed25519 public key, 32 bytes
	Use       KeyUse    `json:"use"`
	NotBefore time.Time `json:"not_before,omitzero"` // nothing signed before counts
	NotAfter  time.Time `json:"not_after,omitzero"`  // nothing signed after counts; what was signed before entitles to nothing after either
	Revoked   bool      `json:"revoked,omitempty"`   // nothing that it ever signed counts
}

// A KeyUse says what a key may sign.
type KeyUse string

// The uses.
const (
	APIKey    KeyUse = "api"    // orders, decisions, requests
	WorkerKey KeyUse = "worker" // what a worker has resolved and started
)

// KeyID names a public key: the first 64 bits of its SHA-256, in hexadecimal.
func KeyID(public []byte) string {
	sum := sha256.Sum256(public)
	return hex.EncodeToString(sum[:8])
}

// Key finds a key by its id and what it may sign.
func (s Signing) Key(id string, use KeyUse) (SigningKey, bool) {
	for _, k := range s.Keys {
		if k.ID == id && k.Use == use {
			return k, true
		}
	}
	return SigningKey{}, false
}

// Has reports whether any key for that use is listed.
func (s Signing) Has(use KeyUse) bool {
	for _, k := range s.Keys {
		if k.Use == use {
			return true
		}
	}
	return false
}
