package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// Idempotency is the header that makes a POST safe to send again: for 24 hours
// the same key of the same user at the same path gets the same answer.
type Idempotency struct {
	Key string `header:"Idempotency-Key" maxLength:"200" doc:"choose one at random for each thing you want; send it again when no answer came"`
}

// key tells the workflows which requests are one and the same, without telling
// them what the client chose. It is empty without the header.
func (i Idempotency) key(ctx context.Context) string {
	if i.Key == "" {
		return ""
	}
	r := requestOf(ctx)
	// No part can hold a zero byte, so no two triples look alike.
	sum := sha256.Sum256([]byte(strings.Join([]string{r.session.User, r.Method + " " + r.URL.Path, i.Key}, "\x00")))
	return hex.EncodeToString(sum[:])
}
