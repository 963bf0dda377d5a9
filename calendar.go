package slipway

import (
	"slices"
	"strings"
	"time"
)

// A Calendar is all windows and freezes that concern a release: those of the
// fleet, and those that the service adds, which can only make it stricter. A
// release may switch when no freeze is on, a window of the fleet is open if any
// concerns it, and one of the service's own if it has any.
type Calendar struct {
	fleet, own, freezes []timed
	missing             string // a list of holidays, or a time zone, that is not there: it cannot be told what was meant
}

// A timed window is one with what its names stand for.
type timed struct {
	Window
	zone        *time.Location
	from, until time.Time
	on, except  map[string]bool // by date
}

// Calendar is that of releases of a service with own windows and freezes, that
// come to the named hosts.
func (f *Fleet) Calendar(id ServiceID, windows, freezes []Window, hosts []string) Calendar {
	var at []Host
	for _, name := range hosts {
		if h, ok := f.Host(name); ok {
			at = append(at, h)
		}
	}
	var c Calendar
	add := func(to *[]timed, from []Window) {
		for _, w := range from {
			if w.concerns(id, at) {
				*to = append(*to, c.timed(f, w))
			}
		}
	}
	add(&c.fleet, f.Windows)
	add(&c.own, windows)
	add(&c.freezes, f.Freezes)
	add(&c.freezes, freezes)
	return c
}

func (c *Calendar) timed(f *Fleet, w Window) timed {
	t := timed{Window: w, zone: time.UTC}
	if zone, err := time.LoadLocation(w.TimeZone); err == nil {
		t.zone = zone
	} else {
		c.missing = "time zone " + w.TimeZone
	}
	t.from, _ = time.ParseInLocation(MomentLayout, w.From, t.zone) // what is left out is no time
	t.until, _ = time.ParseInLocation(MomentLayout, w.Until, t.zone)
	dates := func(lists []string) map[string]bool {
		found := map[string]bool{}
		for _, name := range lists {
			i := slices.IndexFunc(f.Holidays, func(l HolidayList) bool { return l.Name == name })
			if i < 0 {
				c.missing = "list of holidays " + name
				continue
			}
			for _, date := range f.Holidays[i].Dates {
				found[date] = true
			}
		}
		return found
	}
	t.on, t.except = dates(w.On), dates(w.Except)
	return t
}

// Empty reports whether nothing concerns the release.
func (c Calendar) Empty() bool { return len(c.fleet)+len(c.own)+len(c.freezes) == 0 }

// Unknown is a list of holidays, or a time zone, that a window names and nobody
// knows; empty for none.
func (c Calendar) Unknown() string { return c.missing }

// Shut says what keeps a release from switching at a moment, and until when;
// nil: nothing. Until is nil where no end is known within a year.
func (c Calendar) Shut(at time.Time) *Wait {
	reason := c.shut(at)
	if reason == "" {
		return nil
	}
	return &Wait{For: WaitsForWindow, Reason: reason, Since: at, Until: c.opens(at)}
}

func (c Calendar) shut(at time.Time) string {
	if c.missing != "" {
		return "the fleet file has no " + c.missing + ", which a window or a freeze names"
	}
	for _, f := range c.freezes {
		if f.holds(at) {
			if f.Reason == "" {
				return "freeze " + f.Name
			}
			return "freeze " + f.Name + " (" + f.Reason + ")"
		}
	}
	for _, windows := range [][]timed{c.fleet, c.own} {
		if len(windows) > 0 && !slices.ContainsFunc(windows, func(w timed) bool { return w.holds(at) }) {
			names := make([]string, len(windows))
			for i, w := range windows {
				names[i] = w.Name
			}
			return "outside of window " + strings.Join(names, ", ")
		}
	}
	return ""
}

// holds reports whether a moment is within the window.
func (t timed) holds(at time.Time) bool {
	if !t.from.IsZero() && at.Before(t.from) || !t.until.IsZero() && !at.Before(t.until) {
		return false
	}
	local := at.In(t.zone)
	minute := local.Hour()*60 + local.Minute()
	today := time.Date(local.Year(), local.Month(), local.Day(), 0, 0, 0, 0, time.UTC)
	for _, s := range t.spans() {
		switch {
		case s.From < s.To && minute >= s.From && minute < s.To && t.day(today):
			return true
		case s.From >= s.To && (minute >= s.From && t.day(today) || minute < s.To && t.day(today.AddDate(0, 0, -1))):
			return true
		}
	}
	return false
}

func (t timed) spans() []Span {
	if len(t.Times) == 0 {
		return wholeDay
	}
	return t.Times
}

// day reports whether the window is on a date.
func (t timed) day(date time.Time) bool {
	text := date.Format(DateLayout)
	return (len(t.Days) == 0 || slices.Contains(t.Days, Weekdays[date.Weekday()])) &&
		(len(t.On) == 0 || t.on[text]) && !t.except[text]
}

const (
	horizon = 366 // days ahead that are looked through
	stride  = 8   // days at a time
)

// opens is the first moment after one at which nothing is shut; nil if there is
// none within the horizon.
func (c Calendar) opens(after time.Time) *time.Time {
	if c.missing != "" {
		return nil
	}
	for first := 0; first < horizon; first += stride {
		end := after.AddDate(0, 0, first+stride)
		for _, turn := range c.turns(after, first, end) {
			if c.shut(turn) == "" {
				return &turn
			}
		}
	}
	return nil
}

// turns are the moments until an end at which anything may open or close, in
// their order: among them are all at which something does.
func (c Calendar) turns(after time.Time, first int, end time.Time) []time.Time {
	var turns []time.Time
	add := func(at time.Time) {
		if at.After(after) && !at.After(end) {
			turns = append(turns, at.UTC())
		}
	}
	for _, t := range slices.Concat(c.fleet, c.own, c.freezes) {
		add(t.from)
		add(t.until)
		local := after.In(t.zone)
		for d := first - 2; d <= first+stride+2; d++ { // zones are up to a day apart
			midnight := time.Date(local.Year(), local.Month(), local.Day()+d, 0, 0, 0, 0, time.UTC)
			_, next := midnight.In(t.zone).ZoneBounds()
			add(next) // where the clock is changed, an hour may be left out
			for _, s := range t.spans() {
				for _, minute := range []int{0, s.From, s.To} {
					wall := midnight.Add(time.Duration(minute) * time.Minute)
					for _, near := range []time.Duration{-26 * time.Hour, 26 * time.Hour} { // or come twice
						_, offset := wall.Add(near).In(t.zone).Zone()
						add(wall.Add(-time.Duration(offset) * time.Second))
					}
				}
			}
		}
	}
	slices.SortFunc(turns, time.Time.Compare)
	return turns
}
