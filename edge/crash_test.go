package edge_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

// The edge is killed at seeded moments while switches are written without a
// pause. It comes up with the last one that was acknowledged, or with the one
// that was under way, whose answer nobody got; and it goes on from there.
func TestKilledEdgeComesUpWithTheLastAcknowledgedTable(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	p.stage(2, 1)
	random := rand.New(rand.NewPCG(2, 7))
	acknowledged := p.table()[app.Key()]
	for range 12 {
		kill := time.After(time.Duration(random.IntN(30_000)) * time.Microsecond)
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			<-kill
			p.end(syscall.SIGKILL)
		}()
		var under slipway.CommitRequest
		for {
			under = slipway.CommitRequest{ServiceID: app, Release: release(1 + int(acknowledged.Generation%2)), Generation: acknowledged.Generation, By: "shop.app.9"}
			state, err := p.client.Commit(t.Context(), under)
			if err != nil {
				if slipway.ErrorCode(err) != slipway.CodeUnavailable {
					t.Fatal(err)
				}
				break
			}
			acknowledged = state
		}
		<-killed
		p.start()
		got := p.table()[app.Key()]
		if got.Generation == under.Generation+1 {
			if got.Active != under.Release {
				t.Fatalf("generation %d is of %s, want %s", got.Generation, got.Active, under.Release)
			}
			acknowledged = got
		}
		if diff := cmp.Diff(acknowledged, got); diff != "" {
			t.Fatalf("not the last acknowledged state:\n%s", diff)
		}
		if status, body, err := p.get("/"); err != nil || status != 200 || body != acknowledged.Active {
			t.Fatalf("%d %q %v, want %s", status, body, err, acknowledged.Active)
		}
	}
	t.Logf("%d switches were acknowledged", acknowledged.Generation)
}

func TestDamagedLastFileLosesNothing(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	p.stage(2, 1)
	p.commit(2, 1)
	want := p.table()
	p.end(syscall.SIGKILL)
	if err := os.WriteFile(filepath.Join(p.data, "table.json"), []byte("\x00\x00\x00"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.start()
	if diff := cmp.Diff(want, p.table()); diff != "" {
		t.Errorf("not the last acknowledged table:\n%s", diff)
	}
	if _, body, err := p.get("/"); err != nil || body != release(2) {
		t.Errorf("%q serves, %v", body, err)
	}
}

// One of the two files is damaged at a seeded byte while the edge is down. Every
// byte is package disk's to test; this is a sample of real starts.
func TestEdgeStartsWithAFileCutOrFlippedAnywhere(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	random := rand.New(rand.NewPCG(3, 11))
	want := p.table()
	for range 16 {
		p.end(syscall.SIGKILL)
		path := filepath.Join(p.data, []string{"table.json", "table.copy.json"}[random.IntN(2)])
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		at := random.IntN(len(text))
		if random.IntN(2) == 0 {
			text = text[:at]
		} else {
			text[at] ^= 1 << random.IntN(8)
		}
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		p.start()
		if diff := cmp.Diff(want, p.table()); diff != "" {
			t.Fatalf("%s damaged at byte %d:\n%s", path, at, diff)
		}
		if _, body, err := p.get("/"); err != nil || body != release(1) {
			t.Fatalf("%s damaged at byte %d: %q serves, %v", path, at, body, err)
		}
	}
}

func TestEdgeDoesNotStartWithoutAGoodFile(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.end(syscall.SIGKILL)
	for _, name := range []string{"table.json", "table.copy.json"} {
		if err := os.Truncate(filepath.Join(p.data, name), 50); err != nil {
			t.Fatal(err)
		}
	}
	refusesToStart(t, p, "no good table in "+p.data)
}

func TestSecondEdgeDoesNotStart(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	other := *p
	other.http, other.socket = freeAddress(t), p.socket+".2"
	refusesToStart(t, &other, "in use by another slipway-edge")
	other = *p
	other.data, other.http = filepath.Join(t.TempDir(), "data"), freeAddress(t)
	refusesToStart(t, &other, "answered by another process")
	other = *p
	other.data, other.socket = filepath.Join(t.TempDir(), "data"), p.socket+".2"
	refusesToStart(t, &other, "address already in use")
	if _, body, err := p.get("/"); err != nil || body != release(1) {
		t.Errorf("the first edge answers %q, %v", body, err)
	}
}

func refusesToStart(t *testing.T, p *process, because string) {
	t.Helper()
	output, err := p.command(nil).CombinedOutput()
	if err == nil || !strings.Contains(string(output), because) {
		t.Errorf("want a refusal because of %q, got %v:\n%s", because, err, output)
	}
}
