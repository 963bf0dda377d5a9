package daemon

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"slipway"
	"slipway/drivers/audit"
)

// recorded is an audit log of which copies are made.
type recorded struct {
	t     *testing.T
	dir   string
	log   *audit.Log
	fleet atomic.Pointer[slipway.Fleet]
	said  logged

	copies *copies
	end    func() // of the copies and the log
}

// logged is a log that can be read.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(text)
}

func (l *logged) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// opened opens the log of a process, and makes copies of it. Its files are
// small, so that there are many.
func opened(t *testing.T, dir string, to ...slipway.AuditCopy) *recorded {
	t.Helper()
	r := &recorded{t: t, dir: dir}
	logger := slog.New(slog.NewTextHandler(&r.said, nil))
	log, err := audit.Open(audit.Options{Dir: filepath.Join(dir, "audit"), Part: "slipway-api", MaxSize: 20_000, Logger: logger})
	if err != nil {
		t.Fatal(err)
	}
	r.log = log
	r.to(to...)
	r.copies = newCopies(source{log: log, positions: filepath.Join(dir, "audit-copies"), logger: logger, patience: 500 * time.Millisecond}, r.fleet.Load)
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() { defer close(over); r.copies.run(ctx) }()
	r.end = sync.OnceFunc(func() {
		cancel()
		<-over
		if err := log.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(r.end)
	return r
}

// to changes the fleet file.
func (r *recorded) to(copies ...slipway.AuditCopy) { r.fleet.Store(&slipway.Fleet{Copies: copies}) }

// write appends entries, which nothing may hold up.
func (r *recorded) write(n int) {
	r.t.Helper()
	began := time.Now()
	for range n {
		err := r.log.Append(r.t.Context(), slipway.AuditEntry{Kind: slipway.AuditIntent, Action: "release.submit", Project: "search", Reason: strings.Repeat("<grün> ", 20)})
		if err != nil {
			r.t.Fatal(err)
		}
	}
	if took := time.Since(began); took > 5*time.Second {
		r.t.Errorf("%d entries took %s: the log waits for a copy", n, took)
	}
}

// lines are what is in the files of the log, in its order.
func (r *recorded) lines() (all []string) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.dir, "audit", "*", "*.jsonl"))
	if err != nil {
		r.t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			r.t.Fatal(err)
		}
		for in := bufio.NewScanner(bytes.NewReader(text)); in.Scan(); {
			all = append(all, in.Text())
		}
	}
	return all
}

// arrived waits until a collector has every line of the log, exactly as it is
// there, maybe some twice; and then verifies what it has.
func (r *recorded) arrived(got func() []string) {
	r.t.Helper()
	want := r.lines()
	var once []string
	r.await("every line has arrived", func() error {
		seen := map[string]bool{}
		once = nil
		for _, line := range got() {
			if !seen[line] {
				seen[line] = true
				once = append(once, line)
			}
		}
		for i, line := range want {
			if i >= len(once) {
				return fmt.Errorf("%d of %d lines have arrived", i, len(want))
			}
			if once[i] != line {
				return fmt.Errorf("line %d is\n%s\nwant\n%s", i+1, once[i], line)
			}
		}
		return nil
	})
	dir := r.t.TempDir()
	chain := filepath.Join(dir, r.log.Head().Chain)
	text := strings.Join(once, "\n") + "\n"
	if err := errors.Join(os.Mkdir(chain, 0o700), os.WriteFile(filepath.Join(chain, "000000000001.jsonl"), []byte(text), 0o600)); err != nil {
		r.t.Fatal(err)
	}
	anchor := &slipway.AuditAnchor{Heads: []slipway.AuditHead{r.log.Head()}}
	report, err := audit.Verify(dir, anchor)
	if err != nil || len(report.Findings) > 0 || report.Chains[0].Anchored != uint64(len(want)) {
		r.t.Errorf("what has arrived cannot be verified: %+v, %v", report, err)
	}
}

func (r *recorded) await(what string, done func() error) {
	r.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(60 * time.Second); ; <-tick.C {
		err := done()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			r.t.Fatalf("not yet: %s: %v; the log:\n%s", what, err, &r.said)
		}
	}
}

// awaitMetric waits until a metric of a copy is as it should be.
func (r *recorded) awaitMetric(name, copy string, is func(float64) bool) {
	r.t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(r.copies)
	r.await(name+" of "+copy, func() error {
		families, err := registry.Gather()
		if err != nil {
			return err
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if f.GetName() == name && m.GetLabel()[0].GetValue() == copy && is(m.GetGauge().GetValue()+m.GetCounter().GetValue()) {
					return nil
				}
			}
		}
		return fmt.Errorf("the metrics are %v", families)
	})
}

// told wants what the log says of a fault to be what the table of faults says.
func told(t *testing.T, fault string, said *logged) {
	t.Helper()
	text, err := os.ReadFile("../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	_, row, ok := strings.Cut(string(text), "\n| "+fault+" | ")
	row, _, _ = strings.Cut(row, "\n")
	cells := strings.Split(strings.TrimSuffix(row, " |"), " | ")
	want := strings.ReplaceAll(regexp.QuoteMeta(strings.Trim(cells[len(cells)-1], "`")), "…", ".*")
	if !ok || !regexp.MustCompile(want).MatchString(said.String()) {
		t.Errorf("docs/faults.md says of %s %q; the log:\n%s", fault, want, said)
	}
}

func zero(v float64) bool { return v == 0 }
func some(v float64) bool { return v > 0 }

// A collector that is down, slow, hung, or takes only a little at a time misses
// nothing, and is in nobody's way.
func TestACopyHasEveryLineAsItWasWrittenHoweverTheCollectorIs(t *testing.T) {
	t.Parallel()
	store, other := newStore(t), newStore(t)
	r := opened(t, t.TempDir(), slipway.AuditCopy{Name: "store", URL: store.URL}, slipway.AuditCopy{Name: "other", URL: other.URL})
	r.write(100)
	r.arrived(store.lines)
	r.arrived(other.lines)
	r.awaitMetric("slipway_audit_copy_lag_seconds", "store", zero)
	for _, sick := range []behaviour{down, hung, small} {
		before := store.asked()
		store.become(sick)
		r.write(300)
		r.awaitMetric("slipway_audit_copy_failures_total", "store", some)
		r.await("the sick collector is asked again", func() error {
			if n := store.asked() - before; n < 2 {
				return fmt.Errorf("it was asked %d times", n)
			}
			return nil
		})
		r.arrived(other.lines) // all the same
		if sick != small {
			r.awaitMetric("slipway_audit_copy_lag_seconds", "store", some)
			store.become(well)
		}
		r.arrived(store.lines)
		r.awaitMetric("slipway_audit_copy_lag_seconds", "store", zero)
	}
	told(t, "collector of copies down", &r.said)
	told(t, "collector of copies hung", &r.said)
	if !strings.Contains(r.said.String(), "Audit log copied again") {
		t.Errorf("the log does not say when it was over:\n%s", &r.said)
	}
	if problems, err := testutil.CollectAndLint(r.copies); err != nil || len(problems) > 0 {
		t.Error(problems, err)
	}
}

// Another fleet file, another process: copies begin, end and go on.
func TestCopiesFollowTheFleetFileAndGoOnInTheNextProcess(t *testing.T) {
	t.Parallel()
	dir, first, second := t.TempDir(), newStore(t), newStore(t)
	r := opened(t, dir)
	r.write(10)
	r.to(slipway.AuditCopy{Name: "store", URL: first.URL})
	r.arrived(first.lines) // also what was written before there was a copy
	r.to(slipway.AuditCopy{Name: "store", URL: second.URL})
	r.write(10)
	all := func() []string { return append(first.lines(), second.lines()...) }
	r.arrived(all)
	first.become(down)
	r.to()
	r.end()
	r = opened(t, dir, slipway.AuditCopy{Name: "store", URL: second.URL})
	r.write(10)
	r.arrived(all)
	r.write(1)
	r.end() // which sends what is new
	for _, line := range r.lines() {
		if !slices.Contains(all(), line) { // one on its way as a copy ended may be there twice
			t.Errorf("%s has not arrived", line)
		}
	}
}

// Whatever was cut off, or written anew, while its process was gone: the
// collector has both.
func TestAChainThatWasTamperedWithIsCopiedAnew(t *testing.T) {
	t.Parallel()
	dir, store := t.TempDir(), newStore(t)
	to := slipway.AuditCopy{Name: "store", URL: store.URL}
	r := opened(t, dir, to)
	r.write(10)
	r.arrived(store.lines)
	before := r.lines()
	r.end()
	files, err := filepath.Glob(filepath.Join(dir, "audit", "*", "*.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], []byte(strings.Join(before[:5], "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = opened(t, dir, to)
	r.write(10)
	r.await("the new lines have arrived", func() error {
		got := map[string]bool{}
		for _, line := range store.lines() {
			got[line] = true
		}
		for _, line := range append(before, r.lines()...) {
			if !got[line] {
				return fmt.Errorf("%s has not", line)
			}
		}
		return nil
	})
	told(t, "audit log cut off while its process was gone, and copied before", &r.said)
}
