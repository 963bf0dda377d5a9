package spec

import (
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/docker/go-units"

	"slipway"
)

// containerKeys are the keys of a Compose service that a container may have,
// and its port.
var containerKeys = object[slipway.Container]{
	"port":              func(c *slipway.Container, v value) { c.Port = v.integer(1, 65535) },
	"ports":             func(c *slipway.Container, v value) { c.Ports = v.ports() },
	"command":           func(c *slipway.Container, v value) { c.Command = v.command() },
	"entrypoint":        func(c *slipway.Container, v value) { c.Entrypoint = v.command() },
	"environment":       func(c *slipway.Container, v value) { c.Environment = v.environment() },
	"volumes":           func(c *slipway.Container, v value) { c.Volumes = v.volumes() },
	"user":              func(c *slipway.Container, v value) { c.User = v.user() },
	"working_dir":       func(c *slipway.Container, v value) { c.WorkingDir = v.filePath("/app") },
	"mem_limit":         func(c *slipway.Container, v value) { c.MemLimit = v.memory() },
	"cpus":              func(c *slipway.Container, v value) { c.CPUs = v.processors() },
	"restart":           func(c *slipway.Container, v value) { c.Restart = v.restart() },
	"stop_signal":       func(c *slipway.Container, v value) { c.StopSignal = v.signal() },
	"stop_grace_period": func(c *slipway.Container, v value) { c.StopGracePeriod = v.duration(time.Second, time.Hour) },
	"init":              func(c *slipway.Container, v value) { c.Init = v.boolean() },
	"read_only":         func(c *slipway.Container, v value) { c.ReadOnly = v.boolean() },
	"cap_add":           func(c *slipway.Container, v value) { c.CapAdd = v.capabilities() },
	"cap_drop":          func(c *slipway.Container, v value) { c.CapDrop = v.capabilities() },
	"devices":           func(c *slipway.Container, v value) { c.Devices = v.devices() },
	"ulimits":           func(c *slipway.Container, v value) { c.Ulimits = v.ulimits() },
	"labels":            func(c *slipway.Container, v value) { c.Labels = v.labels() },
}

func (v value) container(c *slipway.Container) given {
	return containerKeys.decode(v, c, "{port: 8080}", containerRefused)
}

var userPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,63})?$`)

func (v value) user() string {
	const right = "write USER or USER:GROUP, names or numbers, for example 1000:1000"
	s, ok := v.scalar(right)
	if ok && !userPattern.MatchString(s) {
		v.bad("%s is not a user; %s", quote(s), right)
	}
	return s
}

// filePath is a clean absolute path.
func (v value) filePath(example string) string {
	right := "write an absolute path, for example " + example
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	v.checkPath(s, right)
	return s
}

// checkPath reports a path that is not absolute and clean, or has a ":", which
// Docker would read as its end; right is what to write instead.
func (v value) checkPath(s, right string) bool {
	switch {
	case !path.IsAbs(s) || strings.Contains(s, ":") || len(s) > 4096:
		v.bad("%s is not an absolute path; %s", quote(s), right)
	case path.Clean(s) != s:
		v.bad("%s is not the shortest form; write %s", quote(s), bounded(path.Clean(s)))
	default:
		return true
	}
	return false
}

func (v value) memory() int64 {
	const (
		right = "write bytes, or a number with k, m or g, from 6m to 64t, for example 512m"
		least = 6 << 20 // Docker's own
		most  = 64 << 40
	)
	s, ok := v.scalar(right)
	if !ok {
		return 0
	}
	n, err := units.RAMInBytes(s)
	if err != nil || n < least || n > most {
		v.bad("%s is not an amount of memory; %s", quote(s), right)
	}
	return n
}

func (v value) processors() float64 {
	const right = "write a number of processors from 0.01 to 1024, for example 1.5"
	s, ok := v.scalar(right)
	if !ok {
		return 0
	}
	n, err := strconv.ParseFloat(s, 64)
	if err != nil || !(n >= 0.01 && n <= 1024) { // not a number is neither
		v.bad("%s is not a number of processors; %s", quote(s), right)
		return 0
	}
	return n
}

func (v value) restart() string {
	const right = "write unless-stopped, or on-failure for what may end by itself and has no route"
	s, ok := v.text(right)
	switch {
	case !ok || s == "unless-stopped" || s == "on-failure":
	case s == "always":
		v.bad("found always, which would revive a stopped blue when dockerd restarts; %s", right)
	case s == "no":
		v.bad("found no, after which nothing would serve once the process or the host restarts; %s", right)
	default:
		v.bad("found %s; %s", quote(s), right)
	}
	return s
}

var signalPattern = regexp.MustCompile(`^(SIG)?(HUP|INT|QUIT|ABRT|KILL|USR1|USR2|ALRM|TERM|CONT|WINCH|PWR|RTMIN(\+[0-9]{1,2})?|RTMAX(-[0-9]{1,2})?)$`)

func (v value) signal() string {
	s := strings.ToUpper(v.matching(signalPattern, "a signal that Slipway knows", "write the name of a signal that ends a process, for example SIGTERM or SIGQUIT"))
	if s == "" || strings.HasPrefix(s, "SIG") {
		return s
	}
	return "SIG" + s
}

var capabilityPattern = regexp.MustCompile(`^(CAP_)?[A-Z][A-Z_]{1,30}$`)

// capabilities are those of Linux without CAP_, in order, since their order
// means nothing and must not change the settings.
func (v value) capabilities() []string {
	list := listOf(v, "write a list, for example [ALL]", func(item value) string {
		return item.matching(capabilityPattern, "a capability", "write it in capitals, for example ALL or NET_RAW")
	})
	for i := range list {
		list[i] = strings.TrimPrefix(list[i], "CAP_")
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (v value) labels() map[string]string {
	return v.texts("{team: search}", func(e entry) {
		if strings.HasPrefix(e.key, "slipway.") {
			e.bad("labels that begin with slipway. are set by Slipway; take another name")
		}
	})
}
