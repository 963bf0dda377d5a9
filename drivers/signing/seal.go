package signing

import (
	"bytes"
	"crypto/ed25519"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/google/uuid"

	"slipway"
)

// skew is how far clocks may differ.
const skew = time.Minute

// claims are what is signed: the statement, and the registered names around it.
type claims struct {
	jwt.RegisteredClaims
	Statement json.RawMessage `json:"statement"`
}

// header is the type that a token carries in its header, so that no verifier
// takes one kind of statement for another.
func header(s slipway.Statement) string { return s.Type() + "+jwt" }

// Seal signs a statement, which entitles to something for so long. The error
// has CodeForbidden where this process's key does not count.
func (k *Keys) Seal(s slipway.Statement, lasts time.Duration) (string, error) {
	if err := k.Ready(s.Signer()); err != nil {
		return "", err
	}
	text, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("sign a %s: %w", s.Type(), err)
	}
	now := k.now()
	token := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims{
		RegisteredClaims: jwt.RegisteredClaims{
			ID:        uuid.NewString(),
			Audience:  jwt.ClaimStrings{k.audience()},
			IssuedAt:  jwt.NewNumericDate(now),
			ExpiresAt: jwt.NewNumericDate(now.Add(lasts)),
		},
		Statement: text,
	})
	token.Header["typ"], token.Header["kid"] = header(s), k.id
	signed, err := token.SignedString(k.own)
	if err != nil {
		return "", fmt.Errorf("sign a %s: %w", s.Type(), err)
	}
	return signed, nil
}

// Open verifies a statement that was signed and decodes it into s, a pointer.
// It must have been signed by a key that counts, for this fleet, and entitle
// to something now. The error has CodeForbidden and says why it does not count.
func (k *Keys) Open(token string, s slipway.Statement) (slipway.Seal, error) {
	seal, key, err := k.open(token, s)
	if err != nil {
		return seal, err
	}
	now := k.now()
	if now.After(seal.Until) {
		return seal, slipway.Errorf(slipway.CodeForbidden, "the %s was signed at %s and counted until %s: ask for it again", name(s), stamp(seal.At), stamp(seal.Until))
	}
	return seal, within(key, now)
}

// Proof is Open for what was done in the past: it need not entitle to anything
// now, but did when it was signed. A key that is revoked proves nothing.
func (k *Keys) Proof(token string, s slipway.Statement) (slipway.Seal, error) {
	seal, _, err := k.open(token, s)
	return seal, err
}

func (k *Keys) open(token string, s slipway.Statement) (slipway.Seal, slipway.SigningKey, error) {
	var key slipway.SigningKey
	if token == "" {
		return slipway.Seal{}, key, slipway.Errorf(slipway.CodeForbidden, "there is no signed %s: it did not come through the API, so it counts for nothing", name(s))
	}
	var trust error
	var c claims
	_, err := jwt.NewParser(
		jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}),
		jwt.WithStrictDecoding(),
		jwt.WithoutClaimsValidation(), // what has passed may still prove something: see below
	).ParseWithClaims(token, &c, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		if t.Header["typ"] != header(s) {
			trust = slipway.Errorf(slipway.CodeForbidden, "a signature of another kind was given where a signed %s belongs", name(s))
			return nil, trust
		}
		if key, trust = k.trusted(id, s.Signer()); trust != nil {
			return nil, trust
		}
		return ed25519.PublicKey(key.Public), nil
	})
	switch {
	case trust != nil:
		return slipway.Seal{}, key, slipway.Errorf(slipway.CodeForbidden, "the %s does not count: %w", name(s), trust)
	case err != nil || c.IssuedAt == nil || c.ExpiresAt == nil || c.ID == "":
		return slipway.Seal{}, key, slipway.Errorf(slipway.CodeForbidden, "the signature of the %s is not right: somebody has changed it, or made it up", name(s))
	case !slices.Equal(c.Audience, jwt.ClaimStrings{k.audience()}):
		return slipway.Seal{}, key, slipway.Errorf(slipway.CodeForbidden, "the %s was signed for %q, and this is %q: see signing.audience of the fleet file", name(s), c.Audience, k.audience())
	}
	seal := slipway.Seal{ID: c.ID, Key: key.ID, At: c.IssuedAt.Time, Until: c.ExpiresAt.Time}
	if seal.At.After(k.now().Add(skew)) {
		return seal, key, slipway.Errorf(slipway.CodeForbidden, "the %s was signed at %s, which is yet to come: the clocks of this machine and of the API differ", name(s), stamp(seal.At))
	}
	decoder := json.NewDecoder(bytes.NewReader(c.Statement))
	decoder.DisallowUnknownFields() // a newer API may have said something that matters
	if err := decoder.Decode(s); err != nil {
		return seal, key, slipway.Errorf(slipway.CodeForbidden, "the signed %s says what this version does not know: this process is older than the one that signed it", name(s))
	}
	return seal, key, within(key, seal.At)
}

// name is what people call a statement.
func name(s slipway.Statement) string { return s.Type()[len("slipway-"):] }
