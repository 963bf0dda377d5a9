package edge_test

import (
	"context"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	pebbleca "github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"

	"slipway/edge"
)

// An acmeServer is Pebble, the ACME server that Let's Encrypt tests clients
// with: it checks that who asks for a certificate answers at the name.
type acmeServer struct {
	*httptest.Server
	file  string         // the certificate that its own address is trusted by
	roots *x509.CertPool // of what it issues
	asked atomic.Int32   // how many certificates it was asked for
}

// newACME starts a Pebble for which every name is this machine, and which
// comes to port https there.
func newACME(t *testing.T, https string) *acmeServer {
	t.Helper()
	t.Setenv("PEBBLE_VA_NOSLEEP", "1")
	t.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	_, text, err := net.SplitHostPort(https)
	if err != nil {
		t.Fatal(err)
	}
	port, err := strconv.Atoi(text)
	if err != nil {
		t.Fatal(err)
	}
	quiet := slog.NewLogLogger(slog.DiscardHandler, slog.LevelInfo)
	store := db.NewMemoryStore()
	authority := pebbleca.New(quiet, store, "", "ecdsa", 0, 1, map[string]pebbleca.Profile{"default": {}})
	validation := va.New(quiet, 0, port, false, everyNameIsHere(t), store)
	front := wfe.New(quiet, store, validation, authority, []string{"ca.example.org"}, false, false, 1, 1)
	s := &acmeServer{roots: x509.NewCertPool()}
	handler := front.Handler()
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/finalize-order/") {
			s.asked.Add(1)
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	s.file = filepath.Join(t.TempDir(), "acme.crt")
	if err := os.WriteFile(s.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	s.roots.AppendCertsFromPEM(authority.GetRootCert(0).PEM())
	return s
}

// everyNameIsHere is the address of a DNS server (over TCP) for which all names are
// 127.0.0.1.
func everyNameIsHere(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{Listener: listener, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		answer := new(dns.Msg).SetReply(question)
		for _, q := range question.Question {
			if q.Qtype == dns.TypeA {
				answer.Answer = append(answer.Answer, &dns.A{
					Hdr: dns.RR_Header{Name: q.Name, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 1),
				})
			}
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return listener.Addr().String()
}

// A service comes, and its host name gets a certificate from a real ACME server,
// which has come to the edge to see that the name is its; other names get none. A
// newer binary takes the certificate over without asking again.
func TestACMEServerIssuesForHostsOfServicesOnly(t *testing.T) {
	https := freeAddress(t)
	acme := newACME(t, https)
	p := prepare(t)
	p.changes = append(p.changes, func(o *edge.Options) { o.HTTPS, o.Issuer = https, acme.URL+wfe.DirectoryPath })
	p.activate = func(cmd *exec.Cmd) { cmd.Env = append(cmd.Env, "SSL_CERT_FILE="+acme.file) }
	p.start()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if _, _, err := shake(ctx, https, host, acme.roots); err == nil {
		t.Error("a certificate was issued for a host that no service has")
	}
	p.stage(1, 0)
	p.commit(1, 0)
	issuer, answer, err := shake(ctx, https, host, acme.roots)
	if err != nil || answer != release(1) || !strings.HasPrefix(issuer, "Pebble") {
		t.Errorf("%q by %q: %v", answer, issuer, err)
	}
	if _, _, err := shake(ctx, https, "nobody.example.com", acme.roots); err == nil {
		t.Error("a certificate was issued for a host that no service has")
	}
	p.takeOver() // a newer binary has it as well
	if _, answer, err := shake(ctx, https, host, acme.roots); err != nil || answer != release(1) {
		t.Errorf("taken over: %q, %v", answer, err)
	}
	if n := acme.asked.Load(); n != 1 {
		t.Errorf("%d certificates were asked for, want 1", n)
	}
}
