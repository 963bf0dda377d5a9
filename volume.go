package slipway

import (
	"path"
	"slices"
	"strings"
)

// sockets rule a host: whoever can write to one is root there. What is, or
// contains, one is refused, whatever the fleet file lists.
var sockets = []string{
	"/run/docker.sock", "/var/run/docker.sock",
	"/run/containerd/containerd.sock", "/var/run/containerd/containerd.sock",
	"/run/podman/podman.sock", "/var/run/podman/podman.sock",
	"/run/crio/crio.sock", "/var/run/crio/crio.sock",
}

// system are the directories that a host is made of, and where its engine and
// Slipway keep what is theirs. A pattern that reaches them from above, such as
// "/**", does not open them.
var system = []string{
	"/bin", "/boot", "/dev", "/etc", "/lib", "/lib64", "/proc", "/root", "/run", "/sbin", "/sys", "/usr", "/var/run",
	"/var/lib/containerd", "/var/lib/docker", "/var/lib/slipway", "/var/spool/cron",
}

func (f *Fleet) permitVolume(project Project, v Volume) error {
	const field = "container.volumes"
	allowed := project.Allow.Volumes
	if v.Bind() {
		if ruler, ok := f.ruler(v.Source); ok {
			return Errorf(CodeForbidden, "%s: %q is not allowed: it is, or contains, %s, which rules what Slipway runs: no rule of the fleet file opens it", field, v.Source, ruler)
		}
	}
	if slices.ContainsFunc(allowed, func(pattern string) bool { return opens(pattern, v.Source) }) {
		return nil
	}
	if slices.ContainsFunc(allowed, func(pattern string) bool { return matchPath(pattern, v.Source) }) {
		return Errorf(CodeForbidden, "%s: %q is not allowed: it belongs to the system, which no pattern opens from above: allow.volumes of project %q in the fleet file lists %s, and would have to name it",
			field, v.Source, project.Name, orNothing(allowed))
	}
	return denied(project, field, v.Source, "volumes", allowed)
}

// ruler is the socket, or private key, that a directory of a host is or
// contains.
func (f *Fleet) ruler(source string) (string, bool) {
	if strings.HasSuffix(path.Base(source), "docker.sock") || strings.HasSuffix(path.Base(source), "containerd.sock") {
		return source, true
	}
	for _, s := range slices.Concat(sockets, f.own()) {
		if within(s, source) {
			return s, true
		}
	}
	return "", false
}

// own are the sockets and keys that the fleet file names.
func (f *Fleet) own() []string {
	var list []string
	add := func(address string, tls *TLS) {
		if socket, ok := strings.CutPrefix(address, "unix://"); ok {
			list = append(list, socket)
		}
		if tls != nil {
			list = append(list, tls.Key)
		}
	}
	for _, h := range f.Hosts {
		add(h.Docker, h.TLS)
		if h.SSH != nil {
			list = append(list, h.SSH.Key)
		}
	}
	for _, e := range f.Edges {
		add(e.Admin, e.TLS)
	}
	return list
}

// opens reports whether a pattern gives a service the source: what it matches,
// but of the system only what it names, or what is below a directory of the
// system that it names.
func opens(pattern, source string) bool {
	if !matchPath(pattern, source) {
		return false
	}
	dir, tree := strings.CutSuffix(pattern, "/**")
	return !tree || !slices.ContainsFunc(system, func(s string) bool {
		return (within(source, s) || within(s, source)) && !within(dir, s)
	})
}

// within reports whether a path is the directory or below it.
func within(name, dir string) bool {
	return name == dir || strings.HasPrefix(name, strings.TrimSuffix(dir, "/")+"/")
}

// matchPath matches a cleaned absolute path exactly, or below "/dir/**", and
// the name of a volume exactly: a named volume may be another project's.
func matchPath(pattern, name string) bool {
	if path.Clean(name) != name {
		return false // "/data/search/../../etc" is no way out
	}
	if dir, ok := strings.CutSuffix(pattern, "/**"); ok {
		return within(name, dir) && strings.HasPrefix(name, "/")
	}
	return path.Clean(pattern) == name
}
