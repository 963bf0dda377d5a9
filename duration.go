package slipway

import (
	"fmt"
	"time"
)

// A Duration is a time.Duration that is written as "10s" wherever it is text:
// in files, in JSON and so in the history that operators read.
type Duration time.Duration

// Std is d as the standard library has it.
func (d Duration) Std() time.Duration { return time.Duration(d) }

// String is the form in files: "1m30s".
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the form in files.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration: write a number and a unit, for example 500ms, 10s, 5m or 24h", text)
	}
	*d = Duration(v)
	return nil
}
