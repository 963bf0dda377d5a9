package spec

import (
	"regexp"
	"slices"
	"strings"

	"slipway"
)

var devicePermissions = regexp.MustCompile(`^(r|w|m|rw|rm|wm|rwm)$`)

// devices are "source[:target[:rwm]]", in the order of their targets, since
// their order means nothing and must not change the settings.
func (v value) devices() []slipway.Device {
	const right = "write source, source:target or source:target:rwm, for example /dev/fuse"
	targets := unique{}
	list := listOf(v, "write a list, for example [/dev/fuse]", func(item value) slipway.Device {
		s, ok := item.text(right)
		if !ok {
			return slipway.Device{}
		}
		part := strings.Split(s, ":")
		d := slipway.Device{Source: part[0], Target: part[0], Permissions: "rwm"}
		if len(part) > 1 {
			d.Target = part[1]
		}
		if len(part) > 2 {
			d.Permissions = part[2]
		}
		if len(part) > 3 || !devicePermissions.MatchString(d.Permissions) {
			item.bad("%s is not a device; %s", quote(s), right)
			return slipway.Device{}
		}
		if item.checkPath(d.Source, right) && item.checkPath(d.Target, right) {
			targets.add(item, d.Target)
		}
		return d
	})
	slices.SortStableFunc(list, func(a, b slipway.Device) int { return strings.Compare(a.Target, b.Target) })
	return list
}
