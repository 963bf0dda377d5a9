package slipway

import "fmt"

// Quotas bound what a project has under way at a time, so that it cannot keep
// others from releasing. Zero is no bound. Going back, undoing and aborting
// never wait for one.
type Quotas struct {
	Running int   `json:"running,omitempty"` // releases, from their turn until they hold or have ended; not while they wait at gates, and not from then on
	Queue   int   `json:"queue,omitempty"`   // services whose releases wait for one of these
	Copy    int64 `json:"copy,omitempty"`    // bytes a second that one worker copies between registries
}

// Bounds reports whether an order waits until its project may run one more
// release. What goes back, takes away or adopts does not.
func (q Quotas) Bounds(kind ReleaseKind) bool {
	return q.Running > 0 && (kind == KindRelease || kind == KindRestart)
}

// Waits is why a release of the project has to wait.
func (q Quotas) Waits(project string) string {
	return fmt.Sprintf("project %s may have %s under way at a time (quotas.running in the fleet file): it starts when one of them holds, waits at a gate, or has ended",
		project, releases(q.Running))
}

// Full is why one may not even wait.
func (q Quotas) Full(project string) *Error {
	return Errorf(CodeTooMany, "project %s has %s under way, and %d of its services wait for their turn, which is all that may (quotas.running and quotas.queue in the fleet file): wait until some have had it, or abort releases that wait",
		project, releases(q.Running), q.Queue)
}

func releases(n int) string {
	if n == 1 {
		return "1 release"
	}
	return fmt.Sprintf("%d releases", n)
}
