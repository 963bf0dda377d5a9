package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"slipway"
)

// restTime is how long a server that did not answer is asked after the others.
const restTime = 30 * time.Second

// servers are all that hold the directory, and which of them did not answer.
type servers struct {
	config slipway.LDAP

	mu   sync.Mutex
	down map[string]time.Time // since when, by URL
}

func newServers(config slipway.LDAP) *servers {
	return &servers{config: config, down: map[string]time.Time{}}
}

// inOrder are the servers in the order of the fleet file, those last that did
// not answer a moment ago.
func (s *servers) inOrder() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	resting := func(url string) int {
		if since, down := s.down[url]; down && time.Since(since) < restTime {
			return 1
		}
		return 0
	}
	return slices.SortedStableFunc(slices.Values(s.config.URLs), func(a, b string) int { return resting(a) - resting(b) })
}

func (s *servers) note(url string, answers bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answers {
		delete(s.down, url)
	} else {
		s.down[url] = time.Now()
	}
}

// dial connects to one server, with TLS as the fleet file says, in the time
// that it gives for that.
func (s *servers) dial(ctx context.Context, text string) (*ldap.Conn, error) {
	timeout := s.config.Timeout.Std()
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	target, err := url.Parse(text)
	if err != nil {
		return nil, fmt.Errorf("parse the address of the directory: %w", err)
	}
	secure, err := s.tls(target.Hostname())
	if err != nil {
		return nil, err
	}
	port := map[string]string{"ldap": ldap.DefaultLdapPort, "ldaps": ldap.DefaultLdapsPort}[target.Scheme]
	if target.Port() != "" {
		port = target.Port()
	}
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(target.Hostname(), port))
	if err != nil {
		return nil, err
	}
	if target.Scheme == "ldaps" {
		over := tls.Client(socket, secure)
		if err := over.HandshakeContext(ctx); err != nil {
			_ = socket.Close()
			return nil, err
		}
		socket = over
	}
	c := ldap.NewConn(socket, target.Scheme == "ldaps")
	c.SetTimeout(timeout)
	c.Start()
	if s.config.StartTLS {
		stop := context.AfterFunc(ctx, func() { _ = socket.Close() }) // the handshake has no timeout of its own
		err := c.StartTLS(secure)
		if !stop() && err == nil {
			err = ctx.Err()
		}
		if err != nil {
			_ = c.Close()
			return nil, err
		}
	}
	return c, nil
}

// tls is read anew for each connection: certificates are renewed.
func (s *servers) tls(host string) (*tls.Config, error) {
	config := &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if s.config.CA == "" {
		return config, nil
	}
	text, err := os.ReadFile(s.config.CA)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeUnavailable, "directory.ldap.ca cannot be read: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(text) {
		return nil, slipway.Errorf(slipway.CodeUnavailable, "directory.ldap.ca: %s holds no certificate in PEM form", s.config.CA)
	}
	return config, nil
}
