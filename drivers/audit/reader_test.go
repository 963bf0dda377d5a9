package audit_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"slipway"
	"slipway/drivers/audit"
)

// readAll takes all that there is, a few lines at a time.
func readAll(t *testing.T, r *audit.Reader) (reasons []string) {
	t.Helper()
	for {
		lines, err := r.Next(7)
		if err != nil {
			t.Fatal(err)
		}
		if len(lines) == 0 {
			return reasons
		}
		for _, line := range lines {
			var e slipway.AuditEntry
			if err := json.Unmarshal(line, &e); err != nil {
				t.Fatal(err)
			}
			reasons = append(reasons, e.Reason)
		}
	}
}

func TestAReaderReadsEachLineOnceAcrossFilesAndRestarts(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var at audit.Position
	var want, got []string
	for range 3 { // processes
		l := open(t, dir, small)
		chain := l.Head().Chain
		r := l.Read(chain, at)
		for range 40 {
			if err := l.Append(t.Context(), intent(fmt.Sprint(len(want)))); err != nil {
				t.Fatal(err)
			}
			want = append(want, fmt.Sprint(len(want)))
			if len(want)%9 == 0 {
				got = append(got, readAll(t, &r)...)
			}
			if len(want)%27 == 0 { // one that knows nothing but the position
				r = l.Read(chain, r.Position())
			}
		}
		at = r.Position()
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	l := open(t, dir, small)
	r := l.Read(l.Head().Chain, at)
	got = append(got, readAll(t, &r)...)
	if !slices.Equal(got, want) {
		t.Errorf("it read %v", got)
	}
}

// What nobody writes any more is read by the next process of the same part.
func TestChainsThatNobodyWritesAreReadToo(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	one, two := open(t, dir), open(t, dir)
	write(t, two, 3)
	left := two.Head().Chain
	if names, err := one.Chains(); err != nil || !slices.Equal(names, []string{one.Head().Chain}) {
		t.Errorf("while both write, one reads %v, %v", names, err)
	}
	if err := two.Close(); err != nil {
		t.Fatal(err)
	}
	if names, err := one.Chains(); err != nil || len(names) != 2 {
		t.Errorf("when the other one is gone it reads %v, %v", names, err)
	}
	r := one.Read(left, audit.Position{})
	if got := readAll(t, &r); len(got) != 3 {
		t.Errorf("of the other one it read %v", got)
	}
}

func TestAReaderNoticesThatWhatItHasReadIsAnother(t *testing.T) {
	t.Parallel()
	for name, tamper := range map[string]func(text []byte) []byte{
		"cut": func(text []byte) []byte { return []byte(strings.Join(strings.SplitAfter(string(text), "\n")[:3], "")) },
		"changed": func(text []byte) []byte {
			return []byte(strings.Replace(string(text), "reason 4", "treason ", 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := open(t, dir)
			write(t, l, 5)
			chain := l.Head().Chain
			r := l.Read(chain, audit.Position{})
			readAll(t, &r)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			path := files(t, dir)[0]
			put(t, path, tamper(read(t, path)))
			next := open(t, dir)
			write(t, next, 1)
			again := next.Read(chain, r.Position())
			if _, err := again.Next(10); slipway.ErrorCode(err) != slipway.CodeConflict {
				t.Errorf("it says %v", err)
			}
		})
	}
}
