// Package preview makes and checks the tokens with which a request reaches a
// release that is staged but not live. A token names one release and ends at a
// time; who holds the key can make one, and nobody else.
package preview

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"slipway"
)

// Header is where a request has its token: RELEASE;EXPIRY;SIGNATURE, with the
// expiry in Unix seconds.
const Header = "X-Slipway-Preview"

// minKey is the least number of bytes in a key.
const minKey = 32

// A Key signs tokens. The zero Key accepts none.
type Key struct{ secret []byte }

// ReadKey reads a key, without white space around it, from a file.
func ReadKey(path string) (Key, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Key{}, fmt.Errorf("read preview key: %w", err)
	}
	secret := bytes.TrimSpace(text)
	if len(secret) < minKey {
		return Key{}, slipway.Errorf(slipway.CodeInvalid, "preview key in %s has %d bytes: write at least %d random ones, for example with: openssl rand -hex 32", path, len(secret), minKey)
	}
	return Key{secret}, nil
}

// Token lets requests reach the release until then.
func (k Key) Token(release slipway.ReleaseID, until time.Time) string {
	claim := release.String() + ";" + strconv.FormatInt(until.Unix(), 10)
	return claim + ";" + base64.RawURLEncoding.EncodeToString(k.sign(claim))
}

// Check returns the release that a token is for. Its error has CodeForbidden.
func (k Key) Check(token string, now time.Time) (slipway.ReleaseID, error) {
	if k.secret == nil {
		return slipway.ReleaseID{}, slipway.Errorf(slipway.CodeForbidden, "this edge has no key for previews")
	}
	last := max(strings.LastIndexByte(token, ';'), 0)
	claim, signature := token[:last], strings.TrimPrefix(token[last:], ";")
	given, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if err != nil || !hmac.Equal(given, k.sign(claim)) { // in constant time
		return slipway.ReleaseID{}, slipway.Errorf(slipway.CodeForbidden, "the signature is not this edge's")
	}
	name, expiry, _ := strings.Cut(claim, ";")
	until, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || now.Unix() >= until {
		return slipway.ReleaseID{}, slipway.Errorf(slipway.CodeForbidden, "the token has expired")
	}
	id, err := slipway.ParseReleaseID(name)
	if err != nil {
		return slipway.ReleaseID{}, slipway.Errorf(slipway.CodeForbidden, "%w", err)
	}
	return id, nil
}

func (k Key) sign(claim string) []byte {
	mac := hmac.New(sha256.New, k.secret)
	mac.Write([]byte("slipway preview\n" + claim)) // never fails
	return mac.Sum(nil)
}
