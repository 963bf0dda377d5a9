package worker

import (
	"context"
	"sync"

	"golang.org/x/time/rate"

	"slipway"
	"slipway/drivers/registry"
)

const (
	projectCopies = 4         // of one project at a time, so that it never takes all that a worker has
	paceBurst     = 256 << 10 // bytes that may be ahead of a rate; more than is sent at a time
)

// copies are those between registries that this worker has under way, by
// project.
type copies struct {
	mu sync.Mutex
	of map[string]*copying
}

type copying struct {
	now  int
	pace *rate.Limiter // that all of the project share; nil: as fast as it goes
}

// begin takes note of a copy, at so many bytes a second for all of its project
// (0: as fast as it goes), until it is done.
func (c *copies) begin(project string, bytes int64) (pace registry.Pace, done func(), err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.of == nil {
		c.of = map[string]*copying{}
	}
	p := c.of[project]
	if p == nil {
		p = &copying{}
		c.of[project] = p
	}
	if p.now >= projectCopies {
		return nil, nil, slipway.Errorf(slipway.CodeUnavailable, "%d images of project %s are being copied, which is all that may at a time: this one is next when one is done", p.now, project)
	}
	switch {
	case bytes == 0:
		p.pace = nil
	case p.pace == nil:
		p.pace = rate.NewLimiter(rate.Limit(bytes), paceBurst)
	default:
		p.pace.SetLimit(rate.Limit(bytes)) // the fleet file may have changed
	}
	if limiter := p.pace; limiter != nil {
		pace = func(ctx context.Context, n int) error { return limiter.WaitN(ctx, n) }
	}
	p.now++
	return pace, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		if p.now--; p.now == 0 {
			delete(c.of, project)
		}
	}, nil
}
