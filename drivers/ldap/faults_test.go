package ldap_test

import (
	"net"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/ldap/slapdtest"
)

// wantSilence wants a question to fail because nobody answers, and soon.
func wantSilence(t *testing.T, err error, begin time.Time, within time.Duration, words string) {
	t.Helper()
	if slipway.ErrorCode(err) != slipway.CodeUnavailable || !strings.Contains(err.Error(), words) || strings.Contains(err.Error(), slapdtest.Password) {
		t.Errorf("%v; want %q", err, words)
	}
	if took := time.Since(begin); took > within {
		t.Errorf("it took %s", took)
	}
}

func TestTheNextServerIsAskedWhenOneIsAway(t *testing.T) {
	t.Parallel()
	first, second := slapdtest.Start(t, staff()), slapdtest.Start(t, staff())
	config := first.Config()
	config.URLs, config.CA, config.Timeout = []string{first.URL, second.URL}, "", slipway.Duration(time.Second)
	d := open(t, config)
	find := func(when string) {
		t.Helper()
		if got, err := d.Find(t.Context(), "ann"); err != nil || len(got.Groups) != 2 {
			t.Fatalf("%s: %v, %v", when, got, err)
		}
	}
	find("both are there")
	first.Stop()
	find("the first is down, with a connection to it kept")
	begin := time.Now()
	find("the first is known to be down")
	if took := time.Since(begin); took > 500*time.Millisecond {
		t.Errorf("the one that is down was asked first: %s", took)
	}
	first.Run(t)
	resume := second.Pause(t)
	find("the first is back, and the second hangs")
	if _, err := d.SignIn(t.Context(), "ann", slapdtest.Password); err != nil {
		t.Errorf("sign in meanwhile: %v", err)
	}
	first.Stop()
	begin = time.Now()
	_, err := d.Find(t.Context(), "ann")
	wantSilence(t, err, begin, 4*time.Second, "the directory does not answer")
	resume()
	find("the second goes on")
}

func TestAServerThatTakesConnectionsAndSaysNothing(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	s := slapdtest.Start(t, staff())
	for name, change := range map[string]func(*slipway.LDAP){
		"in clear":      func(c *slipway.LDAP) { c.URLs = []string{"ldap://" + l.Addr().String()} },
		"over TLS":      func(c *slipway.LDAP) { c.URLs = []string{"ldaps://" + l.Addr().String()} },
		"with StartTLS": func(c *slipway.LDAP) { c.URLs, c.StartTLS = []string{"ldap://" + l.Addr().String()}, true },
	} {
		config := s.Config()
		config.Timeout = slipway.Duration(200 * time.Millisecond)
		change(&config)
		begin := time.Now()
		_, err := open(t, config).Find(t.Context(), "ann")
		wantSilence(t, err, begin, 2*time.Second, "the directory does not answer")
		config.URLs = append(config.URLs, s.SecureURL)
		if config.StartTLS {
			config.URLs[1] = s.URL
		}
		if _, err := open(t, config).Find(t.Context(), "ann"); err != nil {
			t.Errorf("%s, with another server behind it: %v", name, err)
		}
	}
}

func TestACertificateThatIsNotTrusted(t *testing.T) {
	t.Parallel()
	s, other := slapdtest.Start(t, staff()), slapdtest.Start(t, staff())
	for _, startTLS := range []bool{false, true} {
		config := s.Config()
		config.CA = other.CA
		if config.StartTLS = startTLS; startTLS {
			config.URLs = []string{s.URL}
		}
		_, err := open(t, config).SignIn(t.Context(), "ann", slapdtest.Password)
		wantSilence(t, err, time.Now(), time.Second, "certificate signed by unknown authority")
		config.CA = s.CA
		config.URLs[0] = strings.Replace(config.URLs[0], "127.0.0.1", "localhost", 1)
		_, err = open(t, config).SignIn(t.Context(), "ann", slapdtest.Password)
		wantSilence(t, err, time.Now(), time.Second, "wanted to match localhost")
	}
}

func TestAnAccountThatTheDirectoryRefuses(t *testing.T) {
	t.Parallel()
	s := slapdtest.Start(t, staff())
	config := s.Config()
	config.BindDN = slapdtest.PersonDN("nobody")
	_, err := open(t, config).Find(t.Context(), "ann")
	wantSilence(t, err, time.Now(), time.Second, "refuses bind_dn")
	config = s.Config()
	config.BindDN = ""
	_, err = open(t, config).Find(t.Context(), "ann")
	wantSilence(t, err, time.Now(), time.Second, "does not let itself be searched")
}
