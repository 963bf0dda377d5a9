package e2e

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"slipway"
)

// faultTable is what people are told about faults. Tests take from it what they
// want to see, so that it stays true.
const faultTable = "../docs/faults.md"

// told wants what a person read of a fault, and how it ended, to be what the
// table of faults says: "…" there stands for anything.
func told(t *testing.T, fault, message, end string) {
	t.Helper()
	text, err := os.ReadFile(faultTable)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if len(cells) < 3 || strings.TrimSpace(cells[0]) != fault {
			continue
		}
		wantMessage, wantEnd := strings.Trim(strings.TrimSpace(cells[1]), "`"), strings.TrimSpace(cells[2])
		pattern := "^" + strings.ReplaceAll(regexp.QuoteMeta(wantMessage), "…", "(?s:.*)") + "$"
		if got := strings.Join(strings.Fields(message), " "); !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%s: people are told\n%q, but %s says\n%q", fault, got, faultTable, wantMessage)
		}
		if word, _, _ := strings.Cut(wantEnd, ":"); word != end {
			t.Errorf("%s: it ended %s (%s), but %s says %s", fault, end, message, faultTable, wantEnd)
		}
		return
	}
	t.Errorf("%s: %s does not have it; people are told %q, and it ended %s", fault, faultTable, message, end)
}

// toldEnd wants a release to have ended as the table says.
func toldEnd(t *testing.T, fault string, r slipway.Release) {
	t.Helper()
	told(t, fault, r.Reason, string(*r.Outcome))
}
