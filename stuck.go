package slipway

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A StuckState says why a release waits for a person to say whether it goes on
// or back: something failed after its point of no return, or a group of hosts did
// that went back alone.
type StuckState struct {
	During  Phase     `json:"during"` // the phase in which it failed
	Reason  string    `json:"reason"` // what failed
	Serving string    `json:"serving"`
	Since   time.Time `json:"since"`
}

// String says it in a sentence.
func (s StuckState) String() string {
	return fmt.Sprintf("stuck while %s: %s (serving: %s)", strings.ReplaceAll(string(s.During), "_", " "), s.Reason, s.Serving)
}

// A StuckRelease is one of a service's releases that is stuck.
type StuckRelease struct {
	Release string `json:"release"`
	StuckState
}

// ServingText says what the edges said last that they serve: release by release,
// with the edges where they differ.
func (r Release) ServingText() string {
	var releases, parts []string
	for _, e := range r.Edges {
		if !slices.Contains(releases, e.Active) {
			releases = append(releases, e.Active)
		}
	}
	for _, release := range releases {
		var edges []string
		for _, e := range r.Edges {
			if e.Active == release {
				edges = append(edges, e.Name)
			}
		}
		text := release
		if text == "" {
			text = "nothing"
		}
		if len(releases) > 1 {
			text += " on " + strings.Join(edges, ", ")
		}
		parts = append(parts, text)
	}
	for _, e := range r.Edges {
		if e.Error != "" {
			parts = append(parts, e.Name+" did not answer when it was asked last")
		}
	}
	return strings.Join(parts, "; ")
}
