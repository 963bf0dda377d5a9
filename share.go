package slipway

import (
	"fmt"
	"strconv"
	"strings"
)

// A Share is a part of a number of things: so many, or so many percent of
// them, "2" or "50%".
type Share struct {
	Number  int
	Percent bool
}

// AtMost is the share of n things, at least 0 and at most n; a part of a thing
// does not count.
func (s Share) AtMost(n int) int {
	if s.Percent {
		return min(n*s.Number/100, n)
	}
	return min(s.Number, n)
}

// AtLeast is the share of n things where a part of a thing counts as one. It is
// more than n where so many are asked for.
func (s Share) AtLeast(n int) int {
	if s.Percent {
		return (n*s.Number + 99) / 100
	}
	return s.Number
}

// String is the share as a person writes it.
func (s Share) String() string {
	if s.Percent {
		return strconv.Itoa(s.Number) + "%"
	}
	return strconv.Itoa(s.Number)
}

// MarshalText writes what UnmarshalText reads.
func (s Share) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText reads "2" or "50%".
func (s *Share) UnmarshalText(text []byte) error {
	number, percent := strings.CutSuffix(string(text), "%")
	n, err := strconv.ParseUint(number, 10, 16)
	if err != nil || percent && n > 100 {
		return fmt.Errorf("%q is not a share: write a number, or a percentage such as 50%%", text)
	}
	*s = Share{Number: int(n), Percent: percent}
	return nil
}
