package slipway_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

var (
	pinned = slipway.Profile{
		Name: "web", Docker: "29.1", API: "1.52", Kernel: "6.1", StorageDriver: "overlay2", Cgroup: "2", LiveRestore: true,
		ClockSkew: slipway.Duration(time.Second), AnswersWithin: slipway.Duration(time.Second), DiskFree: 10 << 30, InodesFree: 1000, LeakedMounts: new(1),
		Action: slipway.Refuse,
	}
	fit = slipway.HostFacts{
		Platform: "linux/amd64", Version: "29.1.3", API: "1.52", Kernel: "6.1.0-13-amd64", StorageDriver: "overlay2", Cgroup: "2", LiveRestore: true,
		Answered: slipway.Duration(20 * time.Millisecond), Disk: &slipway.Disk{Root: "/var/lib/docker", Free: 20 << 30, Inodes: 1 << 20, InodesFree: 1 << 19},
	}
	small = slipway.Image{Digest: "sha256:2", Size: 1 << 30}
)

// examine is what is found on one host that is pinned to a profile.
func examine(profile slipway.Profile, facts slipway.HostFacts, image slipway.Image, before *slipway.HostFacts, requires ...string) []string {
	svc := slipway.Service{Requires: requires}
	plan := slipway.Plan{Profiles: map[string]slipway.Profile{"h1": profile}}
	var out []string
	for _, f := range plan.Examine(slipway.PlanHost{Name: "h1"}, facts, svc, image, before) {
		out = append(out, string(f.Severity)+" "+f.Check+" "+f.String())
	}
	return out
}

func TestExamine_HostIsHeldAgainstItsProfile(t *testing.T) {
	t.Parallel()
	if found := examine(pinned, fit, small, &fit); found != nil {
		t.Errorf("of a host that is as it should be: %q", found)
	}
	for name, c := range map[string]struct {
		change func(*slipway.HostFacts)
		want   string
	}{
		"another Docker":          {func(f *slipway.HostFacts) { f.Version = "29.10.0" }, `refuse docker host h1: Docker is "29.10.0"; profile web asks for 29.1`},
		"another API":             {func(f *slipway.HostFacts) { f.API = "1.47" }, `refuse api host h1: Docker's API is "1.47"; profile web asks for 1.52`},
		"another kernel":          {func(f *slipway.HostFacts) { f.Kernel = "6.12.1" }, `refuse kernel host h1: the kernel is "6.12.1"; profile web asks for 6.1`},
		"another storage driver":  {func(f *slipway.HostFacts) { f.StorageDriver = "vfs" }, `refuse storage_driver host h1: the storage driver is "vfs"; profile web asks for overlay2`},
		"another cgroup version":  {func(f *slipway.HostFacts) { f.Cgroup = "1" }, `refuse cgroup host h1: the cgroup version is "1"; profile web asks for 2`},
		"no live-restore":         {func(f *slipway.HostFacts) { f.LiveRestore = false }, `refuse live_restore host h1: Docker runs without live-restore; profile web asks for "live-restore": true in its daemon.json`},
		"a clock that goes wrong": {func(f *slipway.HostFacts) { f.Skew = slipway.Duration(-5 * time.Minute) }, `refuse clock_skew host h1: its clock is off by at least 5m0s; profile web asks for at most 1s`},
		"a slow engine":           {func(f *slipway.HostFacts) { f.Answered = slipway.Duration(2 * time.Second) }, `refuse answers_within host h1: Docker took 2s to answer; profile web asks for at most 1s`},
		"little room":             {func(f *slipway.HostFacts) { f.Disk = &slipway.Disk{Root: "/d", Free: 9 << 30} }, `refuse disk_free host h1: 9 GiB are free in /d; profile web asks for at least 10 GiB`},
		"few inodes": {func(f *slipway.HostFacts) {
			f.Disk = &slipway.Disk{Root: "/d", Free: 11 << 30, Inodes: 5000, InodesFree: 999}
		}, `refuse inodes_free host h1: 999 inodes are free in /d; profile web asks for at least 1000`},
		"a dependency out of reach": {func(f *slipway.HostFacts) { f.Unmet = []slipway.Unmet{{To: "proxy:3128", Why: "connection refused"}} }, `refuse requires host h1: no container there reaches proxy:3128: connection refused; profile web asks for it`},
		"mounts that are left":      {func(f *slipway.HostFacts) { f.Leaked = []string{"/d/a", "/d/b"} }, `refuse mounts host h1: 2 mounts are left of containers that are gone: /d/a, /d/b; profile web asks for at most 1`},
		"room that is not known":    {func(f *slipway.HostFacts) { f.Disk = nil }, `warn disk host h1: how much room its disk has, and which mounts are left over, is not known: Docker's API does not say; only a worker on the host itself sees that, as an agent does`},
	} {
		facts := fit
		c.change(&facts)
		if diff := cmp.Diff([]string{c.want}, examine(pinned, facts, small, nil)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	lenient := pinned
	lenient.Action = slipway.Warn
	older := fit
	older.Version = "28.5.1"
	if found := examine(lenient, older, small, nil); len(found) != 1 || !strings.HasPrefix(found[0], "warn docker") {
		t.Errorf("with action warn: %q", found)
	}
}

// With action quarantine, what no release can live with has the host left out.
func TestExamine_HostThatIsLeftOutWhereItDoesNotFit(t *testing.T) {
	t.Parallel()
	profile := slipway.Profile{Name: "web", Docker: "29.1", Requires: []string{"proxy:3128"}, Action: slipway.Quarantine}
	facts := fit
	facts.Version, facts.Disk = "28.0.0", &slipway.Disk{Root: "/d", Free: 1 << 29}
	facts.Unmet = []slipway.Unmet{{To: "db:5432", Why: "there is no such name"}, {To: "proxy:3128", Why: "connection refused"}}
	want := []string{
		`quarantine docker host h1: Docker is "28.0.0"; profile web asks for 29.1`,
		"quarantine requires host h1: no container there reaches db:5432: there is no such name; the service requires it",
		"quarantine requires host h1: no container there reaches proxy:3128: connection refused; profile web asks for it",
		"quarantine disk host h1: 512 MiB are free in /d, but the image has 1 GiB, compressed; make room: docker system df",
	}
	if diff := cmp.Diff(want, examine(profile, facts, small, nil, "db:5432")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	facts = fit
	facts.Unmet = []slipway.Unmet{{Why: "host h1: start container: no space left on device"}}
	profile.Action = slipway.Warn
	for severity, requires := range map[string][]string{"refuse": {"db:5432"}, "warn": nil} {
		found := examine(profile, facts, small, nil, requires...)
		if len(found) != 1 || !strings.HasPrefix(found[0], severity+" requires host h1: what containers there reach could not be tried: host h1: start container") {
			t.Errorf("of a service that requires %v: %q", requires, found)
		}
	}
}

// Without a profile, too, some things are worth knowing.
func TestExamine_WhatNoProfileNeedsToSay(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*slipway.HostFacts)
		want   []string
	}{
		"nothing":                        {func(*slipway.HostFacts) {}, nil},
		"a clock that is a little off":   {func(f *slipway.HostFacts) { f.Skew = slipway.Duration(2 * time.Second) }, nil},
		"a clock that is off":            {func(f *slipway.HostFacts) { f.Skew = slipway.Duration(time.Minute) }, []string{"warn clock_skew host h1: its clock is off by at least 1m0s; have it set by NTP"}},
		"no room for the image":          {func(f *slipway.HostFacts) { f.Disk = &slipway.Disk{Root: "/d", Free: 1 << 29} }, []string{"refuse disk host h1: 512 MiB are free in /d, but the image has 1 GiB, compressed; make room: docker system df"}},
		"perhaps no room for it":         {func(f *slipway.HostFacts) { f.Disk = &slipway.Disk{Root: "/d", Free: 2 << 30} }, []string{"warn disk host h1: 2 GiB are free in /d, and the image has 1 GiB, compressed: unpacked it may not fit; make room: docker system df"}},
		"no inodes":                      {func(f *slipway.HostFacts) { f.Disk = &slipway.Disk{Root: "/d", Free: 4 << 30, Inodes: 5000} }, []string{"refuse inodes host h1: no inode is free in /d; remove files: docker system df"}},
		"a file system without a number": {func(f *slipway.HostFacts) { f.Disk = &slipway.Disk{Root: "/d", Free: 4 << 30} }, nil},
		"a container that is stuck":      {func(f *slipway.HostFacts) { f.Stuck = []string{"old"} }, []string{"warn stuck host h1: containers can neither run nor be removed: old; restart Docker there, which goes without harm under live-restore; then docker rm -f"}},
		"a mount that is left":           {func(f *slipway.HostFacts) { f.Leaked = []string{"/d/containers/f/mounts/shm"} }, []string{"warn mounts host h1: 1 mounts are left of containers that are gone: /d/containers/f/mounts/shm; umount them, or Docker cannot remove what is below"}},
		"an image that was pruned":       {func(f *slipway.HostFacts) { f.Missing = []string{"sha256:1"} }, []string{"warn rollback_image host h1: it no longer has the image of what serves; going back after the hold pulls it again"}},
		"an upgrade":                     {func(f *slipway.HostFacts) { f.Version, f.Kernel = "29.1.4", "6.1.0-14-amd64" }, []string{`warn docker host h1: Docker is "29.1.4"; when what serves went live it was "29.1.3"`, `warn kernel host h1: the kernel is "6.1.0-14-amd64"; when what serves went live it was "6.1.0-13-amd64"`}},
	} {
		facts, before := fit, fit.Lasting()
		c.change(&facts)
		if diff := cmp.Diff(c.want, examine(slipway.Profile{}, facts, small, &before)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

// What keeps a release away must not keep a way back away, and an image that
// runs on the host already needs no room.
func TestPreflight_GoingBackIsNotRefused(t *testing.T) {
	t.Parallel()
	facts := fit
	facts.Version, facts.Disk = "28.0.0", &slipway.Disk{Root: "/d", Free: 1}
	outlook := func(kind slipway.ReleaseKind, live string) slipway.Outlook {
		plan := slipway.Plan{Hosts: []slipway.PlanHost{{Name: "h1"}, {Name: "h2"}}, Profiles: map[string]slipway.Profile{"h1": {Name: "web", Docker: "29.1", Action: slipway.Refuse}}}
		return slipway.Outlook{Order: slipway.Order{Kind: kind, Plan: plan}, Image: small, Blue: &slipway.Version{Digest: live}}
	}
	all := []slipway.HostFacts{facts, {}} // h2 does not answer
	err := slipway.Unfit(outlook(slipway.KindRelease, "sha256:1").Preflight(all))
	want := "host h1: Docker is \"28.0.0\"; profile web asks for 29.1\nhost h1: 1 B are free in /d, but the image has 1 GiB, compressed; make room: docker system df"
	if slipway.ErrorCode(err) != slipway.CodeConflict || err.Error() != want {
		t.Errorf("a release: %v, want %s", err, want)
	}
	if findings := outlook(slipway.KindRollback, "sha256:1").Preflight(all); slipway.Unfit(findings) != nil || len(findings) != 2 {
		t.Errorf("a way back: %v", findings)
	}
	if findings := outlook(slipway.KindRelease, small.Digest).Preflight(all); len(findings) != 1 || findings[0].Check != "docker" {
		t.Errorf("of what is there already: %v", findings)
	}
}

// A host is accused of no more than what is certain, however long it took to
// say what time it is.
func TestSetSkew(t *testing.T) {
	t.Parallel()
	from, to := noon, noon.Add(30*time.Second)
	for name, c := range map[string]struct {
		at   time.Time
		want time.Duration
	}{
		"it said nothing":          {time.Time{}, 0},
		"it may be right":          {noon.Add(20 * time.Second), 0},
		"it is behind by a minute": {noon.Add(-time.Minute), -time.Minute},
		"it is ahead by a minute":  {to.Add(time.Minute), time.Minute},
	} {
		facts := slipway.HostFacts{Time: c.at}
		facts.SetSkew(from, to)
		if facts.Skew.Std() != c.want {
			t.Errorf("%s: skew %s, want %s", name, facts.Skew, c.want)
		}
	}
}

func TestPlansCarryTheProfilesOfTheirHosts(t *testing.T) {
	t.Parallel()
	fleet := &slipway.Fleet{
		Hosts:    []slipway.Host{{Name: "h1", Profile: "web"}, {Name: "h2"}},
		Profiles: []slipway.Profile{{Name: "batch"}, {Name: "web", Docker: "29.1"}},
	}
	plan := slipway.HostsOf(fleet)
	if diff := cmp.Diff(map[string]slipway.Profile{"h1": {Name: "web", Docker: "29.1"}}, plan.Profiles); diff != "" || len(plan.Hosts) != 2 {
		t.Errorf("%d hosts; profiles (-want +got):\n%s", len(plan.Hosts), diff)
	}
	if one, err := plan.Only("h2"); err != nil || len(one.Hosts) != 1 || one.Hosts[0].Name != "h2" {
		t.Errorf("only h2: %v, %v", one.Hosts, err)
	}
	if _, err := plan.Only("h9"); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("only h9: %v", err)
	}
}
