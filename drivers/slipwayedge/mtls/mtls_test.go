package mtls_test

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/slipwayedge"
	"slipway/drivers/slipwayedge/mtls"
	"slipway/drivers/slipwayedge/mtls/mtlstest"
)

// serve is the administration of an edge with an empty table.
func serve(t *testing.T, files slipway.TLS) (address string) {
	t.Helper()
	config, err := mtls.Server(files, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{
		Handler:  http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") }),
		ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo),
	}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	return listener.Addr().String()
}

// ask makes a connection of its own and asks for the table.
func ask(t *testing.T, address string, files slipway.TLS) error {
	t.Helper()
	client, err := slipwayedge.New(slipway.Edge{Name: "e1", Admin: "https://" + address, TLS: &files})
	if err != nil {
		t.Fatal(err)
	}
	_, err = client.Table(t.Context())
	return err
}

func TestOnlyTheRightCertificatesAreLetIn(t *testing.T) {
	t.Parallel()
	ours, theirs := mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	later := time.Now().Add(time.Hour)
	address := serve(t, ours.Issue("edge", later))
	right := ours.Issue("slipway", later)
	if err := ask(t, address, right); err != nil {
		t.Errorf("the right certificate: %v", err)
	}
	stranger := theirs.Issue("slipway", later)
	stranger.CA = ours.File
	impostor := right
	impostor.CA = theirs.File
	for name, c := range map[string]struct {
		files slipway.TLS
		want  string
	}{
		"client's certificate is of another CA": {stranger, "tls: "},
		"client's certificate has expired":      {ours.Issue("slipway", time.Now().Add(-time.Hour)), "expired"},
		"edge's certificate is of another CA":   {impostor, "unknown authority"},
		"client's key file is missing":          {slipway.TLS{CA: ours.File, Cert: right.Cert, Key: "/nowhere/key.pem"}, "/nowhere/key.pem"},
	} {
		err := ask(t, address, c.files)
		if slipway.ErrorCode(err) != slipway.CodeUnavailable || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q in it", name, err, c.want)
		}
	}
}

func TestWithoutACertificateOrTLSNobodyIsLetIn(t *testing.T) {
	t.Parallel()
	ca := mtlstest.NewAuthority(t)
	address := serve(t, ca.Issue("edge", time.Now().Add(time.Hour)))
	for version, config := range map[string]*tls.Config{
		"TLS 1.3": {InsecureSkipVerify: true},
		"TLS 1.2": {InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
	} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: config}}
		if res, err := client.Get("https://" + address + "/v1/table"); err == nil {
			res.Body.Close()
			t.Errorf("%s without a certificate: %s", version, res.Status)
		}
	}
	res, err := http.Get("http://" + address + "/v1/table")
	if err == nil {
		defer res.Body.Close()
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP: %s", res.Status)
		}
	}
}

func TestRenewedFilesAreTakenOverAndBadOnesAreNot(t *testing.T) {
	t.Parallel()
	before, after := mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	later := time.Now().Add(time.Hour)
	files := before.Issue("edge", later)
	address := serve(t, files)
	if err := ask(t, address, before.Issue("slipway", later)); err != nil {
		t.Fatal(err)
	}
	// Both CA and certificate change under the running edge.
	ca, err := os.ReadFile(after.File)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files.CA, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	after.IssueTo(files, "edge", later)
	client := after.Issue("slipway", later)
	if err := ask(t, address, client); err != nil {
		t.Errorf("after the renewal: %v", err)
	}
	// The client's own files change under the client, which is the same.
	after.IssueTo(client, "slipway", time.Now().Add(-time.Hour))
	if err := ask(t, address, client); err == nil {
		t.Error("an expired certificate was let in")
	}
	after.IssueTo(client, "slipway", later)
	if err := os.Truncate(files.Key, 10); err != nil {
		t.Fatal(err)
	}
	if err := ask(t, address, client); err != nil {
		t.Errorf("with a key that is half written: %v", err)
	}
}

func TestServerWithBadFilesDoesNotBegin(t *testing.T) {
	t.Parallel()
	files := mtlstest.NewAuthority(t).Issue("edge", time.Now().Add(time.Hour))
	if err := os.WriteFile(files.CA, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mtls.Server(files, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), files.CA) {
		t.Errorf("error is %v, want one that names %s", err, files.CA)
	}
}

// A side that says nothing holds nobody up for long.
func TestDialEndsWithItsContext(t *testing.T) {
	t.Parallel()
	files := mtlstest.NewAuthority(t).Issue("slipway", time.Now().Add(time.Hour))
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, stop := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer stop()
	if conn, err := mtls.Dial(files)(ctx, "tcp", silent.Addr().String()); err == nil {
		conn.Close()
		t.Error("connected to a side that says nothing")
	}
}
