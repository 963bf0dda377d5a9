package e2e

import (
	"crypto/ed25519"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/e2e/system"
	"slipway/workflows"
)

// listed is the entry of a key in the fleet file, made of its private half.
func listed(t *testing.T, path, more string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	public := key.(ed25519.PrivateKey).Public().(ed25519.PublicKey)
	var entries []string
	for _, use := range []slipway.KeyUse{slipway.APIKey, slipway.WorkerKey} {
		entries = append(entries, fmt.Sprintf("    - {id: %q, use: %s, public: %q%s}\n", slipway.KeyID(public), use, base64.StdEncoding.EncodeToString(public), more))
	}
	return strings.Join(entries, "")
}

// rekey makes standalone start with a new key, and returns the path of the old.
func rekey(t *testing.T, s *system.System, name string) string {
	t.Helper()
	if err := s.Standalone.Stop(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(s.Dir, "standalone", "signing.key")
	if err := os.Rename(path, path+name); err != nil {
		t.Fatal(err)
	}
	if err := s.Standalone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return path + name
}

func TestKeysAreChangedAndRevokedWhileAReleaseWaits(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{})
	if err := s.SignIn(t.Context(), "bob"); err != nil {
		t.Fatal(err)
	}
	fleet, err := os.ReadFile(s.FleetFile())
	if err != nil {
		t.Fatal(err)
	}
	trust := func(entries ...string) {
		t.Helper()
		text := string(fleet) + "signing:\n  keys:\n" + strings.Join(entries, "")
		if err := os.WriteFile(s.FleetFile(), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says := func(want string, args ...string) {
		t.Helper()
		var got system.Result
		until(t, want, func() bool {
			got, err = s.CLI(t.Context(), args[0], args[1:]...)
			return err == nil && strings.Contains(got.Stdout+got.Stderr, want)
		})
		t.Logf("%s: %s", strings.Join(args, " "), strings.TrimSpace(got.Stdout+got.Stderr))
	}
	for _, tag := range []string{"v1", "v2", "v3"} {
		push(t, s, "keys", tag)
	}
	release(t, s, service(t, s, "keys", ""), "v1", 0)
	svc := service(t, s, "keys", gated)
	current := filepath.Join(s.Dir, "standalone", "signing.key")

	// Changed: what was ordered with the old key goes on.
	second := submit(t, s, svc, "v2")
	await(t, s, second, slipway.AwaitingApproval)
	old := rekey(t, s, ".1")
	says("lists no key with use: api", "bob", "approve", second)
	trust(listed(t, old, ", not_after: "+time.Now().Add(24*time.Hour).UTC().Format(time.RFC3339)), listed(t, current, ""))
	says("approved "+second, "bob", "approve", second)
	if r := await(t, s, second, slipway.Holding); r.Phase != slipway.Holding {
		t.Fatalf("%s: %s", r.Phase, r.Reason)
	}
	cli(t, s, 0, "accept", second)
	await(t, s, second, slipway.Ended)

	// Revoked: what was ordered, or approved, with it does not go on.
	third := submit(t, s, svc, "v3")
	await(t, s, third, slipway.AwaitingApproval)
	bobs := signed(t, s, "bob", third)
	trust(listed(t, old, ", revoked: true"), listed(t, current, ", revoked: true"))
	says("is revoked in signing.keys of the fleet file", "bob", "approve", third, "--signature") // which has no effect until then
	if err := intrude(t, s).SignalWorkflow(t.Context(), "release/"+third, "", workflows.Decide, bobs); err != nil {
		t.Fatal(err)
	}
	until(t, "the decision is ignored", func() bool { return strings.Contains(status(t, s, third).Ignored, "is revoked") })
	t.Logf("the decision that was signed before: %s", status(t, s, third).Ignored)
	says("is revoked in signing.keys of the fleet file", "ann", "abort", third)
	revoked := rekey(t, s, ".2")
	trust(listed(t, revoked, ", revoked: true"), listed(t, current, ""))
	says("aborted", "ann", "abort", third, "--reason", "its order does not count any more")
	if r := await(t, s, third, slipway.Ended); *r.Outcome != slipway.Aborted {
		t.Errorf("outcome %s: %s", *r.Outcome, r.Reason)
	}
	if v := ask(t, s, "keys"); v != "v2" {
		t.Errorf("%s serves", v)
	}
	wantContainers(t, s, "keys", second)

	// What was released by a key that is revoked is no proof to go back to.
	says("it cannot be shown that", "ann", "rollback", "search/keys", "--to", "1", "--reason", "v2 is slow")
}
