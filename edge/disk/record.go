package disk

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"

	"slipway"
)

// A record is what one file holds: a line with the SHA-256 of all that
// follows, then this as JSON.
type record struct {
	Sequence uint64 `json:"sequence"` // grows with each write; the higher of two good files is the later one
	State
}

// State is what is kept.
type State struct {
	Table     slipway.Table      `json:"table"`
	Overrides []slipway.Override `json:"overrides,omitempty"` // that Slipway has not written down yet, the earliest first
}

func (r record) encode() ([]byte, error) {
	body, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return nil, err
	}
	body = append(body, '\n')
	return append(fmt.Appendf(nil, "sha256:%x\n", sha256.Sum256(body)), body...), nil
}

func decode(text []byte) (record, error) {
	sum, body, ok := bytes.Cut(text, []byte("\n"))
	if !ok || string(sum) != fmt.Sprintf("sha256:%x", sha256.Sum256(body)) {
		return record{}, fmt.Errorf("checksum does not match the content of %d bytes", len(text))
	}
	var r record
	if err := json.Unmarshal(body, &r); err != nil {
		return record{}, err
	}
	return r, nil
}
