package slipway

import (
	"fmt"
	"slices"
)

// An Unmet is a dependency that no container on a host reaches.
type Unmet struct {
	To  string `json:"to,omitempty"` // "host:port"; empty: none of them could be tried
	Why string `json:"why"`
}

// Requires are the dependencies that containers of svc are to reach from a host
// of the plan: the service's own, then those of the host's profile.
func (p Plan) Requires(svc Service, host string) []string {
	return slices.Compact(slices.Sorted(slices.Values(slices.Concat(svc.Requires, p.Profiles[host].Requires))))
}

// unmet are the findings about dependencies.
func (p Profile) unmet(svc Service, facts HostFacts) []Finding {
	var out []Finding
	for _, u := range facts.Unmet {
		f := Finding{Check: "requires", Severity: p.Action, Right: "profile " + p.Name + " asks for it"}
		if len(svc.Requires) > 0 && (u.To == "" || slices.Contains(svc.Requires, u.To)) {
			f.Severity, f.Right = p.worst(), "the service requires it"
		}
		f.Found = fmt.Sprintf("no container there reaches %s: %s", u.To, u.Why)
		if u.To == "" {
			f.Found = "what containers there reach could not be tried: " + u.Why
		}
		out = append(out, f)
	}
	return out
}
