package spec_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slipway/spec"
)

func TestAChangedFleetFileIsTakenOverAndABadOneIsNot(t *testing.T) {
	const good = `
hosts: [{name: h1, docker: "unix:///var/run/docker.sock", address: 127.0.0.1, ports: 20000-20999}]
edges: [{name: e1, admin: "unix:///run/edge.sock", on: h1}]
registries: [{name: r, role: [source, production], url: "http://127.0.0.1:5000"}]
projects: [{name: search}]
`
	path := filepath.Join(t.TempDir(), "fleet.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(good)
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		file, err := spec.OpenFleet(path, slog.New(slog.NewTextHandler(&log, nil)))
		if err != nil {
			t.Fatal(err)
		}
		first := file.Current().Hash
		go file.Follow(t.Context(), time.Second)

		write(strings.Replace(good, "name: search", "name: find", 1))
		time.Sleep(1500 * time.Millisecond)
		if _, ok := file.Current().Project("find"); !ok || file.Current().Hash == first {
			t.Fatal("the changed file was not taken over")
		}
		second := file.Current().Hash

		write("hosts: nonsense")
		time.Sleep(5 * time.Second)
		if file.Current().Hash != second {
			t.Fatal("a bad file replaced a good one")
		}
		synctest.Wait() // the follower has written its log
		if n := strings.Count(log.String(), "refused"); n != 1 {
			t.Fatalf("the bad file was refused %d times in the log, want once:\n%s", n, &log)
		}
	})
}
