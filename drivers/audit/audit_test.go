package audit_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/audit"
)

// open opens a log in a directory; it is closed with the test unless that was
// done before.
func open(t testing.TB, dir string, change ...func(*audit.Options)) *audit.Log {
	t.Helper()
	o := audit.Options{Dir: dir, Part: "test", Logger: slog.New(slog.DiscardHandler)}
	for _, f := range change {
		f(&o)
	}
	l, err := audit.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func small(o *audit.Options) { o.MaxSize = 2000 }

// write appends n intents, which differ in their reasons.
func write(t testing.TB, l *audit.Log, n int) {
	t.Helper()
	for i := range n {
		if err := l.Append(context.Background(), intent(fmt.Sprintf("reason %d <é>", i))); err != nil {
			t.Fatal(err)
		}
	}
}

func intent(reason string) slipway.AuditEntry {
	return slipway.AuditEntry{
		Kind: slipway.AuditIntent, Action: "release.submit", Project: "search", Service: "api", User: "ann",
		Reason: reason, Before: map[string]string{"digest": "a"}, After: map[string]string{"tag": "v2", "force": "false"},
	}
}

// anchor is what is kept elsewhere of a log.
func anchor(logs ...*audit.Log) *slipway.AuditAnchor {
	var a slipway.AuditAnchor
	for _, l := range logs {
		a.Take(l.Head())
	}
	return &a
}

func verify(t testing.TB, dir string, anchor *slipway.AuditAnchor) []audit.Finding {
	t.Helper()
	report, err := audit.Verify(dir, anchor)
	if err != nil {
		t.Fatal(err)
	}
	return report.Findings
}

func list(t testing.TB, dir string, f slipway.AuditFilter) []slipway.AuditEntry {
	t.Helper()
	entries, _, err := audit.List(dir, f)
	if err != nil {
		t.Fatal(err)
	}
	return entries
}

// files are those of the one chain in a directory.
func files(t testing.TB, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*", "*.jsonl"))
	if err != nil || len(found) == 0 {
		t.Fatal("no files", err)
	}
	return found
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func put(t testing.TB, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasWrittenIsReadBackOverFilesAndRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	first := open(t, dir, small)
	write(t, first, 10)
	chain := first.Head().Chain
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	second := open(t, dir, small)
	write(t, second, 10)
	if got := second.Head(); got.Chain != chain || got.Seq != 20 {
		t.Errorf("after a restart the head is %+v, want line 20 of %s", got, chain)
	}
	if n := len(files(t, dir)); n < 4 {
		t.Errorf("%d files, want several: they are rotated by size", n)
	}
	for _, file := range files(t, dir) {
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() > 2000 {
			t.Errorf("%s: mode %v, %d bytes, %v", file, info.Mode(), info.Size(), err)
		}
	}
	if found := verify(t, dir, anchor(second)); len(found) > 0 {
		t.Errorf("an untouched log has findings: %v", found)
	}
	entries := list(t, dir, slipway.AuditFilter{})
	if len(entries) != 20 || entries[0].Seq != 20 || entries[19].Seq != 1 || entries[0].Reason != "reason 9 <é>" || entries[0].After["tag"] != "v2" {
		t.Errorf("%d entries, the latest %+v", len(entries), entries[0])
	}
}

func TestTwoProcessesOfOneDirectoryWriteTwoChains(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	write(t, one, 3)
	write(t, two, 3)
	if one.Head().Chain == two.Head().Chain {
		t.Fatalf("both write to %s", one.Head().Chain)
	}
	if found := verify(t, dir, anchor(one, two)); len(found) > 0 {
		t.Error(found)
	}
	if got := list(t, dir, slipway.AuditFilter{}); len(got) != 6 {
		t.Errorf("%d entries of both, want 6", len(got))
	}
}

func TestAListIsFilteredAndPaged(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	ticking := func(o *audit.Options) {
		small(o)
		o.Now = func() time.Time { now = now.Add(time.Minute); return now }
	}
	l := open(t, dir, ticking)
	start := now
	for i := range 30 {
		e := intent(fmt.Sprint(i))
		e.User = []string{"ann", "bob", "eve"}[i%3]
		e.Project = []string{"search", "shop"}[i%2]
		e.Request = fmt.Sprint("r", i)
		if err := l.Append(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	late := slipway.AuditEntry{}
	for _, e := range list(t, dir, slipway.AuditFilter{}) {
		if e.Reason == "20" {
			late = e
		}
	}
	for name, test := range map[string]struct {
		filter slipway.AuditFilter
		want   int
	}{
		"all":              {slipway.AuditFilter{}, 30},
		"a user":           {slipway.AuditFilter{User: "bob"}, 10},
		"a project":        {slipway.AuditFilter{Projects: []string{"shop"}}, 15},
		"no project":       {slipway.AuditFilter{Projects: []string{}}, 0},
		"a service":        {slipway.AuditFilter{Service: slipway.ServiceID{Project: "search", Service: "api"}}, 15},
		"another service":  {slipway.AuditFilter{Service: slipway.ServiceID{Project: "search", Service: "web"}}, 0},
		"an action":        {slipway.AuditFilter{Action: "release.submit"}, 30},
		"a begin":          {slipway.AuditFilter{Action: "release."}, 30},
		"part of a name":   {slipway.AuditFilter{Action: "release"}, 0},
		"a request":        {slipway.AuditFilter{Request: "r7"}, 1},
		"since the begin":  {slipway.AuditFilter{Since: start}, 30},
		"since some time":  {slipway.AuditFilter{Since: late.Time}, 10},
		"since the future": {slipway.AuditFilter{Since: now.Add(time.Hour)}, 0},
	} {
		if got := list(t, dir, test.filter); len(got) != test.want {
			t.Errorf("%s: %d entries, want %d", name, len(got), test.want)
		}
	}
	var seen []string
	for page := ""; ; {
		entries, next, err := l.List(slipway.AuditFilter{User: "ann", Limit: 3, Page: page})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			seen = append(seen, e.Reason)
		}
		if page = next; page == "" {
			break
		}
	}
	if got := fmt.Sprint(seen); got != "[27 24 21 18 15 12 9 6 3 0]" {
		t.Errorf("pages of 3 list %s", got)
	}
	if _, _, err := l.List(slipway.AuditFilter{Page: "x"}); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Errorf("a wrong page: %v", err)
	}
}

func TestWhatIsSeenTwiceIsWrittenOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seen := slipway.AuditEntry{Kind: slipway.AuditEvent, Action: "edge.override", Request: "e1 search/api 7"}
	for range 2 { // processes
		l := open(t, dir)
		for range 2 {
			if err := l.Settle(t.Context(), time.Time{}, seen, true); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if got := list(t, dir, slipway.AuditFilter{}); len(got) != 1 {
		t.Errorf("%d entries, want 1", len(got))
	}
}
