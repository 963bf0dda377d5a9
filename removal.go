package slipway

import "time"

// A Removal is why nothing of a service is live any more: a person has taken it
// away.
type Removal struct {
	Release string    `json:"release"` // the removal's own id
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
}

// String is the removal as people read it.
func (r Removal) String() string { return "removed by " + r.By + ": " + r.Reason }
