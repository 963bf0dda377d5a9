package slipwayedge

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"slipway"
	"slipway/drivers/slipwayedge/mtls"
)

// Socket is the path in an admin address, "unix:PATH" or "unix:///PATH". The
// error has CodeInvalid.
func Socket(admin string) (string, error) {
	path, ok := strings.CutPrefix(admin, "unix:")
	if ok {
		path = strings.TrimPrefix(path, "//")
	}
	if !ok || path == "" {
		return "", slipway.Errorf(slipway.CodeInvalid,
			"admin address is %q: write unix:PATH of a Unix socket, for example unix:/run/slipway/edge.sock, or https://HOST:PORT with certificates for mutual TLS", admin)
	}
	return filepath.Clean(path), nil
}

// route finds the way to an edge: the beginning of its URLs, and what carries
// requests there.
func route(edge slipway.Edge) (base string, transport *http.Transport, err error) {
	transport = &http.Transport{MaxIdleConnsPerHost: 8, IdleConnTimeout: 90 * time.Second}
	if address, ok := strings.CutPrefix(edge.Admin, "https://"); ok {
		address = strings.TrimSuffix(address, "/")
		if _, port, err := net.SplitHostPort(address); err != nil || port == "" {
			return "", nil, slipway.Errorf(slipway.CodeInvalid, "admin address is %q: write https://HOST:PORT", edge.Admin)
		}
		if edge.TLS == nil || edge.TLS.CA == "" || edge.TLS.Cert == "" || edge.TLS.Key == "" {
			return "", nil, slipway.Errorf(slipway.CodeInvalid, "admin address is %q: mutual TLS needs the files ca, cert and key, all three", edge.Admin)
		}
		transport.DialTLSContext = mtls.Dial(*edge.TLS)
		return "https://" + address, transport, nil
	}
	socket, err := Socket(edge.Admin)
	if err != nil {
		return "", nil, err
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
		return dialer.DialContext(ctx, "unix", socket) // whatever the URL says
	}
	return "http://edge", transport, nil
}
