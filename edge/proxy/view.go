package proxy

import (
	"cmp"
	"log/slog"
	"net"
	"slices"
	"strings"

	"slipway"
)

// A view is a table made ready for requests. It is never changed once
// requests can see it.
type view struct {
	table    slipway.Table
	hosts    map[string][]*entry // by lower-case host name; the longest path first
	releases map[releaseKey]*release
	staged   map[releaseKey]staged
}

// staged is where requests for one release go that name it.
type staged struct {
	host string
	*entry
}

// An entry is where requests for one route go.
type entry struct {
	service slipway.ServiceID
	path    string   // without a trailing slash; empty: all of the host
	release *release // nil: nothing is live
}

// newView makes t ready. Releases and upstreams that the view before knows
// are taken over with what is in flight for them.
func newView(t slipway.Table, before *view, meters *meters, log *slog.Logger) *view {
	v := &view{table: t, hosts: map[string][]*entry{}, releases: map[releaseKey]*release{}, staged: map[releaseKey]staged{}}
	for _, state := range t {
		for name, target := range state.Targets {
			key := releaseKey{state.ServiceID, name}
			r := before.releases[key]
			if r == nil {
				r = newRelease(key, meters, log)
			}
			v.releases[key] = r
			r.pool.set(target.Upstreams)
			own := newEntry(state.ServiceID, target.Route)
			own.release = r
			v.staged[key] = staged{target.Route.Canonical().Host, own}
		}
		route := state.Route.Canonical()
		e := newEntry(state.ServiceID, route)
		if state.Active != "" {
			e.release = v.releases[releaseKey{state.ServiceID, state.Active}]
		}
		v.hosts[route.Host] = append(v.hosts[route.Host], e)
	}
	for _, entries := range v.hosts {
		slices.SortFunc(entries, func(a, b *entry) int { return cmp.Compare(len(b.path), len(a.path)) })
	}
	return v
}

func newEntry(id slipway.ServiceID, route slipway.Route) *entry {
	return &entry{service: id, path: strings.TrimSuffix(route.Canonical().Path, "/")}
}

// match finds the entry with the longest path that is the request's path or a
// parent of it.
func (v *view) match(host, path string) *entry {
	for _, e := range v.hosts[hostname(host)] {
		if e.covers(path) {
			return e
		}
	}
	return nil
}

// preview finds the entry of a staged release, where the request is for the
// route that would be the service's if the release were active.
func (v *view) preview(id slipway.ReleaseID, host, path string) *entry {
	s, ok := v.staged[releaseKey{id.ServiceID, id.String()}]
	if !ok || s.host != hostname(host) || !s.covers(path) {
		return nil
	}
	return s.entry
}

// covers reports whether the path is the entry's or below it.
func (e *entry) covers(path string) bool {
	rest, ok := strings.CutPrefix(path, e.path)
	return ok && (rest == "" || rest[0] == '/' || e.path == "")
}

// hostname is the host of a Host header without its port, in lower case and
// without the dot that ends a fully qualified name.
func hostname(header string) string {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	} else if strings.HasPrefix(host, "[") {
		host = strings.Trim(host, "[]")
	}
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
