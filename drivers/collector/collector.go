// Package collector sends lines of the audit log to whoever collects logs: by
// HTTP, or by syslog (RFC 5424 over TLS, TCP or UDP). It keeps nothing: who
// calls it knows what has arrived, and sends again what may not have.
package collector

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"slipway"
)

// A Collector takes lines, each a JSON object. It is for one goroutine.
type Collector interface {
	// Send hands lines over. After an error some of them may have arrived.
	Send(ctx context.Context, lines [][]byte) error

	// Lost is an error where lines that were sent may never arrive, although
	// Send returned nil. It does not wait.
	Lost() error

	// Settles is how long after Send its lines have arrived, if Lost has said
	// nothing else until then. It is 0 where Send waits until they have.
	Settles() time.Duration

	Close() error
}

// Secrets look up what a reference stands for.
type Secrets interface {
	Secret(ctx context.Context, ref string) (string, error)
}

// New makes a collector of what the fleet file says, and reads the files that
// are named there. It connects when it first sends, and looks its token up each
// time.
func New(c slipway.AuditCopy, secrets Secrets) (Collector, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "the url of audit copy %s cannot be read", c.Name) // err holds it, and it may hold a secret
	}
	trust, err := trusting(c.TLS)
	if err != nil {
		return nil, err
	}
	switch way, isSyslog := strings.CutPrefix(u.Scheme, "syslog+"); {
	case !isSyslog:
		return newPoster(c, trust, secrets), nil
	case way == "tls":
		return &syslog{network: "tcp", address: u.Host, trust: trust, settles: settles}, nil
	default:
		return &syslog{network: way, address: u.Host, settles: settles}, nil
	}
}

// trusting reads whom to trust, and what to show.
func trusting(files *slipway.TLS) (*tls.Config, error) {
	trust := &tls.Config{MinVersion: tls.VersionTLS12}
	if files == nil {
		return trust, nil
	}
	if files.CA != "" {
		text, err := os.ReadFile(files.CA)
		if err != nil {
			return nil, fmt.Errorf("read whom to trust: %w", err)
		}
		if trust.RootCAs = x509.NewCertPool(); !trust.RootCAs.AppendCertsFromPEM(text) {
			return nil, slipway.Errorf(slipway.CodeInvalid, "%s holds no certificate", files.CA)
		}
	}
	if files.Cert != "" {
		certificate, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, fmt.Errorf("read the certificate to show: %w", err)
		}
		trust.Certificates = []tls.Certificate{certificate}
	}
	return trust, nil
}
