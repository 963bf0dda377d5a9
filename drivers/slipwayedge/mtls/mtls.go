// Package mtls is TLS for the administration of edges: both sides show a
// certificate, both check the other's, and both read their files anew for each
// connection, so that renewed certificates need no restart and no signal.
package mtls

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"
	"time"

	"slipway"
)

// Server is the configuration of the side that is dialled. It refuses clients
// without a valid certificate of files.CA. The files must be good now; where
// they are not good later, in the middle of being replaced for example, the
// last good ones stay in force and log hears of it.
func Server(files slipway.TLS, log *slog.Logger) (*tls.Config, error) {
	first, err := load(files)
	if err != nil {
		return nil, err
	}
	var last atomic.Pointer[tls.Config]
	last.Store(asServer(first))
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		GetConfigForClient: func(*tls.ClientHelloInfo) (*tls.Config, error) {
			now, err := load(files)
			if err != nil {
				log.Warn("admin certificate files not taken over", "error", err)
				return last.Load(), nil
			}
			config := asServer(now)
			last.Store(config)
			return config, nil
		},
	}, nil
}

func asServer(m material) *tls.Config {
	return &tls.Config{
		MinVersion:   tls.VersionTLS13,
		Certificates: []tls.Certificate{m.pair},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    m.ca,
		// A resumed session would not look at the certificates again.
		SessionTicketsDisabled: true,
	}
}

// Dial returns a dialler of the other side, which must have a valid
// certificate of files.CA for the name or address that is dialled.
func Dial(files slipway.TLS) func(ctx context.Context, network, address string) (net.Conn, error) {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		m, err := load(files)
		if err != nil {
			return nil, err
		}
		dialer := tls.Dialer{
			NetDialer: &net.Dialer{Timeout: 5 * time.Second},
			Config:    &tls.Config{MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{m.pair}, RootCAs: m.ca},
		}
		return dialer.DialContext(ctx, network, address)
	}
}

// material is what the files hold.
type material struct {
	pair tls.Certificate
	ca   *x509.CertPool
}

func load(files slipway.TLS) (material, error) {
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		return material{}, fmt.Errorf("read certificate %s with key %s: %w", files.Cert, files.Key, err)
	}
	text, err := os.ReadFile(files.CA)
	if err != nil {
		return material{}, fmt.Errorf("read CA: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return material{}, fmt.Errorf("read CA: %s holds no certificate in PEM", files.CA)
	}
	return material{pair: pair, ca: pool}, nil
}
