package slipwayedge

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"time"

	"slipway"
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
			"admin address is %q: write unix:PATH of a Unix socket, for example unix:/run/slipway/edge.sock; the administration is not served over TCP", admin)
	}
	return filepath.Clean(path), nil
}

// dialing reaches the edge through its socket, whatever the URL says.
func dialing(socket string) *http.Transport {
	dialer := net.Dialer{Timeout: 5 * time.Second}
	return &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		},
		MaxIdleConnsPerHost: 8,
		IdleConnTimeout:     90 * time.Second,
	}
}
