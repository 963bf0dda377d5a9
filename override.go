package slipway

import "time"

// An Override is a generation of a route that Slipway did not write: a person
// did, on the edge itself. The edge keeps it until Slipway has written it down.
type Override struct {
	ID string `json:"id"` // of this one, and never of another
	ServiceID
	Release    string    `json:"release"`          // that was active from then on
	Before     string    `json:"before,omitempty"` // that was until then
	Generation uint64    `json:"generation"`
	By         string    `json:"by"` // "operator:NAME"
	Reason     string    `json:"reason,omitempty"`
	At         time.Time `json:"at"`
}

// A TakeRequest asks an edge for overrides. Those that it is given are lent to
// it for a minute, in which nobody else gets them.
type TakeRequest struct {
	By string `json:"by"` // who will write them down
}

// A TakenRequest says which of them are written down: the edge forgets them.
type TakenRequest struct {
	IDs []string `json:"ids"`
}
