// Package slapdtest runs OpenLDAP's slapd for tests: on loopback, with
// certificates of its own, and with everything it keeps in the test's directory.
package slapdtest

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/go-ldap/ldap/v3"

	"slipway"
)

// What every directory holds. People and groups are below Suffix, in ou=people
// and ou=groups.
const (
	Suffix   = "dc=example,dc=com"
	Account  = "cn=slipway," + Suffix // may search
	Manager  = "cn=manager," + Suffix // may change everything
	Password = "correct horse battery staple"
)

// A Server is a slapd.
type Server struct {
	URL       string // ldap://
	SecureURL string // ldaps://
	CA        string // file with the certificate to trust

	dir, binary string

	mu      sync.Mutex
	process *exec.Cmd
	ended   chan struct{} // closed when process has
}

// Start runs a slapd until the test ends, with more entries in LDIF, and with
// rules that go before those that let only accounts read.
func Start(t testing.TB, entries string, rules ...string) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir()}
	s.CA = certify(t, s.dir)
	s.install(t)
	config := fmt.Sprintf(configuration, s.dir, strings.Join(append(rules, ""), "\n"), Suffix, Manager, Password, Account)
	s.write(t, "slapd.conf", config)
	s.write(t, "entries.ldif", fmt.Sprintf(base, Password)+entries)
	if err := os.MkdirAll(filepath.Join(s.dir, "data"), 0o700); err != nil {
		t.Fatal(err)
	}
	add := &exec.Cmd{Path: s.binary, Args: []string{"slapadd", "-q", "-f", s.path("slapd.conf"), "-l", s.path("entries.ldif")}}
	if out, err := add.CombinedOutput(); err != nil {
		t.Fatalf("slapadd: %v\n%s", err, out)
	}
	for range 5 {
		addresses := free(t, 2)
		s.URL, s.SecureURL = "ldap://"+addresses[0], "ldaps://"+addresses[1]
		if s.launch(t) {
			t.Cleanup(s.Stop)
			return s
		}
	}
	t.Fatal("slapd does not start")
	return nil
}

// configuration is a slapd.conf: schema of people and groups, TLS, a database.
const configuration = `
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
TLSCACertificateFile %[1]s/ca.pem
TLSCertificateFile %[1]s/cert.pem
TLSCertificateKeyFile %[1]s/key.pem
access to attrs=userPassword by anonymous auth by * none
%[2]saccess to * by users read by * none
database mdb
suffix "%[3]s"
rootdn "%[4]s"
rootpw "%[5]s"
directory %[1]s/data
maxsize 1073741824
dbnosync
index objectClass,uid,cn,member,uniqueMember eq
limits dn.exact="%[6]s" size.prtotal=unlimited size=1000
`

const base = `dn: dc=example,dc=com
objectClass: domain
dc: example

dn: ou=people,dc=example,dc=com
objectClass: organizationalUnit
ou: people

dn: ou=groups,dc=example,dc=com
objectClass: organizationalUnit
ou: groups

dn: cn=slipway,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: slipway
userPassword: %s

`

// Person is a person in LDIF, with Password.
func Person(uid string) string {
	return fmt.Sprintf("dn: uid=%[1]s,ou=people,%[2]s\nobjectClass: inetOrgPerson\nuid: %[1]s\ncn: %[1]s\nsn: %[1]s\nuserPassword: %[3]s\n\n", uid, Suffix, Password)
}

// PersonDN is the name of a person's entry.
func PersonDN(uid string) string { return "uid=" + uid + ",ou=people," + Suffix }

// Group is a group in LDIF, with the DNs of its members.
func Group(cn string, members ...string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "dn: %s\nobjectClass: groupOfNames\ncn: %s\n", GroupDN(cn), cn)
	for _, member := range members {
		fmt.Fprintf(&text, "member: %s\n", member)
	}
	return text.String() + "\n"
}

// GroupDN is the name of a group's entry.
func GroupDN(cn string) string { return "cn=" + cn + ",ou=groups," + Suffix }

// Config asks the directory over TLS, as Account, whose password is Password.
func (s *Server) Config() slipway.LDAP {
	return slipway.LDAP{
		URLs:         []string{s.SecureURL},
		CA:           s.CA,
		BindDN:       Account,
		BindPassword: slipway.Value{Secret: "env://LDAP_PASSWORD"},
		Timeout:      slipway.DefaultLDAPTimeout,
		User:         slipway.LDAPUser{BaseDN: "ou=people," + Suffix, Filter: slipway.DefaultLDAPUserFilter, Name: slipway.DefaultLDAPUserName},
		Group:        slipway.LDAPGroup{BaseDN: "ou=groups," + Suffix, Filter: slipway.DefaultLDAPGroupFilter, Name: slipway.DefaultLDAPGroupName, Nested: true},
	}
}

// Run starts it again after Stop, and returns when it answers.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	for last := time.Now().Add(20 * time.Second); !s.launch(t); {
		if time.Now().After(last) {
			t.Fatal("slapd does not start: is its port taken?")
		}
	}
}

// launch starts it and reports whether it answers. It ends at once when
// somebody has taken its port.
func (s *Server) launch(t testing.TB) bool {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	process := &exec.Cmd{
		Path:        s.binary,
		Args:        []string{"slapd", "-d", "0", "-f", s.path("slapd.conf"), "-h", s.URL + "/ " + s.SecureURL + "/"},
		SysProcAttr: &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}, // nothing is left of a crashed test
	}
	if err := process.Start(); err != nil {
		t.Fatalf("start slapd: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = process.Wait()
		close(ended)
	}()
	s.process, s.ended = process, ended
	address, _ := url.Parse(s.SecureURL)
	for last := time.Now().Add(20 * time.Second); ; {
		c, err := net.DialTimeout("tcp", address.Host, time.Second)
		if err == nil {
			_ = c.Close()
		}
		select {
		case <-ended:
			return false
		case <-time.After(10 * time.Millisecond):
		}
		if err == nil {
			return true
		}
		if time.Now().After(last) {
			t.Fatalf("slapd does not answer: %v", err)
		}
	}
}

// Stop ends it, as a crash would.
func (s *Server) Stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.process.Process.Kill()
	<-s.ended
}

// Pause keeps it from answering, with its connections open, until resume.
func (s *Server) Pause(t testing.TB) (resume func()) {
	t.Helper()
	pid := s.process.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	awaitStopped(t, pid)
	return func() { _ = syscall.Kill(pid, syscall.SIGCONT) }
}

// awaitStopped returns when no thread of a process that was told to stop goes on
// any more: until then it may still answer.
func awaitStopped(t testing.TB, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); time.Sleep(time.Millisecond) {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil || len(threads) == 0 {
			t.Fatalf("process %d is not there", pid)
		}
		going := slices.ContainsFunc(threads, func(thread string) bool {
			stat, err := os.ReadFile(thread)
			return err == nil && !bytes.Contains(stat, []byte(") T "))
		})
		if !going {
			return
		}
	}
	t.Fatalf("process %d does not stop", pid)
}

// Change changes the directory, as Manager.
func (s *Server) Change(t testing.TB, change func(*ldap.Conn) error) {
	t.Helper()
	c, err := ldap.DialURL(s.URL)
	if err == nil {
		defer func() { _ = c.Close() }()
		err = c.Bind(Manager, Password)
	}
	if err == nil {
		err = change(c)
	}
	if err != nil {
		t.Fatalf("change the directory: %v", err)
	}
}

// install copies slapd: where AppArmor confines it, that is by its path.
func (s *Server) install(t testing.TB) {
	t.Helper()
	from := "/usr/sbin/slapd"
	if found, err := exec.LookPath("slapd"); err == nil {
		from = found
	}
	s.binary = s.path("slapd")
	// Not by this process, whose other children would inherit the open file and
	// keep it from being run.
	if out, err := exec.Command("cp", from, s.binary).CombinedOutput(); err != nil { //nolint:noctx // it takes a moment
		t.Fatalf("slapd is not installed (Debian's package slapd): %v: %s", err, out)
	}
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(s.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// free are addresses on loopback that nobody listens on.
func free(t testing.TB, n int) []string {
	t.Helper()
	var addresses []string
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		addresses = append(addresses, l.Addr().String())
	}
	return addresses
}
