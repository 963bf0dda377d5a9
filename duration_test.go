package slipway

import (
	"encoding/json"
	"testing"
	"time"
)

func TestDurationsAreReadAsTheyAreWritten(t *testing.T) {
	for _, d := range []Duration{0, 1, Duration(500 * time.Millisecond), DefaultHold, DefaultGateExpiry, Duration(-time.Second), 1<<63 - 1} {
		text, err := json.Marshal(d)
		if err != nil {
			t.Fatal(err)
		}
		got := Duration(42)
		if err := json.Unmarshal(text, &got); err != nil || got != d || got.Std() != time.Duration(d) {
			t.Errorf("%s: got %s, %v", text, got, err)
		}
	}
	for _, s := range []string{`"10"`, `"ten"`, `""`, `"5d"`, `10`} {
		got := Duration(42)
		if err := json.Unmarshal([]byte(s), &got); err == nil || got != 42 {
			t.Errorf("%s: got %s, %v", s, got, err)
		}
	}
}
