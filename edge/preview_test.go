package edge_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/edge"
	"slipway/edge/preview"
)

// Green is looked at before the switch by those who have a token, and by nobody
// else; the service never sees the token.
func TestPreviewReachesGreenBeforeTheSwitch(t *testing.T) {
	p := prepare(t)
	file := filepath.Join(t.TempDir(), "preview.key")
	if err := os.WriteFile(file, []byte(strings.Repeat("k", 64)), 0o600); err != nil {
		t.Fatal(err)
	}
	p.changes = append(p.changes, func(o *edge.Options) { o.PreviewKey = file })
	p.start()
	p.stage(1, 0)
	p.commit(1, 0)
	green := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "green "+r.Header.Get(preview.Header))
	}))
	defer green.Close()
	if _, err := p.client.Stage(t.Context(), slipway.StageRequest{
		ServiceID: app, Route: slipway.Route{Host: host, Path: "/"}, Release: release(2),
		Upstreams: []string{strings.TrimPrefix(green.URL, "http://")}, Generation: 1,
	}); err != nil {
		t.Fatal(err)
	}
	key, err := preview.ReadKey(file)
	if err != nil {
		t.Fatal(err)
	}
	token := func(n int, lasting time.Duration) string {
		return key.Token(slipway.ReleaseID{ServiceID: app, Number: n}, time.Now().Add(lasting))
	}
	for name, c := range map[string]struct {
		host   string
		tokens []string
		status int
		body   string
	}{
		"none":                    {host, nil, 200, release(1)},
		"green's":                 {host, []string{token(2, time.Minute)}, 200, "green "},
		"blue's":                  {host, []string{token(1, time.Minute)}, 200, release(1)},
		"expired":                 {host, []string{token(2, -time.Minute)}, 403, "preview refused: the token has expired\n"},
		"made up":                 {host, []string{release(2) + ";9999999999;AAAA"}, 403, "preview refused: the signature is not this edge's\n"},
		"two":                     {host, []string{token(2, time.Minute), token(2, time.Minute)}, 403, "preview refused: the signature is not this edge's\n"},
		"of a release not staged": {host, []string{token(3, time.Minute)}, 404, release(3) + " is not staged for this address\n"},
		"for another address":     {"other.example.com", []string{token(2, time.Minute)}, 404, release(2) + " is not staged for this address\n"},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+p.http+"/", nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Host = c.host
		req.Header[preview.Header] = c.tokens
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != c.status || string(body) != c.body {
			t.Errorf("token %s: %d %q, want %d %q", name, res.StatusCode, body, c.status, c.body)
		}
	}
}
