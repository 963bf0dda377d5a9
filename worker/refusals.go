package worker

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/interceptor"

	"slipway"
	"slipway/activities"
)

const (
	refusalTime = 10 * time.Second // for which refusals alike are counted, and written as one
	maxRefusals = 100              // kinds that are told apart in that time: what a flood of them writes fits on any disk
	maxDetail   = 2000             // bytes of a refusal that are written: some of it is what was refused
)

// refusals write down what activities did not carry out because nobody has
// signed it: whoever can write to Temporal may ask them for anything, and leaves
// no other trace outside. The first refusal of a kind is written before the
// activity ends.
type refusals struct {
	interceptor.WorkerInterceptorBase
	audit  Audit
	logger *slog.Logger

	mu      sync.Mutex
	counted map[string]slipway.AuditEntry // by kind, with how many came after it; empty: no time is running
}

func newRefusals(config Config) *refusals {
	return &refusals{audit: config.Audit, logger: config.Log, counted: map[string]slipway.AuditEntry{}}
}

// InterceptActivity is that of interceptor.WorkerInterceptor.
func (r *refusals) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor) interceptor.ActivityInboundInterceptor {
	return &refusing{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}, refusals: r}
}

type refusing struct {
	interceptor.ActivityInboundInterceptorBase
	refusals *refusals
}

func (r *refusing) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	result, err := r.Next.ExecuteActivity(ctx, in)
	if release, why, ok := activities.Refused(err); ok {
		r.refusals.add(refusalOf(activity.GetInfo(ctx), release, why))
	}
	return result, err
}

func refusalOf(info activity.Info, release, why string) slipway.AuditEntry {
	e := slipway.AuditEntry{
		Kind: slipway.AuditRefused, Action: "worker.refused", Code: slipway.CodeForbidden, Detail: why[:min(len(why), maxDetail)],
		After: map[string]string{"activity": info.ActivityType.Name, "workflow": info.WorkflowExecution.ID, "run": info.WorkflowExecution.RunID},
	}
	if id, err := slipway.ParseReleaseID(release); err == nil {
		e.Project, e.Service, e.Release = id.Project, id.Service, release
	}
	return e
}

func (r *refusals) add(e slipway.AuditEntry) {
	kind := e.After["activity"] + " " + e.Release
	r.mu.Lock()
	if len(r.counted) == 0 {
		time.AfterFunc(refusalTime, r.flush)
	}
	have, known := r.counted[kind]
	if !known && len(r.counted) >= maxRefusals {
		kind, e = "", slipway.AuditEntry{Kind: slipway.AuditRefused, Action: "many", Detail: "more kinds of refusals at a time than are told apart"}
		have, known = r.counted[kind]
	}
	if known {
		have.Count++
		r.counted[kind] = have
	} else {
		r.counted[kind] = e
	}
	r.mu.Unlock()
	if !known {
		r.write(e)
	}
}

// flush writes how many there were beside those that were written.
func (r *refusals) flush() {
	r.mu.Lock()
	counted := maps.Clone(r.counted)
	clear(r.counted)
	r.mu.Unlock()
	for _, e := range counted {
		if e.Count > 0 {
			delete(e.After, "workflow") // which were of the first one alone
			delete(e.After, "run")
			r.write(e)
		}
	}
}

// write does without the entry where it cannot be written: what was refused
// stays refused.
func (r *refusals) write(e slipway.AuditEntry) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := r.audit.Settle(ctx, time.Time{}, e, false); err != nil {
		r.logger.Error("Refusal not written to the audit log", "detail", e.Detail, "error", err)
	}
}
