package activities

import (
	"context"
	"sync/atomic"
	"time"

	"slipway"
)

// pingInterval is how often an engine is asked whether it is still there while
// it is busy with something that takes longer.
const pingInterval = time.Second

// retryInterval is how often what refuses at once is asked again.
const retryInterval = 100 * time.Millisecond

// answering calls f for as long as the engine of the host answers. When it has
// been silent for the length of patience, f's context ends, and the error is of
// CodeUnreachable, which nobody tries again: it is for the caller to go on
// without the host. What fails because something else does not answer, such as
// a registry, fails as it is. Without patience f is called and nothing else.
func answering[T any](ctx context.Context, engine Engine, host string, patience slipway.Duration, f func(context.Context) (T, error)) (T, error) {
	if patience == 0 {
		return f(ctx)
	}
	working, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	interval := min(pingInterval, patience.Std()/2)
	began := time.Now()
	var heard atomic.Int64 // how long after that the engine has last answered
	go func() {
		err := listen(working, engine, host, patience.Std(), interval, func() { heard.Store(int64(time.Since(began))) })
		if err != nil {
			stop(err)
		}
	}()
	out, err := f(working)
	if err == nil || ctx.Err() != nil {
		return out, err
	}
	if cause := context.Cause(working); slipway.ErrorCode(cause) == slipway.CodeUnreachable {
		return out, cause
	}
	stop(nil)
	if slipway.ErrorCode(err) == slipway.CodeUnavailable {
		// A connection may have limits of its own: what has passed in silence counts.
		over := min(time.Since(began)-time.Duration(heard.Load()), patience.Std()-interval)
		if silent := awaitAnswer(ctx, engine, host, patience.Std(), over); silent != nil {
			return out, silent
		}
	}
	return out, err
}

// listen returns when the engine has been silent for too long, or with nil when
// ctx ends. Most of what an engine is asked for is over before the first ping.
func listen(ctx context.Context, engine Engine, host string, patience, interval time.Duration, heard func()) error {
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
		if err := awaitAnswer(ctx, engine, host, patience, interval); err != nil {
			return err
		}
		if ctx.Err() == nil {
			heard()
		}
	}
}

// awaitAnswer returns nil as soon as the engine answers, and an error of
// CodeUnreachable when it has been silent for the length of patience, of which
// some is over. It is nil, too, when ctx ends before.
func awaitAnswer(ctx context.Context, engine Engine, host string, patience, over time.Duration) error {
	asking, stop := context.WithTimeout(ctx, patience-over)
	defer stop()
	tick := time.NewTicker(retryInterval)
	defer tick.Stop()
	silent := slipway.Errorf(slipway.CodeUnreachable, "host %s: the Docker Engine has not answered for %s", host, patience)
	for {
		err := engine.Ping(asking)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if asking.Err() == nil { // it said no, or something said so for it
			silent = slipway.Errorf(slipway.CodeUnreachable, "%v; it was asked again for %s", err, patience)
		}
		select {
		case <-tick.C:
		case <-asking.Done():
			if ctx.Err() != nil {
				return nil
			}
			return silent
		}
	}
}
