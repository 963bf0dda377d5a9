// Package workflows is what a release is: durable steps, the undo of each, and
// what people may do meanwhile.
//
// Lane is the queue of one service and lives as long as the service; it runs
// Releases as children, one at a time. A Release verifies, replicates, deploys
// green beside blue, waits at gates, switches, holds blue, and retires it; or
// undoes what it has done, in reverse. What a release could not remove, because
// a host does not answer, passes to a Cleanup; what it could not bring there, to
// a Catchup.
//
// The code is deterministic: no clock but workflow.Now, no map ranged over, no
// goroutine but workflow.Go. It may be replayed from histories years old, so a
// change to what it does ships with workflow.GetVersion and a recorded history.
package workflows
