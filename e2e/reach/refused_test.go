// Package reach tests what people are told when a way to a host is not prepared
// as it has to be.
package reach

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/docker"
	"slipway/e2e/lab"
)

// says asks the engine of a host, which is to fail with that code and words.
func says(t *testing.T, host slipway.Host, code slipway.Code, words string) {
	t.Helper()
	err := ask(t, host)
	if slipway.ErrorCode(err) != code || !strings.Contains(fmt.Sprint(err), words) || !strings.Contains(fmt.Sprint(err), "host h1") {
		t.Errorf("got code %q: %v; want %q, naming the host, and %q", slipway.ErrorCode(err), err, code, words)
	}
}

func ask(t *testing.T, host slipway.Host) error {
	t.Helper()
	engine, err := docker.Dial(host)
	if err != nil {
		return err
	}
	defer engine.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = engine.Facts(ctx)
	return err
}

func TestCertificatesAreCheckedOnBothSides(t *testing.T) {
	host, others := lab.TestEngineFor(t, lab.TCP).Reached(), lab.TestEngineFor(t, lab.TCP).Reached()
	if err := ask(t, host); err != nil {
		t.Fatal(err)
	}
	const words = "do not accept each other's certificates"
	with := func(files slipway.TLS) slipway.Host {
		h := host
		h.TLS = &files
		return h
	}
	says(t, with(slipway.TLS{CA: host.TLS.CA, Cert: others.TLS.Cert, Key: others.TLS.Key}), slipway.CodeForbidden, words)
	says(t, with(slipway.TLS{CA: others.TLS.CA, Cert: host.TLS.Cert, Key: host.TLS.Key}), slipway.CodeForbidden, words)
	says(t, with(slipway.TLS{CA: host.TLS.CA, Cert: "/no/cert.pem", Key: host.TLS.Key}), slipway.CodeInvalid, "/no/cert.pem")
}

func TestSSHSaysWhatIsMissing(t *testing.T) {
	host := lab.TestEngineFor(t, lab.SSH).Reached()
	if err := ask(t, host); err != nil {
		t.Fatal(err)
	}
	nobody := filepath.Join(t.TempDir(), "known_hosts")
	if err := os.WriteFile(nobody, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	stranger := host
	stranger.SSH = &slipway.SSH{Key: host.SSH.Key, KnownHosts: nobody}
	says(t, stranger, slipway.CodeForbidden, "known_hosts")

	// What the server lets in is the public key; here it lets it do other things.
	authorized := host.SSH.Key + ".pub"
	key, err := os.ReadFile(authorized)
	if err != nil {
		t.Fatal(err)
	}
	allow := func(line string) {
		t.Helper()
		if err := os.WriteFile(authorized, []byte(line), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	allow("")
	says(t, host, slipway.CodeForbidden, "authorized_keys")
	allow(`command="PATH=/nowhere; docker system dial-stdio" ` + string(key))
	says(t, host, slipway.CodeInvalid, "install the Docker CLI")
	allow(`command="DOCKER_HOST=unix:///nowhere.sock docker system dial-stdio" ` + string(key))
	says(t, host, slipway.CodeUnavailable, "not reachable over SSH")
	allow(`restrict,command="docker system dial-stdio" ` + string(key)) // as docs/hosts.md has it
	if err := ask(t, host); err != nil {
		t.Errorf("a key that may do nothing else: %v", err)
	}
}
