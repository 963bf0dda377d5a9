package slipway

import (
	"strings"
	"testing"
)

func TestTagsDigestsAndRepositories(t *testing.T) {
	digest := "sha256:" + strings.Repeat("0f", 32)
	for _, s := range []string{"v2", "latest", "1.0.0-rc.1", "_x", digest, strings.Repeat("a", 128)} {
		if !ValidTag(s) {
			t.Errorf("%q is no tag", s)
		}
	}
	for _, s := range []string{"", ".v2", "-v2", "v 2", "v2\n", "a/b", "v2@x", "sha256:abc", strings.ToUpper(digest), digest + "0", strings.Repeat("a", 129)} {
		if ValidTag(s) {
			t.Errorf("%q is a tag", s)
		}
	}
	for _, s := range []string{"api", "search/query-api", "a/b/c", "a__b", "a.b", "a--b"} {
		if !ValidRepository(s) {
			t.Errorf("%q is no repository", s)
		}
	}
	for _, s := range []string{"", "/api", "api/", "a//b", "Search/api", "api:v2", "host:5000/api", "api@" + digest, "a..b", "a b", "../a", strings.Repeat("a", 256)} {
		if ValidRepository(s) {
			t.Errorf("%q is a repository", s)
		}
	}
	if got, want := ShortDigest(digest), "sha256:0f0f0f0f0f0f"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := ShortDigest("v2"); got != "v2" {
		t.Errorf("got %q", got)
	}
}

func TestAContainerRunsTheImageWhicheverWayItsStoreNamesIt(t *testing.T) {
	image := Image{Digest: "sha256:index", Manifest: "sha256:manifest", Config: "sha256:config"}
	for id, want := range map[string]bool{"sha256:index": true, "sha256:manifest": true, "sha256:config": true, "sha256:other": false, "": false} {
		if image.Runs(id) != want {
			t.Errorf("%q: got %t", id, !want)
		}
	}
	if (Image{}).Runs("") {
		t.Error("an unknown image runs in an unknown container")
	}
}
