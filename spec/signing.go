package spec

import (
	"crypto/ed25519"
	"encoding/base64"
	"regexp"
	"time"

	"go.yaml.in/yaml/v3"

	"slipway"
)

var signingKeys = object[slipway.Signing]{
	"audience": func(s *slipway.Signing, v value) { s.Audience = v.name() },
	"keys":     func(s *slipway.Signing, v value) { s.Keys = v.signingKeys() },
}

var signingKeyKeys = object[slipway.SigningKey]{
	"id": func(k *slipway.SigningKey, v value) { k.ID = v.matching(keyIDPattern, "the id of a key", rightKey) },
	"public": func(k *slipway.SigningKey, v value) {
		k.Public = v.publicKey()
	},
	"use": func(k *slipway.SigningKey, v value) {
		k.Use = slipway.KeyUse(v.oneOf(string(slipway.APIKey), string(slipway.WorkerKey)))
	},
	"not_before": func(k *slipway.SigningKey, v value) { k.NotBefore = v.moment() },
	"not_after":  func(k *slipway.SigningKey, v value) { k.NotAfter = v.moment() },
	"revoked":    func(k *slipway.SigningKey, v value) { k.Revoked = v.boolean() },
}

var keyIDPattern = regexp.MustCompile(`^[0-9a-f]{16}$`)

const rightKey = "copy the line that the process with the key says when it starts"

// signingKeys are those whose signatures count. One key may have both uses, and
// then an entry for each.
func (v value) signingKeys() []slipway.SigningKey {
	const example = `{id: "0123456789abcdef", use: api, public: "…"}`
	entries := unique{}
	return listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.SigningKey {
		var k slipway.SigningKey
		g := signingKeyKeys.decode(item, &k, example, map[string]string{
			"private": "a private key in this file would sign for everyone who reads the file; keep it in the data directory, and write public",
		})
		g.need([2]string{"id", `"0123456789abcdef"`}, [2]string{"use", "api"}, [2]string{"public", `"…"`})
		if k.ID != "" && k.Public != nil && slipway.KeyID(k.Public) != k.ID {
			g.at("id").bad("%s is not the id of this public key, which is %s: %s", quote(k.ID), slipway.KeyID(k.Public), rightKey)
		}
		if k.ID != "" && k.Use != "" {
			entries.add(g.at("id"), k.ID+" "+string(k.Use))
		}
		if !k.NotBefore.IsZero() && !k.NotAfter.IsZero() && !k.NotBefore.Before(k.NotAfter) {
			g.at("not_after").bad("is not after not_before, so the key would never count")
		}
		return k
	})
}

// publicKey is an Ed25519 public key in base64.
func (v value) publicKey() []byte {
	s, ok := v.text(rightKey)
	if !ok {
		return nil
	}
	key, err := base64.StdEncoding.DecodeString(s)
	if err != nil || len(key) != ed25519.PublicKeySize {
		v.bad("is not an Ed25519 public key, 32 bytes in base64; %s", rightKey)
		return nil
	}
	return key
}

// moment is a point in time, with its zone.
func (v value) moment() time.Time {
	const right = "write a time with its zone, for example 2026-03-01T00:00:00Z"
	if v.notes(textSchema(right)) {
		return time.Time{}
	}
	if v.node.Kind != yaml.ScalarNode {
		v.wrong(right)
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, v.node.Value)
	if err != nil {
		v.bad("%s is not a time; %s", quote(v.node.Value), right)
	}
	return at
}
