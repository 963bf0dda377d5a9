package slipway

// An Unmet is a dependency that no container on a host reaches.
type Unmet struct {
	To  string `json:"to,omitempty"` // "host:port"; empty: none of them could be tried
	Why string `json:"why"`
}
