package spec

import (
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"slipway"
)

// ulimitKeys are the two numbers of a limit.
var ulimitKeys = object[slipway.Ulimit]{
	"soft": func(u *slipway.Ulimit, v value) { u.Soft = v.limit() },
	"hard": func(u *slipway.Ulimit, v value) { u.Hard = v.limit() },
}

// ulimitNames are the limits that Docker can set.
var ulimitNames = map[string]bool{
	"core": true, "cpu": true, "data": true, "fsize": true, "locks": true, "memlock": true, "msgqueue": true, "nice": true,
	"nofile": true, "nproc": true, "rss": true, "rtprio": true, "rttime": true, "sigpending": true, "stack": true,
}

func (v value) ulimits() map[string]slipway.Ulimit {
	const example = "{nofile: 65536} or {nofile: {soft: 1024, hard: 65536}}"
	limits := map[string]slipway.Ulimit{}
	known := slices.Sorted(maps.Keys(ulimitNames))
	entries, _ := v.entries("write a mapping, for example "+example, known...)
	for _, e := range entries {
		if !ulimitNames[e.key] {
			e.bad("unknown limit; %s", didYouMean(e.key, known))
			continue
		}
		limits[e.key] = e.ulimit()
	}
	if len(limits) == 0 {
		return nil
	}
	return limits
}

// ulimit is one number for both limits, or {soft, hard}.
func (v value) ulimit() slipway.Ulimit {
	if v.node.Kind != yaml.MappingNode {
		n := v.limit()
		return slipway.Ulimit{Soft: n, Hard: n}
	}
	var u slipway.Ulimit
	g := ulimitKeys.decode(v, &u, "{soft: 1024, hard: 65536}", nil)
	g.need([2]string{"soft", "1024"}, [2]string{"hard", "65536"})
	if u.Hard >= 0 && (u.Soft > u.Hard || u.Soft < 0) && g.has("soft") && g.has("hard") {
		v.bad("the soft limit is above the hard one; lower it")
	}
	return u
}

// limit is a number, or -1 for none.
func (v value) limit() int64 {
	least := -1
	if v.notes(&Schema{Type: "integer", Minimum: &least}) {
		return 0
	}
	n, err := strconv.ParseInt(v.node.Value, 10, 64)
	if v.node.ShortTag() != "!!int" || err != nil || n < -1 {
		v.wrong("write a number, or -1 for no limit, for example 65536")
	}
	return n
}
