package edge_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/slipwayedge/mtls/mtlstest"
	"slipway/edge"
)

// secure is an edge that serves TLS, too.
func secure(t *testing.T, certDir, issuer string) (p *process, https string) {
	t.Helper()
	p, https = prepare(t), freeAddress(t)
	p.changes = append(p.changes, func(o *edge.Options) { o.HTTPS, o.CertDir, o.Issuer = https, certDir, issuer })
	p.start()
	return p, https
}

// shake asks for a host over TLS, and returns who signed its certificate.
func shake(ctx context.Context, https, host string, roots *x509.CertPool) (issuer, answer string, err error) {
	config := &tls.Config{RootCAs: roots, InsecureSkipVerify: roots == nil}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: config, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", https)
		},
	}}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+host+"/", nil)
	if err != nil {
		return "", "", err
	}
	res, err := client.Do(req)
	if err != nil {
		return "", "", err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return res.TLS.PeerCertificates[0].Issuer.CommonName, string(body), err
}

// Fifty services come, with their certificates, half of them from files and
// half from an issuer, while others are being served. Nobody notices.
func TestNewServicesAndCertificatesPauseNothing(t *testing.T) {
	dir, ca := t.TempDir(), mtlstest.NewAuthority(t)
	p, https := secure(t, dir, "internal")
	p.stage(1, 0)
	p.commit(1, 0)
	traffic := newTraffic("http://"+p.http, 300, &history{live: func(int64) string { return release(1) }})
	ctx, stop := context.WithCancel(t.Context())
	var sending sync.WaitGroup
	sending.Go(func() { traffic.run(ctx, t) })
	defer sending.Wait()
	defer stop()
	if _, _, err := shake(t.Context(), https, "s0.example.com", nil); err == nil {
		t.Error("a certificate was issued for a host that no service has")
	}
	upstream := newBackend(t, "new")
	for n := range 50 {
		id := slipway.ServiceID{Project: "shop", Service: fmt.Sprintf("s%d", n)}
		name := id.Service + ".example.com"
		want := "test CA"
		if n%2 == 0 {
			files := slipway.TLS{Cert: filepath.Join(dir, name+".crt"), Key: filepath.Join(dir, name+".key")}
			ca.IssueTo(files, name, time.Now().Add(time.Hour))
		} else {
			want = "Caddy Local Authority - ECC Intermediate"
		}
		if _, err := p.client.Stage(t.Context(), slipway.StageRequest{ServiceID: id, Route: slipway.Route{Host: name, Path: "/"}, Release: id.Key() + ".1", Upstreams: []string{upstream}}); err != nil {
			t.Fatal(err)
		}
		if _, err := p.client.Commit(t.Context(), slipway.CommitRequest{ServiceID: id, Release: id.Key() + ".1", By: id.Key() + ".1"}); err != nil {
			t.Fatal(err)
		}
		if issuer, answer, err := shake(t.Context(), https, name, nil); err != nil || issuer != want || answer != "new" {
			t.Errorf("%s: signed by %q, want %q, answered %q, %v", name, issuer, want, answer, err)
		}
	}
	stop()
	sending.Wait()
	for i, failure := range traffic.failures {
		t.Errorf("failed: %s", failure)
		if i == 9 {
			break
		}
	}
	t.Logf("%d requests, %d failed, %d WebSockets cut while 50 services and certificates came", traffic.requests, len(traffic.failures), traffic.cut)
}

func TestOwnCertificatesAreTakenFromFilesAsTheyAre(t *testing.T) {
	dir, ca, other := t.TempDir(), mtlstest.NewAuthority(t), mtlstest.NewAuthority(t)
	p, https := secure(t, dir, "")
	p.stage(1, 0)
	p.commit(1, 0)
	if _, _, err := shake(t.Context(), https, host, nil); err == nil {
		t.Error("a certificate was issued where there is no issuer")
	}
	files := slipway.TLS{Cert: filepath.Join(dir, host+".crt"), Key: filepath.Join(dir, host+".key")}
	ca.IssueTo(files, host, time.Now().Add(time.Hour))
	if _, answer, err := shake(t.Context(), https, host, roots(t, ca)); err != nil || answer != release(1) {
		t.Errorf("%q, %v", answer, err)
	}
	other.IssueTo(files, host, time.Now().Add(time.Hour))
	if _, _, err := shake(t.Context(), https, host, roots(t, other)); err != nil {
		t.Errorf("renewed: %v", err)
	}
	if err := os.Truncate(files.Key, 10); err != nil {
		t.Fatal(err)
	}
	if _, _, err := shake(t.Context(), https, host, roots(t, other)); err != nil {
		t.Errorf("with a key that is half written: %v", err)
	}
	before := p.takeOver() // which has the listener for TLS, too
	other.IssueTo(files, host, time.Now().Add(time.Hour))
	if _, answer, err := shake(t.Context(), https, host, roots(t, other)); err != nil || answer != release(1) {
		t.Errorf("taken over: %q, %v", answer, err)
	}
	if err := before.Wait(); err != nil {
		t.Error(err)
	}
	wild := slipway.TLS{Cert: filepath.Join(dir, "_.example.com.crt"), Key: filepath.Join(dir, "_.example.com.key")}
	ca.IssueTo(wild, "*.example.com", time.Now().Add(time.Hour))
	if _, answer, err := shake(t.Context(), https, "other.example.com", roots(t, ca)); err != nil || !strings.HasPrefix(answer, "no service") {
		t.Errorf("wildcard: %q, %v", answer, err)
	}
}

func roots(t *testing.T, ca *mtlstest.Authority) *x509.CertPool {
	t.Helper()
	text, err := os.ReadFile(ca.File)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(text)
	return pool
}

// The edge begins with an ACME issuer without asking it for anything, and asks
// for nothing for hosts that no service has.
func TestACMEIsNotAskedForHostsOfNobody(t *testing.T) {
	ca, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ca.Close()
	asked := make(chan struct{}, 100)
	go func() {
		for {
			conn, err := ca.Accept()
			if err != nil {
				return
			}
			asked <- struct{}{}
			conn.Close()
		}
	}()
	p, https := secure(t, "", "https://"+ca.Addr().String()+"/directory")
	if _, _, err := shake(t.Context(), https, host, nil); err == nil {
		t.Error("a certificate was issued for a host that no service has")
	}
	if len(asked) > 0 {
		t.Error("the ACME server was asked for a host that no service has")
	}
	p.stage(1, 0)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	go func() { _, _, _ = shake(ctx, https, host, nil) }()
	select {
	case <-asked:
	case <-ctx.Done():
		t.Error("the ACME server is not asked for the host of a service")
	}
	p.commit(1, 0)
	if _, body, err := p.get("/"); err != nil || body != release(1) {
		t.Errorf("without a certificate: %q, %v", body, err)
	}
}
