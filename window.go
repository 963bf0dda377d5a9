package slipway

import (
	"slices"
	"time"
	_ "time/tzdata" // a machine need not have the time zones
)

// A Window is a time by the clock on the wall somewhere: when releases may
// switch or, as a freeze, when they may not. What it leaves out it does not
// restrict.
type Window struct {
	Name     string    `json:"name"`
	Reason   string    `json:"reason,omitempty"` // of a freeze, for those whom it holds
	TimeZone string    `json:"time_zone"`        // IANA's name
	Days     []Weekday `json:"days,omitempty"`
	Times    []Span    `json:"times,omitempty"`  // within a day
	From     string    `json:"from,omitempty"`   // as MomentLayout: not before
	Until    string    `json:"until,omitempty"`  // and not from then on
	On       []string  `json:"on,omitempty"`     // lists of holidays: on no other day
	Except   []string  `json:"except,omitempty"` // lists of holidays: not on these

	Projects []string    `json:"projects,omitempty"` // in the fleet file: whose releases it concerns
	Services []ServiceID `json:"services,omitempty"`
	Hosts    *Selector   `json:"hosts,omitempty"` // releases that come to any of these
}

// A Weekday is the three letters of a day.
type Weekday string

// Weekdays are all of them, from Sunday, as time.Weekday counts.
var Weekdays = []Weekday{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// A Span is a part of a day, in minutes since midnight by the clock on the wall.
// One that ends before it begins ends on the day after.
type Span struct {
	From int `json:"from"`
	To   int `json:"to"` // 1440 at most
}

// wholeDay is the Span of a window that names none.
var wholeDay = []Span{{0, 24 * 60}}

// A HolidayList is days that windows and freezes name.
type HolidayList struct {
	Name  string   `json:"name"`
	Dates []string `json:"dates"` // as DateLayout
}

// How days and moments are written in files, by the clock on the wall.
const (
	DateLayout   = "2006-01-02"
	MomentLayout = "2006-01-02 15:04"
)

// concerns reports whether the window is about releases of a service that come
// to hosts.
func (w Window) concerns(id ServiceID, hosts []Host) bool {
	return (len(w.Projects) == 0 || slices.Contains(w.Projects, id.Project)) &&
		(len(w.Services) == 0 || slices.Contains(w.Services, id)) &&
		(w.Hosts == nil || slices.ContainsFunc(hosts, w.Hosts.Selects))
}

// WindowPatience is how far ahead a window may open for which a release waits,
// and by how much longer its order counts where there are any.
const WindowPatience = 7 * 24 * time.Hour
