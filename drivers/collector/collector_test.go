package collector_test

import (
	"bufio"
	"context"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/drivers/collector"
)

var lines = [][]byte{
	[]byte(`{"chain":"slipway-api-1","seq":1,"time":"2026-11-22T10:00:00.5Z","kind":"intent","action":"release.submit","user":"ann"}`),
	[]byte(`{"chain":"slipway-api-1","seq":2,"time":"2026-11-22T10:00:01Z","kind":"event","action":"release.end","detail":"grün"}`),
}

// vault knows the value of every reference.
type vault struct{}

func (vault) Secret(_ context.Context, ref string) (string, error) { return "value of " + ref, nil }

func made(t *testing.T, to slipway.AuditCopy) collector.Collector {
	t.Helper()
	c, err := collector.New(to, vault{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func within(t *testing.T, limit time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	t.Cleanup(cancel)
	return ctx
}

// awaitLost waits until a collector notices that it is cut off.
func awaitLost(t *testing.T, c collector.Collector) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); c.Lost() == nil; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatal("it has not noticed that the connection is gone")
		}
	}
}

// Messages are those of RFC 5424, each with its length before it, and the line
// as it is for a text.
func TestSyslogOverTCP(t *testing.T) {
	t.Parallel()
	l := listen(t)
	c := made(t, slipway.AuditCopy{Name: "siem", URL: "syslog+tcp://" + l.Addr().String()})
	for range 2 { // the other end hangs up in between
		if err := c.Send(within(t, 10*time.Second), lines); err != nil {
			t.Fatal(err)
		}
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		in := bufio.NewReader(conn)
		for i := range lines {
			size, err := in.ReadString(' ')
			length, bad := strconv.Atoi(strings.TrimSpace(size))
			if err != nil || bad != nil {
				t.Fatal(err, bad)
			}
			text := slices.Repeat([]byte{0}, length)
			if _, err := io.ReadFull(in, text); err != nil {
				t.Fatal(err)
			}
			header := regexp.MustCompile(`^<110>1 2026-11-22T10:00:0[01]\.[05]00000Z \S+ slipway slipway-api-1 release\.(submit|end) - `)
			if m := string(text); !header.MatchString(m) || header.ReplaceAllString(m, "") != string(lines[i]) {
				t.Errorf("message is %q", m)
			}
		}
		if err := c.Lost(); err != nil {
			t.Errorf("while it listens: %v", err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		awaitLost(t, c)
		if err := c.Send(within(t, 10*time.Second), lines); err == nil {
			t.Error("it goes on before anybody has asked what was lost")
		}
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSyslogOverUDP(t *testing.T) {
	t.Parallel()
	l, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := made(t, slipway.AuditCopy{Name: "old", URL: "syslog+udp://" + l.LocalAddr().String()})
	long := slices.Concat([]byte(`{"seq":3,"detail":"`), slices.Repeat([]byte("x"), 70_000), []byte(`"}`))
	if err := c.Send(within(t, 10*time.Second), append(slices.Clone(lines), long)); err != nil {
		t.Fatal(err)
	}
	_ = l.SetReadDeadline(time.Now().Add(10 * time.Second))
	text := slices.Repeat([]byte{0}, 70_000)
	for i, want := range []string{string(lines[0]), string(lines[1]), "xxx"} {
		n, _, err := l.ReadFrom(text)
		if err != nil {
			t.Fatal(err)
		}
		if m := string(text[:n]); !strings.HasPrefix(m, "<110>1 ") || !strings.HasSuffix(m, want) {
			t.Errorf("datagram %d is %q", i, m)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if c.Send(within(t, 10*time.Second), lines) == nil { // otherwise it has heard of it already
		awaitLost(t, c)
	}
}

// A collector that takes connections and reads nothing keeps nobody for longer
// than they want to wait.
func TestASyslogCollectorThatHangs(t *testing.T) {
	t.Parallel()
	l := listen(t)
	c := made(t, slipway.AuditCopy{Name: "siem", URL: "syslog+tcp://" + l.Addr().String()})
	much := slices.Repeat([][]byte{slices.Repeat([]byte("x"), 60_000)}, 500)
	began := time.Now()
	if err := c.Send(within(t, 500*time.Millisecond), much); err == nil || !strings.Contains(err.Error(), "deadline exceeded") {
		t.Errorf("30 MB were sent to nobody: %v", err)
	}
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("it took %s", took)
	}
}

func TestPosts(t *testing.T) {
	t.Parallel()
	var got []string
	status := http.StatusNoContent
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = append(got, r.Method+" "+r.URL.Path, r.Header.Get("Content-Type"), r.Header.Get("Authorization"), string(body))
		w.Header().Set("Location", "/elsewhere")
		w.WriteHeader(status)
	}))
	defer server.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	to := slipway.AuditCopy{Name: "store", URL: server.URL + "/audit?key=hunter2", TLS: &slipway.TLS{CA: ca}, Token: &slipway.Value{Secret: "env://TOKEN"}}
	c := made(t, to)
	if err := c.Send(t.Context(), lines); err != nil {
		t.Fatal(err)
	}
	want := []string{"POST /audit", "application/x-ndjson", "Bearer value of env://TOKEN", string(lines[0]) + "\n" + string(lines[1]) + "\n"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("it got (-want +got):\n%s", diff)
	}
	for _, status = range []int{http.StatusServiceUnavailable, http.StatusFound, http.StatusUnauthorized} {
		got = nil
		if err := c.Send(t.Context(), lines); err == nil || !strings.Contains(err.Error(), strconv.Itoa(status)) {
			t.Errorf("status %d gave %v", status, err)
		}
		if len(got) != 4 {
			t.Errorf("status %d: it was asked more than once: %q", status, got)
		}
	}
	to.TLS = nil
	if err := made(t, to).Send(t.Context(), lines); err == nil || !strings.Contains(err.Error(), "certificate") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a server that nobody vouches for gave %v", err)
	}
	server.Close()
	if err := c.Send(t.Context(), lines); err == nil || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "TOKEN") {
		t.Errorf("a server that is down gave %v", err)
	}
}

func TestFilesOfACollectorThatCannotBeRead(t *testing.T) {
	t.Parallel()
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for want, files := range map[string]slipway.TLS{
		"read whom to trust: open /nowhere/ca.pem":            {CA: "/nowhere/ca.pem"},
		empty + " holds no certificate":                       {CA: empty},
		"read the certificate to show: open /nowhere/crt.pem": {Cert: "/nowhere/crt.pem", Key: "/nowhere/key.pem"},
	} {
		_, err := collector.New(slipway.AuditCopy{Name: "siem", URL: "syslog+tls://127.0.0.1:6514", TLS: &files}, vault{})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
