package slipway

import (
	"strings"
	"testing"
)

func TestNames(t *testing.T) {
	for name, want := range map[string]bool{
		"a": true, "7": true, "query-api": true, strings.Repeat("a", 40): true, "a--b": true,
		"": false, "-a": false, "a-": false, "A": false, "a.b": false, "a/b": false, "a_b": false, "a\n": false, "ä": false, strings.Repeat("a", 41): false,
	} {
		if got := ValidName(name); got != want {
			t.Errorf("%q: got %t", name, got)
		}
	}
}

func TestServiceAndReleaseIDsAreReadAsTheyAreWritten(t *testing.T) {
	for _, id := range []ReleaseID{
		{ServiceID{"search", "query-api"}, 17},
		{ServiceID{"a", "b"}, 0},
		{ServiceID{strings.Repeat("p", 40), strings.Repeat("s", 40)}, 1<<31 - 1},
	} {
		got, err := ParseReleaseID(id.String())
		if err != nil || got != id {
			t.Errorf("%s: got %v, %v", id, got, err)
		}
		service, err := ParseServiceID(id.ServiceID.String())
		if err != nil || service != id.ServiceID {
			t.Errorf("%s: got %v, %v", id.ServiceID, service, err)
		}
	}
}

func TestOneSpellingOfAnID(t *testing.T) {
	for _, s := range []string{"", "search", "search.api", "search.api.", "search.api.-1", "search.api.01", "search.api.+1", "search.api.1.2", "Search.api.1", "search..1", ".api.1", "search.api.99999999999999999999", "search/api.1", "search.api.1\n"} {
		if id, err := ParseReleaseID(s); ErrorCode(err) != CodeInvalid {
			t.Errorf("release %q: got %v, %v", s, id, err)
		}
		if IsRelease(s) {
			t.Errorf("%q is a release", s)
		}
	}
	for _, s := range []string{"", "search", "search/", "/api", "search/api/x", "search.api", "search/API", " search/api"} {
		if id, err := ParseServiceID(s); ErrorCode(err) != CodeInvalid {
			t.Errorf("service %q: got %v, %v", s, id, err)
		}
	}
}

func TestContainersAreNamedByTheirRelease(t *testing.T) {
	id := ReleaseID{ServiceID{"search", "query-api"}, 17}
	if got, want := id.ContainerName(0), "search.query-api.17"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := id.ContainerName(2), "search.query-api.17.2"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := (ReleaseID{}).String(); got != "" {
		t.Errorf("the zero release is %q", got)
	}
}
