package audit_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway"
)

func TestATornLastLineIsCutOffAndSaid(t *testing.T) {
	t.Parallel()
	for name, torn := range map[string]string{
		"half a line":     `{"chain":"test-`,
		"a line of zeros": strings.Repeat("\x00", 300),
		"two lines":       "{\"chain\":\n\x00\x00",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			l := open(t, dir)
			write(t, l, 3)
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			file := files(t, dir)[0]
			put(t, file, append(read(t, file), torn...))
			if found := verify(t, dir, anchor(l)); len(found) == 0 {
				t.Error("a torn line is not found while it is there")
			}
			again := open(t, dir)
			write(t, again, 1)
			if found := verify(t, dir, anchor(l, again)); len(found) > 0 {
				t.Errorf("findings %v", found)
			}
			entries := list(t, dir, slipway.AuditFilter{Action: "audit.repaired"})
			if len(entries) != 1 || entries[0].Seq != 4 || again.Head().Seq != 5 {
				t.Fatalf("entries %+v", entries)
			}
			kept := read(t, filepath.Join(filepath.Dir(file), entries[0].After["kept"]))
			if string(kept) != torn {
				t.Errorf("%q is kept of %q", kept, torn)
			}
		})
	}
}

func TestALastFileThatWasBegunInVainIsGoneOnWithoutIt(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(filepath.Dir(files(t, dir)[0]), "000000000004.jsonl"), nil)
	again := open(t, dir)
	write(t, again, 3)
	if found := verify(t, dir, anchor(again)); len(found) > 0 || again.Head().Seq != 6 {
		t.Errorf("head %+v, findings %v", again.Head(), found)
	}
}

func TestADamagedChainIsLeftAloneAndSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	l := open(t, dir)
	write(t, l, 3)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	file := files(t, dir)[0]
	damaged := bytes.Replace(read(t, file), []byte("ann"), []byte("eve"), 1)
	put(t, file, damaged)
	again := open(t, dir)
	write(t, again, 1)
	if again.Head().Chain == l.Head().Chain {
		t.Error("the damaged chain is gone on with")
	}
	if !bytes.Equal(read(t, file), damaged) {
		t.Error("the damaged chain was changed")
	}
	if entries := list(t, dir, slipway.AuditFilter{Action: "audit.damaged"}); len(entries) != 1 || !strings.Contains(entries[0].Detail, l.Head().Chain) {
		t.Errorf("entries %+v", entries)
	}
	if found := verify(t, dir, anchor(l, again)); len(found) == 0 || found[0].Chain != l.Head().Chain {
		t.Errorf("findings %v", found)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}
