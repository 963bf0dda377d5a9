package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"slipway"
)

// none is the hash before the first line.
var none = strings.Repeat("0", sha256.Size*2)

// A line ends with its hash.
const (
	hashKey  = `,"hash":"`
	hashEnd  = `"}`
	hashSize = sha256.Size * 2
	tailSize = len(hashKey) + hashSize + len(hashEnd)
)

// seal makes a line of an entry, with the break at its end, and returns its
// hash too.
func seal(e slipway.AuditEntry) (line []byte, hash string, err error) {
	e.Hash = ""
	text, err := json.Marshal(e)
	if err != nil {
		return nil, "", fmt.Errorf("encode an audit entry: %w", err)
	}
	text = bytes.TrimSuffix(text, []byte(hashKey+hashEnd))
	hash = hashOf(text)
	return append(text, hashKey+hash+hashEnd+"\n"...), hash, nil
}

func hashOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

var errChanged = errors.New("its hash is not that of its text: it was changed, or was not written by Slipway")

// intact returns the hash of a line, without the break at its end, if the line
// is as it was sealed.
func intact(line []byte) (hash string, err error) {
	text := len(line) - tailSize
	if text <= 0 {
		return "", errChanged
	}
	tail := string(line[text:])
	hash = tail[len(hashKey) : len(hashKey)+hashSize]
	if tail != hashKey+hash+hashEnd || hash != hashOf(line[:text]) {
		return "", errChanged
	}
	return hash, nil
}

// lines calls each with every line of a text, without its break, until that
// returns false. Rest is what follows the last break.
func lines(text []byte, each func(line []byte) bool) (rest []byte) {
	for {
		end := bytes.IndexByte(text, '\n')
		if end < 0 || !each(text[:end]) {
			return text
		}
		text = text[end+1:]
	}
}
