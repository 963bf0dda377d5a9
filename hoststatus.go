package slipway

import "time"

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
}

// An AgentStatus says whether the agent of a host takes work.
type AgentStatus struct {
	Alive bool       `json:"alive"`
	Seen  *time.Time `json:"seen,omitempty"` // when it last asked for work; nil: not for some minutes
}
