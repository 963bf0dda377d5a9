// Package proxy is the data plane of an edge: an http.Handler that follows a
// slipway.Table.
//
// A request reads one atomic pointer, chooses its release once, and stays with
// that release until it ends, whatever is committed meanwhile; a switch only
// decides where later requests go. So a switch cuts nothing, and connections
// kept alive by clients go on across it. Every request is counted against its
// release from before it is forwarded until it has ended, a WebSocket until it
// is closed, so that Drain knows when a release may be stopped.
//
// It proxies with net/http/httputil and one http.Transport per release rather
// than with Caddy's reverse_proxy, for three reasons: that asks its upstream
// source again on each retry, and so could answer one request from two
// versions; its upstreams live in a pool of the whole process, keyed by
// address, where a connection to a release that is gone could be used for the
// next one that got its address; and it does not say when a request ends.
package proxy
