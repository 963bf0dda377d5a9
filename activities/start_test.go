package activities_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/activities"
)

var image = slipway.Image{
	Repository: "search/api", Tag: "v2",
	Digest:   "sha256:" + strings.Repeat("d", 64),
	Manifest: "sha256:" + strings.Repeat("a", 64),
	Config:   "sha256:" + strings.Repeat("c", 64),
}

func starting() activities.StartInput {
	return activities.StartInput{
		Host: "h1", Release: "search.api.2", Name: "search.api.2", Registry: "production", Image: image,
		Service: settings(), Warrant: warranted(),
	}
}

func TestGreenStartsWithSecretsThatNobodyElseSees(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.image, m.secrets["env://DB"] = image.Config, "hunter2"
	var state slipway.ContainerState
	if err := run(t, host.StartGreen, starting(), &state); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[string]string{"LOG": "info", "DB_PASSWORD": "hunter2"}, m.spec.Environment); diff != "" {
		t.Errorf("environment (-want +got):\n%s", diff)
	}
	labels := map[string]string{
		"team": "search", slipway.LabelProject: "search", slipway.LabelService: "api",
		slipway.LabelQuestion: "", slipway.LabelSecrets: `{"DB_PASSWORD":"env://DB"}`,
		slipway.LabelRelease: "search.api.2", slipway.LabelDigest: image.Digest,
	}
	if diff := cmp.Diff(labels, m.spec.Labels); diff != "" {
		t.Errorf("labels (-want +got):\n%s", diff)
	}
	if want := "production/search/api@" + image.Digest; m.spec.Image != want {
		t.Errorf("image is %s", m.spec.Image)
	}
	for _, text := range []any{state, m.spec} {
		if stored, _ := json.Marshal(text); strings.Contains(string(stored), "hunter2") {
			t.Errorf("the secret is in %s", stored)
		}
	}
}

func TestGreenWithoutItsSecretDoesNotStart(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.image = image.Config
	failed(t, run(t, host.StartGreen, starting(), nil), slipway.CodeNotFound, false, "there is no secret env://DB")
	if m.spec.Name != "" {
		t.Error("it was started")
	}
}

func TestWhatTheRulesNoLongerAllowIsNotStarted(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.image, m.secrets["env://DB"] = image.Config, "hunter2"
	m.refusal = slipway.Errorf(slipway.CodeForbidden, "allow.secrets lists nothing")
	failed(t, run(t, host.StartGreen, starting(), nil), slipway.CodeForbidden, false, "allow.secrets lists nothing")
	if m.spec.Name != "" {
		t.Error("it was started")
	}
}

func TestAnImageThatWasNotVerifiedIsRefused(t *testing.T) {
	t.Parallel()
	m, host := newMachine()
	m.image, m.secrets["env://DB"] = "sha256:"+strings.Repeat("e", 64), "hunter2"
	want := "host h1 has image sha256:eeeeeeeeeeee where sha256:dddddddddddd (config sha256:cccccccccccc) was verified"
	failed(t, run(t, host.StartGreen, starting(), nil), slipway.CodeInvalid, false, want)
	failed(t, run(t, host.PullImage, activities.PullInput{Host: "h1", Registry: "production", Image: image, Release: "search.api.2", Warrant: warranted()}, nil), slipway.CodeInvalid, false, want)
}
