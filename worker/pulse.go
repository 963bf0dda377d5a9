package worker

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"
)

// pulse beats for every activity that has a heartbeat timeout, so that one
// whose worker was killed is tried again within seconds, and one that is
// cancelled hears of it. Activities record progress when they have any; the
// pulse repeats the last of it.
//
// A pulse says that the process lives, not that the work goes on: that is what
// deadlines are for, and every call of a driver has one.
type pulse struct {
	interceptor.WorkerInterceptorBase
}

func (p *pulse) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &pulsed{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

type pulsed struct {
	interceptor.ActivityInboundInterceptorBase
	out beats
}

func (p *pulsed) Init(outbound interceptor.ActivityOutboundInterceptor) error {
	p.out.Next = outbound
	return p.Next.Init(&p.out)
}

func (p *pulsed) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	info := activity.GetInfo(ctx)
	ctx, cancel := context.WithDeadline(ctx, info.Deadline.Add(-lastWords(info.StartToCloseTimeout)))
	defer cancel()
	timeout := info.HeartbeatTimeout
	if timeout == 0 {
		return p.Next.ExecuteActivity(ctx, in)
	}
	done := make(chan struct{})
	defer close(done)
	go func() {
		tick := time.NewTicker(timeout / 3)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				p.out.repeat(ctx)
			case <-done:
				return
			}
		}
	}()
	return p.Next.ExecuteActivity(ctx, in)
}

// throttle is how often at most a beat goes to Temporal. By itself the SDK
// waits for four fifths of the timeout, which leaves a busy machine little time.
const throttle = time.Second

// lastWords is how long before its deadline an activity is to end, so that a
// driver can say what did not answer. At the deadline itself Temporal gives up,
// and knows nothing of the reason.
func lastWords(timeout time.Duration) time.Duration {
	return min(timeout/10, 500*time.Millisecond)
}

// beats remembers what an activity recorded last.
type beats struct {
	interceptor.ActivityOutboundInterceptorBase
	mu   sync.Mutex
	last []any
}

func (b *beats) RecordHeartbeat(ctx context.Context, details ...any) {
	b.mu.Lock()
	b.last = details
	b.mu.Unlock()
	b.Next.RecordHeartbeat(ctx, details...)
}

func (b *beats) repeat(ctx context.Context) {
	b.mu.Lock()
	details := b.last
	b.mu.Unlock()
	b.Next.RecordHeartbeat(ctx, details...)
}
