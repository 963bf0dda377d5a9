package registry

import (
	"context"
	"io"
)

// A Pace is called before bytes are sent, at most 32 KiB at a time, and returns
// when they may be. It is called by several goroutines.
type Pace func(ctx context.Context, bytes int) error

// pacedSize is how much is sent between two calls of a Pace.
const pacedSize = 32 << 10

type paceKey struct{}

// paced makes all that is sent under ctx keep to a pace.
func paced(ctx context.Context, pace Pace) context.Context {
	if pace == nil {
		return ctx
	}
	return context.WithValue(ctx, paceKey{}, pace)
}

func paceOf(ctx context.Context) Pace {
	pace, _ := ctx.Value(paceKey{}).(Pace)
	return pace
}

// pacedBody is what a registry is sent, read no faster than it may be. What is
// read from the other registry goes straight through, so that is no faster
// either.
type pacedBody struct {
	io.ReadCloser
	ctx  context.Context
	pace Pace
}

func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p[:min(len(p), pacedSize)])
	if n > 0 {
		if late := b.pace(b.ctx, n); late != nil {
			return 0, late
		}
	}
	return n, err
}
