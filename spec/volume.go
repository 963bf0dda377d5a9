package spec

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"slipway"
)

// A mount is a volume in Compose's long form.
type mount struct {
	slipway.Volume
	kind string
}

var mountKeys = object[mount]{
	"type":   func(m *mount, v value) { m.kind = v.mountType() },
	"source": func(m *mount, v value) { m.Source, _ = v.text("write a path of the host or the name of a volume") },
	"target": func(m *mount, v value) {
		if s, ok := v.text(targetRight); ok {
			m.Target = v.mountTarget(s)
		}
	},
	"read_only": func(m *mount, v value) { m.ReadOnly = v.boolean() },
}

var mountRefused = map[string]string{
	"bind":        "no options of bind mounts are available; leave it out",
	"volume":      "no options of volumes are available; leave it out",
	"tmpfs":       "is not available in this version",
	"consistency": "means nothing on Linux; leave it out",
}

// volumes are mounts in Compose's short or long form, in the order of their
// targets, since their order means nothing and must not change the settings.
func (v value) volumes() []slipway.Volume {
	const example = "/data/search:/data:ro"
	targets := unique{}
	list := listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.Volume {
		var volume slipway.Volume
		at := item
		if item.node.Kind == yaml.MappingNode {
			var m mount
			g := mountKeys.decode(item, &m, "{type: bind, source: /data/search, target: /data}", mountRefused)
			g.need([2]string{"type", "bind"}, [2]string{"source", "/data/search"}, [2]string{"target", "/data"})
			if m.Source != "" {
				g.at("source").mountSource(m.Source, m.kind)
			}
			volume, at = m.Volume, g.at("target")
		} else if s, ok := item.text("write a volume, for example " + example); ok {
			volume = item.shortVolume(s, example)
		}
		targets.add(at, volume.Target)
		return volume
	})
	slices.SortStableFunc(list, func(a, b slipway.Volume) int { return strings.Compare(a.Target, b.Target) })
	return list
}

// shortVolume is "source:target[:ro|rw]".
func (v value) shortVolume(s, example string) slipway.Volume {
	part := strings.Split(s, ":")
	switch {
	case len(part) == 1:
		v.bad("%s has no source, and what it holds would be lost with each release; write for example %s", quote(s), example)
		return slipway.Volume{}
	case len(part) > 3, len(part) == 3 && part[2] != "ro" && part[2] != "rw":
		v.bad("%s is not a volume; write source:target, or source:target:ro, for example %s", quote(s), example)
		return slipway.Volume{}
	}
	v.mountSource(part[0], "")
	return slipway.Volume{Source: part[0], Target: v.mountTarget(part[1]), ReadOnly: len(part) == 3 && part[2] == "ro"}
}

func (v value) mountType() string {
	if v.node.Value == "tmpfs" {
		v.bad("found tmpfs, which is not available in this version; write bind or volume")
		return ""
	}
	return v.oneOf("bind", "volume")
}

var volumePattern = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,127}$`)

// mountSource checks a path of the host, or the name of a volume; kind is
// bind, volume, or empty for whichever it looks like.
func (v value) mountSource(s, kind string) {
	if kind == "bind" || kind == "" && strings.ContainsAny(s, "/~") || strings.HasPrefix(s, ".") {
		v.checkPath(s, "a host knows no directory of the project: write an absolute path, for example /data/search")
	} else if !volumePattern.MatchString(s) {
		v.bad("%s is not the name of a volume; write letters, digits and _ . -, for example search-data", quote(s))
	}
}

const targetRight = "write the path in the container, for example /data"

// mountTarget is where the container sees a volume.
func (v value) mountTarget(s string) string {
	if s == "/" {
		v.bad("would cover the whole image; %s", targetRight)
	} else if v.checkPath(s, targetRight) {
		return s
	}
	return ""
}
