package certificates_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/slipwayedge/mtls/mtlstest"
	"slipway/edge/certificates"
)

// subject is the name in what is found for a host; empty: nothing.
func subject(files *certificates.Files, host string) string {
	cert := files.Find(host)
	if cert == nil {
		return ""
	}
	return cert.Leaf.Subject.CommonName
}

func issue(ca *mtlstest.Authority, dir, file, name string) {
	ca.IssueTo(slipway.TLS{Cert: filepath.Join(dir, file+".crt"), Key: filepath.Join(dir, file+".key")}, name, time.Now().Add(time.Hour))
}

func TestTheNearestNameIsFound(t *testing.T) {
	outside, ca := t.TempDir(), mtlstest.NewAuthority(t)
	dir := filepath.Join(outside, "certificates")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	issue(ca, dir, "a.example.com", "exact")
	issue(ca, dir, "_.example.com", "wildcard")
	issue(ca, outside, "secret", "outside")
	files := certificates.New(dir, slog.New(slog.DiscardHandler))
	for host, want := range map[string]string{
		"a.example.com":     "exact",
		"A.Example.Com.":    "exact",
		"b.example.com":     "wildcard",
		"a.b.example.com":   "", // a wildcard is for one label
		"example.com":       "",
		"../secret":         "",
		"x/../../secret":    "",
		"..":                "",
		".example.com":      "",
		"_.example.com":     "",
		"":                  "",
		"a.example.com\x00": "",
	} {
		if got := subject(files, host); got != want {
			t.Errorf("%q: %q, want %q", host, got, want)
		}
	}
}

func TestFilesThatGoAreForgotten(t *testing.T) {
	dir, ca := t.TempDir(), mtlstest.NewAuthority(t)
	files := certificates.New(dir, slog.New(slog.DiscardHandler))
	issue(ca, dir, "a.example.com", "first")
	if got := subject(files, "a.example.com"); got != "first" {
		t.Errorf("%q", got)
	}
	key := filepath.Join(dir, "a.example.com.key")
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if got := subject(files, "a.example.com"); got != "first" {
		t.Errorf("with one file gone %q, want the last good one", got)
	}
	if err := os.Remove(filepath.Join(dir, "a.example.com.crt")); err != nil {
		t.Fatal(err)
	}
	if got := subject(files, "a.example.com"); got != "" {
		t.Errorf("with both files gone %q", got)
	}
}
