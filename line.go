package slipway

import (
	"slices"
	"time"
)

// A Stop holds the releases of a project, or of all projects, at their next safe
// point until somebody resumes them, and keeps new ones in their queues. Going
// back is never held.
type Stop struct {
	Project string    `json:"project,omitempty"` // empty: all of them
	By      string    `json:"by"`
	Reason  string    `json:"reason"`
	At      time.Time `json:"at"`
}

// String is the stop as a reason that people read.
func (s Stop) String() string {
	what := "the line"
	if s.Project != "" {
		what = "the line of " + s.Project
	}
	return what + " was stopped by " + s.By + ": " + s.Reason
}

// A Line is what is stopped in the whole fleet. Of two, the one with the higher
// revision is true.
type Line struct {
	Revision int    `json:"revision"`
	Stops    []Stop `json:"stops,omitempty"` // at most one for a project, and one for all; the oldest first
}

// Has finds the stop of exactly this project; of all of them with an empty name.
func (l Line) Has(project string) (Stop, bool) {
	i := slices.IndexFunc(l.Stops, func(s Stop) bool { return s.Project == project })
	if i < 0 {
		return Stop{}, false
	}
	return l.Stops[i], true
}

// Holds is what keeps the releases of a project: the stop of all, or its own;
// nil for none.
func (l Line) Holds(project string) *Stop {
	for _, name := range []string{"", project} {
		if stop, ok := l.Has(name); ok {
			return &stop
		}
	}
	return nil
}

// A Wait is why a release stands still where nothing is half done.
type Wait struct {
	For    string     `json:"for"`    // WaitsForLine or WaitsForWindow
	Reason string     `json:"reason"` // for people
	Since  time.Time  `json:"since"`
	Until  *time.Time `json:"until"` // when it is over by itself; null: when somebody ends it
}

// What a release may wait for.
const (
	WaitsForLine   = "line"   // until it is resumed
	WaitsForWindow = "window" // until one is open, and no freeze is on
)

// String is the wait as people read it.
func (w Wait) String() string {
	if w.Until == nil {
		return w.Reason
	}
	return w.Reason + "; until " + w.Until.UTC().Format("2006-01-02 15:04 UTC")
}

// Same reports whether two waits are for the same, for as long; nil is to wait
// for nothing.
func (w *Wait) Same(other *Wait) bool {
	if w == nil || other == nil {
		return w == other
	}
	return w.For == other.For && w.Reason == other.Reason && (w.Until == nil) == (other.Until == nil) &&
		(w.Until == nil || w.Until.Equal(*other.Until))
}
