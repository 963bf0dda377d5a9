package daemon

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"slipway"
)

// rsyslog is a real one.
type rsyslog struct {
	t    *testing.T
	dir  string
	port int
	tls  *slipway.TLS // of who sends
	cmd  *exec.Cmd
}

// newRsyslog prepares one that takes what comes over udp, tcp or tls, and of
// each message keeps the text. Over TLS it asks for a certificate.
func newRsyslog(t *testing.T, way string) *rsyslog {
	t.Helper()
	r := &rsyslog{t: t, dir: t.TempDir(), port: freePort(t)}
	global, module, input := "", "imtcp", fmt.Sprintf(`input(type="imtcp" port="%d" address="127.0.0.1")`, r.port)
	switch way {
	case "udp":
		module, input = "imudp", fmt.Sprintf(`input(type="imudp" port="%d" address="127.0.0.1")`, r.port)
	case "tls":
		ca, cert, key := certify(t, r.dir)
		r.tls = &slipway.TLS{CA: ca, Cert: cert, Key: key}
		global = fmt.Sprintf(`defaultNetstreamDriverCAFile="%s" defaultNetstreamDriverCertFile="%s" defaultNetstreamDriverKeyFile="%s"`, ca, cert, key)
		module = `imtcp" StreamDriver.Name="gtls" StreamDriver.Mode="1" StreamDriver.AuthMode="x509/certvalid`
	}
	config := fmt.Sprintf(`
global(workDirectory="%[1]s" maxMessageSize="64k" %[2]s)
module(load="%[3]s")
%[4]s
template(name="text" type="string" string="%%msg%%\n")
if $syslogfacility == 13 and $programname == "slipway" then {
	action(type="omfile" file="%[1]s/got" template="text")
}
`, r.dir, global, module, input)
	if err := os.WriteFile(filepath.Join(r.dir, "rsyslog.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	r.start()
	t.Cleanup(r.kill)
	return r
}

func (r *rsyslog) start() {
	r.t.Helper()
	r.cmd = exec.Command("rsyslogd", "-n", "-f", filepath.Join(r.dir, "rsyslog.conf"), "-i", filepath.Join(r.dir, "pid"))
	r.cmd.Env = append(os.Environ(), "PATH="+os.Getenv("PATH")+":/usr/sbin:/sbin")
	var said logged
	r.cmd.Stdout, r.cmd.Stderr = &said, &said
	if err := r.cmd.Start(); err != nil {
		r.t.Fatal("start rsyslogd, of the packages rsyslog and rsyslog-gnutls: ", err)
	}
	r.t.Cleanup(func() {
		if r.t.Failed() {
			r.t.Logf("rsyslogd said:\n%s", &said)
		}
	})
}

func (r *rsyslog) kill() {
	_ = r.cmd.Process.Kill()
	_ = r.cmd.Wait() // it was killed
}

// hang stops it where it is: its kernel goes on taking what is sent.
func (r *rsyslog) hang() {
	r.t.Helper()
	if err := r.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		r.t.Fatal(err)
	}
}

// unread is nil when a connection to it has bytes that it has not read.
func (r *rsyslog) unread() error {
	table, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return err
	}
	// sl local_address rem_address st tx_queue:rx_queue …
	to := fmt.Sprintf(":%04X", r.port)
	for line := range strings.Lines(string(table)) {
		f := strings.Fields(line)
		if len(f) > 4 && strings.HasSuffix(f[1], to) && f[3] == "01" && !strings.HasSuffix(f[4], ":00000000") {
			return nil
		}
	}
	return errors.New("there are none")
}

func (r *rsyslog) lines() (lines []string) {
	text, err := os.ReadFile(filepath.Join(r.dir, "got"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		r.t.Fatal(err)
	}
	text = text[:bytes.LastIndexByte(text, '\n')+1]
	for in := bufio.NewScanner(bytes.NewReader(text)); in.Scan(); {
		lines = append(lines, in.Text())
	}
	return lines
}

// freePort is one that nobody has, for TCP.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// certify makes a certificate for both sides, which vouches for itself.
func certify(t *testing.T, dir string) (ca, cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "logs"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	text, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	err = errors.Join(
		os.WriteFile(cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600),
		os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: text}), 0o600))
	if err != nil {
		t.Fatal(err)
	}
	return cert, cert, key
}

// Rsyslog hangs, is killed with lines that its kernel had taken and nobody had
// read, and is away for a while. They are sent again.
func TestRsyslogMissesNothingWhenItIsKilled(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"tcp", "tls"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			logs := newRsyslog(t, way)
			to := slipway.AuditCopy{Name: "siem", URL: fmt.Sprintf("syslog+%s://127.0.0.1:%d", way, logs.port), TLS: logs.tls}
			r := opened(t, t.TempDir(), to)
			r.write(300)
			r.arrived(logs.lines)
			logs.hang()
			r.write(100)
			r.await("its kernel has taken what it does not read", logs.unread)
			logs.kill()
			r.write(50)
			r.awaitMetric("slipway_audit_copy_failures_total", "siem", some)
			logs.start()
			r.arrived(logs.lines)
			if !strings.Contains(r.said.String(), "Audit log not copied") {
				t.Errorf("the log does not say so:\n%s", &r.said)
			}
		})
	}
}

// Over UDP lines may be lost, and those that are not come as they were written.
func TestRsyslogOverUDP(t *testing.T) {
	t.Parallel()
	logs := newRsyslog(t, "udp")
	r := opened(t, t.TempDir(), slipway.AuditCopy{Name: "old", URL: fmt.Sprintf("syslog+udp://127.0.0.1:%d", logs.port)})
	r.write(20)
	r.arrived(logs.lines) // from the first on, whether or not somebody listened when it was sent
}
