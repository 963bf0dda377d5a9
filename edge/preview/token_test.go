package preview_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/edge/preview"
)

var green = slipway.ReleaseID{ServiceID: slipway.ServiceID{Project: "shop", Service: "app"}, Number: 2}

func key(t *testing.T, text string) preview.Key {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := preview.ReadKey(path)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTokenIsGoodForItsReleaseUntilItExpires(t *testing.T) {
	k, now := key(t, strings.Repeat("k", 40)+"\n"), time.Now()
	token := k.Token(green, now.Add(time.Minute))
	if got, err := k.Check(token, now); err != nil || got != green {
		t.Errorf("%v, %v", got, err)
	}
	if _, err := k.Check(token, now.Add(time.Minute)); slipway.ErrorCode(err) != slipway.CodeForbidden || !strings.Contains(err.Error(), "expired") {
		t.Errorf("after its time: %v", err)
	}
}

func TestChangedTokenIsRefusedAtEveryByte(t *testing.T) {
	k, now := key(t, strings.Repeat("k", 40)), time.Now()
	token := k.Token(green, now.Add(time.Minute))
	for at := range len(token) {
		changed := []byte(token)
		changed[at] ^= 4
		if got, err := k.Check(string(changed), now); err == nil {
			t.Errorf("changed at %d, %q lets in to %s", at, changed, got)
		}
		if got, err := k.Check(token[:at], now); err == nil {
			t.Errorf("cut at %d it lets in to %s", at, got)
		}
	}
	for name, other := range map[string]preview.Key{"another key": key(t, strings.Repeat("j", 40)), "no key": {}} {
		if _, err := other.Check(token, now); slipway.ErrorCode(err) != slipway.CodeForbidden {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestShortKeyIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(path, []byte("  secret  \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := preview.ReadKey(path); slipway.ErrorCode(err) != slipway.CodeInvalid || !strings.Contains(err.Error(), "has 6 bytes") || strings.Contains(err.Error(), "secret") {
		t.Errorf("%v", err)
	}
}
