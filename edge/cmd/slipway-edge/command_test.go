package main

import (
	"crypto/tls"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
	"slipway/drivers/slipwayedge/mtls"
	"slipway/drivers/slipwayedge/mtls/mtlstest"
	"slipway/edge/admin"
	"slipway/edge/disk"
	"slipway/edge/keeper"
	"slipway/edge/preview"
	"slipway/edge/proxy"
)

var app = slipway.ServiceID{Project: "shop", Service: "app"}

// anEdge has release 2 live and knows release 1. It returns the address of its
// administration.
func anEdge(t *testing.T) (*keeper.Keeper, string) {
	t.Helper()
	log, registry := slog.New(slog.DiscardHandler), prometheus.NewRegistry()
	dir, err := disk.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := proxy.New(registry, log)
	k, err := keeper.New(dir, p.Follow, registry, log)
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(t.TempDir(), "admin.sock")
	listener, err := admin.Listen(socket)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: admin.Handler(k, p, registry)}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() {
		server.Close()
		p.Close()
		dir.Close()
	})
	for n, id := range []string{"shop.app.1", "shop.app.2"} {
		stage := slipway.StageRequest{ServiceID: app, Route: slipway.Route{Host: "app.example.com", Path: "/"}, Release: id, Upstreams: []string{"10.0.0.1:80"}, Generation: uint64(n)}
		if _, err := k.Stage(stage); err != nil {
			t.Fatal(err)
		}
		if _, err := k.Commit(slipway.CommitRequest{ServiceID: app, Release: id, Generation: uint64(n), By: id}); err != nil {
			t.Fatal(err)
		}
	}
	return k, "unix:" + socket
}

// run runs the command and returns what it prints, and its exit status.
func run(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out strings.Builder
	cmd := command()
	cmd.SetArgs(args)
	cmd.SetOut(&out)
	cmd.SetErr(io.Discard)
	if err := cmd.ExecuteContext(t.Context()); err != nil {
		return err.Error(), exitStatus(err)
	}
	return out.String(), 0
}

func TestStatusShowsWhatIsServed(t *testing.T) {
	_, address := anEdge(t)
	out, status := run(t, "status", "--admin", address)
	for _, want := range []string{"shop/app", "app.example.com/", "shop.app.2", "10.0.0.1:80", "shop.app.1"} {
		if status != 0 || !strings.Contains(out, want) {
			t.Errorf("exit status %d, and %q is not in\n%s", status, want, out)
		}
	}
	out, _ = run(t, "status", "-o", "json", "--admin", address)
	var table slipway.Table
	if err := json.Unmarshal([]byte(out), &table); err != nil || table[app.Key()].Active != "shop.app.2" {
		t.Errorf("%v:\n%s", err, out)
	}
}

func TestRestoreGoesBackOnceHoweverOftenItIsAsked(t *testing.T) {
	k, address := anEdge(t)
	person, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	want := "shop/app: shop.app.1 serves, before it was shop.app.2 (generation 4)\n"
	if out, status := run(t, "restore", "shop/app", "--reason", "checkout fails", "--admin", address); status != 0 || out != want {
		t.Errorf("exit status %d, %q", status, out)
	}
	got := k.Route(app)
	if got.Active != "shop.app.1" || got.By != "operator:"+person.Username || got.Reason != "checkout fails" {
		t.Errorf("the edge has %+v", got)
	}
	if out, status := run(t, "restore", "shop/app", "--reason", "checkout fails", "--admin", address); status != exitFailed || !strings.Contains(out, "name the release") {
		t.Errorf("asked again for the previous one: exit status %d, %q", status, out)
	}
	for range 2 {
		if out, status := run(t, "restore", "shop/app", "--to", "shop.app.1", "--reason", "checkout fails", "--admin", address); status != 0 {
			t.Errorf("exit status %d, %q", status, out)
		}
	}
	if got := k.Route(app); got.Active != "shop.app.1" || got.Generation != 4 {
		t.Errorf("after asking again the edge has %+v", got)
	}
}

func TestExitStatusSaysWhatWentWrong(t *testing.T) {
	_, address := anEdge(t)
	nobody := "unix:" + filepath.Join(t.TempDir(), "admin.sock")
	for _, c := range []struct {
		args   string
		status int
		want   string
	}{
		{"restore shop/app --admin " + address, exitUsage, "--reason is needed"},
		{"restore --reason x --admin " + address, exitUsage, "accepts 1 arg"},
		{"restore shop --reason x --admin " + address, exitUsage, "write PROJECT/SERVICE"},
		{"restore shop/other --reason x --admin " + address, exitFailed, "no route of shop/other"},
		{"restore shop/app --to shop.app.9 --reason x --admin " + address, exitFailed, `knows only ["shop.app.1" "shop.app.2"]`},
		{"status --admin " + nobody, exitNoAnswer, "does not answer"},
		{"status", exitUsage, "write unix:PATH"},
		{"status -o yaml --admin " + address, exitUsage, "write text or json"},
		{"--data /nowhere --http 127.0.0.1:0 --admin 127.0.0.1:9000", exitUsage, "mutual TLS only"},
		{"--data /nowhere --http 127.0.0.1:0 --admin 127.0.0.1:9000 --admin-tls-cert a --admin-tls-key b", exitUsage, "all three"},
		{"--data /nowhere --http 127.0.0.1:0 --admin unix:a --admin-tls-cert a", exitUsage, "over TCP"},
		{"status --admin https://127.0.0.1:9000 --ca a --cert b", exitUsage, "all three"},
		{"--http 127.0.0.1:0", exitUsage, "--data and --http are needed"},
		{"preview-token shop/app 2", exitUsage, "--preview-key is needed"},
		{"preview-token shop/app shop.other.2 --preview-key a", exitUsage, "not a release of shop/app"},
		{"preview-token shop/app 2 --preview-key a --for 48h", exitUsage, "up to 24h"},
		{"--data a --http :1 --admin unix:a --https :2", exitUsage, "needs certificates"},
		{"--data a --http :1 --admin unix:a --cert-dir b", exitUsage, "are for --https"},
		{"--data a --http :1 --admin unix:a --https :2 --issuer http://ca", exitUsage, "write acme, internal"},
		{"--weight 5", exitUsage, "unknown flag"},
	} {
		if out, status := run(t, strings.Fields(c.args)...); status != c.status || !strings.Contains(out, c.want) {
			t.Errorf("%s: exit status %d %q, want %d and %q", c.args, status, out, c.status, c.want)
		}
	}
}

func TestPreviewTokenPrintsAHeader(t *testing.T) {
	file := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(file, []byte(strings.Repeat("k", 40)), 0o600); err != nil {
		t.Fatal(err)
	}
	key, err := preview.ReadKey(file)
	if err != nil {
		t.Fatal(err)
	}
	out, status := run(t, "preview-token", "shop/app", "2", "--preview-key", file)
	header, token, _ := strings.Cut(strings.TrimSuffix(out, "\n"), ": ")
	if got, err := key.Check(token, time.Now()); status != 0 || header != preview.Header || err != nil || got.String() != "shop.app.2" {
		t.Errorf("exit status %d, %q: %s, %v", status, out, got, err)
	}
}

func TestStatusOverMutualTLS(t *testing.T) {
	k, _ := anEdge(t)
	ca := mtlstest.NewAuthority(t)
	config, err := mtls.Server(ca.Issue("edge", time.Now().Add(time.Hour)), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	server := &http.Server{Handler: admin.Handler(k, proxy.New(registry, slog.New(slog.DiscardHandler)), registry)}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	mine := ca.Issue("operator", time.Now().Add(time.Hour))
	flags := []string{"--admin", "https://" + listener.Addr().String(), "--ca", mine.CA, "--cert", mine.Cert, "--key", mine.Key}
	if out, status := run(t, append([]string{"status"}, flags...)...); status != 0 || !strings.Contains(out, "shop.app.2") {
		t.Errorf("exit status %d:\n%s", status, out)
	}
	if out, status := run(t, append([]string{"restore", "shop/app", "--reason", "checkout fails"}, flags...)...); status != 0 || k.Route(app).Active != "shop.app.1" {
		t.Errorf("exit status %d:\n%s", status, out)
	}
}
