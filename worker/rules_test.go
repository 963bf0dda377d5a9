package worker

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway"
)

// A machine has a tree that a project may mount, something beside it, and what
// Slipway keeps. It is the host "here"; the host "there" is elsewhere.
func newRules(t *testing.T) (rules, string) {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, sub := range []string{"tree/mine", "beside", "kept/evidence"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for link, to := range map[string]string{
		"tree/inside": "mine", "tree/outside": "../beside", "tree/etc": "/etc", "tree/own": "../kept/evidence", "tree/loop": "loop", "tree/nowhere": "gone",
		"kept/open": "evidence",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	fleet := &slipway.Fleet{
		Hosts: []slipway.Host{
			{Name: "here", Docker: "unix:///srv/docker-of-the-test.sock"},
			{Name: "agent", Agent: true},
			{Name: "there", Docker: "tcp://192.0.2.1:2376"},
			{Name: "shop", Docker: "tcp://192.0.2.2:2376"},
		},
		Projects: []slipway.Project{{
			Name:  "search",
			Hosts: slipway.Selector{Names: []string{"here", "agent", "there"}},
			Allow: slipway.Allow{Volumes: []string{dir + "/tree/**", dir + "/kept/**", "search-data"}},
		}},
	}
	return rules{fleet: func() *slipway.Fleet { return fleet }, data: filepath.Join(dir, "kept")}, dir
}

func TestLinksAreFollowedWhereTheyCanBe(t *testing.T) {
	t.Parallel()
	r, dir := newRules(t)
	for _, test := range []struct{ source, host, says string }{
		{"/tree/mine", "here", ""},
		{"/tree/inside", "here", ""},
		{"/tree/nowhere", "here", ""}, // which the engine refuses
		{"/tree/outside", "here", "a symbolic link on host here leads out of what is allowed: container.volumes: \"" + dir + "/beside\" is not allowed"},
		{"/tree/outside", "agent", "leads out of what is allowed"},
		{"/tree/outside", "there", ""}, // nobody here can know
		{"/tree/etc", "here", `"/etc" is not allowed`},
		{"/tree/own", "here", "Slipway keeps its own data there"},
		{"/tree/loop", "here", "cannot be found out"},
		{"/kept/evidence", "here", "Slipway keeps its own data there"},
		{"/kept", "here", "Slipway keeps its own data there"},
		{"/tree/mine", "shop", "hosts of the project in the fleet file decide"},
		{"/beside", "there", "allow.volumes of project"},
	} {
		svc := slipway.Service{ServiceID: slipway.ServiceID{Project: "search", Service: "api"}}
		svc.Container.Volumes = []slipway.Volume{{Source: "search-data", Target: "/d"}, {Source: dir + test.source, Target: "/data"}}
		err := r.Permit(svc, test.host)
		if test.says == "" && err != nil {
			t.Errorf("%s on %s: %v", test.source, test.host, err)
		}
		if test.says != "" && (slipway.ErrorCode(err) != slipway.CodeForbidden || !strings.Contains(err.Error(), test.says)) {
			t.Errorf("%s on %s: got %v, want it forbidden with %q", test.source, test.host, err, test.says)
		}
		if svc.Container.Volumes[1].Source != dir+test.source {
			t.Errorf("%s was changed to %s", test.source, svc.Container.Volumes[1].Source)
		}
	}
}
