package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"slipway"
	"slipway/drivers/audit"
)

// tampered makes a log of several files, calls change with their texts by name,
// and wants Verify to find what that did.
type tampered struct {
	dir    string
	chain  string
	anchor *slipway.AuditAnchor
	names  []string
	texts  map[string][]byte
}

func toTamper(t *testing.T, entries int) *tampered {
	t.Helper()
	l := open(t, t.TempDir(), small)
	write(t, l, entries)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	w := &tampered{dir: l.Dir, chain: l.Head().Chain, anchor: anchor(l), texts: map[string][]byte{}}
	for _, file := range files(t, l.Dir) {
		w.names = append(w.names, filepath.Base(file))
		w.texts[filepath.Base(file)] = read(t, file)
	}
	if len(w.names) < 3 {
		t.Fatalf("%d files are too few for this test", len(w.names))
	}
	return w
}

func (w *tampered) path(name string) string { return filepath.Join(w.dir, w.chain, name) }

// restore puts everything back as it was written.
func (w *tampered) restore(t *testing.T) {
	t.Helper()
	for _, name := range w.names {
		put(t, w.path(name), w.texts[name])
	}
}

func TestEveryRemovedDoubledOrMovedLineIsFound(t *testing.T) {
	t.Parallel()
	w := toTamper(t, 24)
	tried := 0
	try := func(what, name string, lines [][]byte, anchored bool) {
		t.Helper()
		put(t, w.path(name), bytes.Join(lines, nil))
		var a *slipway.AuditAnchor
		if anchored {
			a = w.anchor
		}
		tried++
		if found := verify(t, w.dir, a); len(found) == 0 {
			t.Errorf("%s in %s is not found", what, name)
		}
		w.restore(t)
	}
	for n, name := range w.names {
		lines := slices.Collect(bytes.Lines(w.texts[name]))
		for i := range lines {
			last := n == len(w.names)-1 && i == len(lines)-1 // which only the anchor knows of
			try("a removed line", name, slices.Delete(slices.Clone(lines), i, i+1), last)
			try("a doubled line", name, slices.Insert(slices.Clone(lines), i, lines[i]), false)
			try("an empty line", name, slices.Insert(slices.Clone(lines), i, []byte("\n")), false)
			for j := range i {
				swapped := slices.Clone(lines)
				swapped[i], swapped[j] = swapped[j], swapped[i]
				try("a swapped line", name, swapped, false)
			}
		}
	}
	t.Logf("%d removed, doubled, inserted and swapped lines, all found", tried)
}

func TestARemovedOrRenamedFileIsFound(t *testing.T) {
	t.Parallel()
	w := toTamper(t, 24)
	for _, name := range w.names[:len(w.names)-1] {
		for what, tamper := range map[string]func() error{
			"removed": func() error { return os.Remove(w.path(name)) },
			"renamed": func() error { return os.Rename(w.path(name), w.path("9"+name)) },
		} {
			if err := tamper(); err != nil {
				t.Fatal(err)
			}
			if found := verify(t, w.dir, nil); len(found) == 0 {
				t.Errorf("%s %s is not found", what, name)
			}
			_ = os.Remove(w.path("9" + name))
			w.restore(t)
		}
	}
}

// Whoever may write the files can make hashes, too. What they cannot do is
// change what was anchored.
func TestAChainThatWasWrittenAnewIsFoundByTheAnchor(t *testing.T) {
	t.Parallel()
	w := toTamper(t, 24)
	for _, name := range w.names {
		if err := os.Remove(w.path(name)); err != nil {
			t.Fatal(err)
		}
	}
	forged := open(t, w.dir, small) // goes on with the chain, from its begin
	write(t, forged, 25)
	if forged.Head().Chain != w.chain {
		t.Fatalf("%s is another chain", forged.Head().Chain)
	}
	if found := verify(t, w.dir, nil); len(found) != 0 {
		t.Fatalf("without the anchor nothing is to be seen: %v", found)
	}
	if found := verify(t, w.dir, w.anchor); len(found) != 1 || !strings.Contains(found[0].What, "line 24 is not the one that the anchor knows") {
		t.Errorf("findings %v", found)
	}
	w.anchor.Take(forged.Head()) // line 25: gone on with, as after a restart
	if found := verify(t, w.dir, w.anchor); len(found) != 1 || !strings.Contains(found[0].What, "line 24 is not the one that the anchor knows") {
		t.Errorf("findings %v", found)
	}
	w.anchor.Take(slipway.AuditHead{Chain: w.chain, Seq: 20, Hash: "x"})
	if found := verify(t, w.dir, w.anchor); len(found) != 2 || !strings.Contains(found[1].What, "it was cut or written anew") {
		t.Errorf("findings %v", found)
	}
}

func TestAFindingSaysFileAndLine(t *testing.T) {
	t.Parallel()
	w := toTamper(t, 12)
	name := w.names[1]
	put(t, w.path(name), bytes.Replace(w.texts[name], []byte(`"user":"ann"`), []byte(`"user":"eve"`), 1))
	found := verify(t, w.dir, w.anchor)
	want := filepath.Join(w.chain, name) + ":1: its hash is not that of its text: it was changed, or was not written by Slipway"
	if len(found) != 1 || found[0].String() != want {
		t.Errorf("findings %v, want %s", found, want)
	}
	if _, err := audit.Verify(filepath.Join(w.dir, "nothing"), nil); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Errorf("a directory that is not there: %v", err)
	}
}
