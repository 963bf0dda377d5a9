// Package edge is slipway-edge: Caddy as a library, with modules of ours.
//
// The app "slipway" owns the data directory and the administration; the
// handler "http.handlers.slipway" forwards requests. What changes while the
// edge runs is the table (packages keeper and disk) that the handler follows
// (package proxy) and, after a takeover, the process before (package
// handover). Caddy's own configuration is made once, at the start, and never
// reloaded, because a reload closes connections.
//
//	Slipway ─▶ admin ─▶ keeper ─▶ disk
//	                      └─────▶ proxy ◀── requests
package edge
