package embedded

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"regexp"
)

// A page is the one HTML document of the web interface, which shows itself
// under any path.
type page struct {
	html   []byte
	policy string
}

var (
	policyTag    = regexp.MustCompile(`<meta http-equiv="content-security-policy"[^>]*>`)
	inlineScript = regexp.MustCompile(`(?s)<script>(.*?)</script>`)
)

// newPage fits the document to the path it is served under. The interface's own
// server does that too, but then drops the content security policy, whose hash
// no longer fits the script; here the hash is made anew.
func newPage(assets fs.FS, path string) (*page, error) {
	html, err := fs.ReadFile(assets, "index.html")
	if err != nil {
		return nil, fmt.Errorf("read its page: %w", err)
	}
	base := []byte(`base: ""`)
	if !bytes.Contains(html, base) || !policyTag.Match(html) {
		return nil, errPage
	}
	html = policyTag.ReplaceAll(html, nil)
	html = bytes.ReplaceAll(html, base, fmt.Appendf(nil, "base: %q", path))
	html = bytes.ReplaceAll(html, []byte(`"/_app/`), fmt.Appendf(nil, `"%s/_app/`, path))
	script := inlineScript.FindSubmatch(html)
	if script == nil {
		return nil, errPage
	}
	digest := sha256.Sum256(script[1])
	return &page{html, "script-src 'strict-dynamic' 'sha256-" + base64.StdEncoding.EncodeToString(digest[:]) + "'; " +
		"object-src 'none'; base-uri 'self'; frame-src 'self'; frame-ancestors 'self'"}, nil
}

func (p *page) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy", p.policy)
	w.Header().Set("Cache-Control", "no-cache")
	// An error means that the reader has gone.
	_, _ = w.Write(p.html) //nolint:gosec // nothing of the request is in the page
}
