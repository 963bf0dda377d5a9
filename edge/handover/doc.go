// Package handover passes a running edge to another process on the same
// machine, a newer binary for example, without a connection being refused or
// cut.
//
// What passes are open files: the listening sockets, so that there is one
// queue of new connections throughout, and the locked lock file, so that the
// data directory is never without an owner. The steps, on a Unix socket in the
// data directory:
//
//	old ──▶ new   the files; writes to the table wait from now on
//	new ──▶ old   "serving": new has the table and accepts connections, too
//	old ──▶ new   "yours": old accepts none any more; new writes the table
//
// If new dies or is slow before "serving", old goes on as if nothing had been.
// After "yours" old lingers until the connections that it has are closed. All
// that time it follows the table of new, so that a kept connection sees each
// switch, and counts for new what it has in flight, so that a drain is true.
package handover
