package slipway

import (
	"slices"
	"time"
)

// A HostStatus is how a host of the fleet answers right now.
type HostStatus struct {
	Name    string            `json:"name"`
	Way     string            `json:"way"` // unix, tcp, ssh or agent
	Address string            `json:"address"`
	Labels  map[string]string `json:"labels,omitempty"`
	Answers bool              `json:"answers"`
	Error   string            `json:"error,omitempty"`  // why it does not
	Facts   *HostFacts        `json:"facts,omitempty"`  // nil if it does not
	Agent   *AgentStatus      `json:"agent,omitempty"`  // nil for a host without one
	Cordon  *Cordon           `json:"cordon,omitempty"` // nil: nothing keeps releases away

	Services int         `json:"services"`          // that run there, of those that whoever asks may view
	ToCome   []Remaining `json:"to_come,omitempty"` // what is live, and not there yet, nor on the edges there
}

// Count notes which services run on the host, and which are still to come.
func (h *HostStatus) Count(services []ServiceStatus) {
	for _, s := range services {
		if s.RunsOn(h.Name) {
			h.Services++
		}
		if slices.Contains(s.Joining, h.Name) {
			h.ToCome = append(h.ToCome, Remaining{s.ServiceID, s.Live.Release, "it joins when nothing is on its way or held"})
			continue
		}
		for _, b := range s.Behind {
			if b.Host == h.Name || b.Edge != "" && s.Live.Plan.leads(b.Edge, h.Name) {
				h.ToCome = append(h.ToCome, Remaining{s.ServiceID, s.Live.Release, b.String() + ": " + b.Error})
				break
			}
		}
	}
}

// An AgentStatus says whether the agent of a host takes work.
type AgentStatus struct {
	Alive bool       `json:"alive"`
	Seen  *time.Time `json:"seen,omitempty"` // when it last asked for work; nil: not for some minutes
}
