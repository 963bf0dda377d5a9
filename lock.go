package slipway

import "time"

// A Lock keeps new releases of a service away. What is on its way goes on, and
// going back is always possible.
type Lock struct {
	By     string    `json:"by"`
	Reason string    `json:"reason"`
	At     time.Time `json:"at"`
}

// String is the lock as a reason that people read.
func (l Lock) String() string { return "locked by " + l.By + ": " + l.Reason }
