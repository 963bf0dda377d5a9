package spec

import (
	"regexp"
	"slices"
	"strconv"
	"time"

	units "github.com/docker/go-units"

	"slipway"
)

var profileKeys = object[slipway.Profile]{
	"name":           func(p *slipway.Profile, v value) { p.Name = v.name() },
	"docker":         func(p *slipway.Profile, v value) { p.Docker = v.version("29.1") },
	"api":            func(p *slipway.Profile, v value) { p.API = v.version("1.52") },
	"kernel":         func(p *slipway.Profile, v value) { p.Kernel = v.version("6.1") },
	"storage_driver": func(p *slipway.Profile, v value) { p.StorageDriver = v.name() },
	"cgroup":         func(p *slipway.Profile, v value) { p.Cgroup = strconv.Itoa(v.integer(1, 2)) },
	"live_restore":   func(p *slipway.Profile, v value) { p.LiveRestore = v.boolean() },
	"clock_skew":     func(p *slipway.Profile, v value) { p.ClockSkew = v.duration(10*time.Millisecond, 24*time.Hour) },
	"answers_within": func(p *slipway.Profile, v value) { p.AnswersWithin = v.duration(time.Millisecond, 30*time.Second) },
	"disk_free":      func(p *slipway.Profile, v value) { p.DiskFree = v.room() },
	"inodes_free":    func(p *slipway.Profile, v value) { p.InodesFree = int64(v.integer(0, 1<<40)) },
	"leaked_mounts": func(p *slipway.Profile, v value) {
		most := v.integer(0, 1<<20)
		p.LeakedMounts = &most
	},
	"requires": func(p *slipway.Profile, v value) { p.Requires = v.requires() },
	"action": func(p *slipway.Profile, v value) {
		p.Action = slipway.Severity(v.oneOf("refuse", "warn", "quarantine"))
	},
}

func (v value) profiles() []slipway.Profile {
	const example = `{name: web, docker: "29.1", kernel: "6.1", live_restore: true}`
	names := unique{}
	return listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.Profile {
		p := slipway.Profile{Action: slipway.Refuse}
		g := profileKeys.decode(item, &p, example, nil)
		g.need([2]string{"name", "web"})
		names.add(g.at("name"), p.Name)
		return p
	})
}

// profileName is the name of a profile of the fleet.
func (v value) profileName() string {
	name := v.name()
	if name != "" {
		v.doc.profiles = append(v.doc.profiles, v)
	}
	return name
}

var versionPattern = regexp.MustCompile(`^[0-9]+([.+~-][0-9A-Za-z]+)*$`)

// version is that of a program, or its beginning.
func (v value) version(example string) string {
	return v.matching(versionPattern, "a version", "write one, or its beginning, for example \""+example+"\"")
}

// room is an amount of disk space.
func (v value) room() int64 {
	const right = "write bytes, or a number with m, g or t, for example 10g"
	s, ok := v.scalar(right)
	if !ok {
		return 0
	}
	n, err := units.RAMInBytes(s)
	if err != nil || n <= 0 {
		v.bad("%s is not an amount of disk space; %s", quote(s), right)
	}
	return n
}

// checkProfiles reports hosts whose profile is not there.
func checkProfiles(f slipway.Fleet, g given) {
	var known []string
	for _, p := range f.Profiles {
		if p.Name != "" && !slices.Contains(known, p.Name) {
			known = append(known, p.Name)
		}
	}
	for _, v := range g.doc.profiles {
		switch name := v.node.Value; {
		case slices.Contains(known, name):
		case len(known) == 0:
			v.bad("no profile is named %s; write it: profiles: [{name: %s, docker: \"29.1\"}]", quote(name), name)
		default:
			v.bad("no profile is named %s; %s", quote(name), didYouMean(name, known))
		}
	}
}
