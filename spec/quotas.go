package spec

import (
	units "github.com/docker/go-units"

	"slipway"
)

var quotasKeys = object[slipway.Quotas]{
	"running": func(q *slipway.Quotas, v value) { q.Running = v.integer(1, 1000) },
	"queue":   func(q *slipway.Quotas, v value) { q.Queue = v.integer(1, 10_000) },
	"copy":    func(q *slipway.Quotas, v value) { q.Copy = v.rate() },
}

func (v value) quotas(q *slipway.Quotas) {
	g := quotasKeys.decode(v, q, "{running: 4, queue: 50, copy: 20m}", nil)
	if g.has("queue") && !g.has("running") {
		g.at("queue").bad("nothing waits for a turn without running; write, for example, running: 4 beside it")
	}
}

// rate is an amount a second. The least is what brings an image of a gigabyte
// across within the time that a copy may take.
func (v value) rate() int64 {
	const right = "write bytes a second, or a number with m or g, from 1m to 100g, for example 20m"
	s, ok := v.scalar(right)
	if !ok {
		return 0
	}
	n, err := units.RAMInBytes(s)
	if err != nil || n < units.MiB || n > 100*units.GiB {
		v.bad("%s is not such a rate; %s", quote(s), right)
		return 0
	}
	return n
}
