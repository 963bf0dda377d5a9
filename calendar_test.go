package slipway_test

import (
	"testing"
	"time"

	"slipway"
)

var (
	queryAPI = slipway.ServiceID{Project: "search", Service: "query-api"}
	cart     = slipway.ServiceID{Project: "shop", Service: "cart"}
)

const berlin = "Europe/Berlin"

// onWall is a moment by the clock on the wall of Berlin, or with an offset.
func onWall(t *testing.T, text string) time.Time {
	t.Helper()
	zone, err := time.LoadLocation(berlin)
	if err != nil {
		t.Fatal(err)
	}
	for _, layout := range []string{slipway.MomentLayout + " -0700", slipway.MomentLayout} {
		if moment, err := time.ParseInLocation(layout, text, zone); err == nil {
			return moment
		}
	}
	t.Fatalf("%q is no moment", text)
	return time.Time{}
}

func hours(from, to int) []slipway.Span { return []slipway.Span{{From: from * 60, To: to * 60}} }

func TestCalendarSaysWhenAReleaseMaySwitch(t *testing.T) {
	t.Parallel()
	office := slipway.Window{Name: "office", TimeZone: berlin, Days: []slipway.Weekday{"mon", "tue", "wed", "thu"}, Times: hours(10, 17)}
	yearEnd := slipway.Window{Name: "year-end", Reason: "the shops are full", TimeZone: berlin, From: "2026-12-18 18:00", Until: "2027-01-07 00:00"}
	night := slipway.Window{Name: "night", TimeZone: berlin, Days: []slipway.Weekday{"sat"}, Times: hours(22, 4)}
	fleetOf := func(windows, freezes []slipway.Window) *slipway.Fleet {
		return &slipway.Fleet{
			Hosts:   []slipway.Host{{Name: "h1", Labels: map[string]string{"role": "web"}}, {Name: "h2", Labels: map[string]string{"role": "core"}}},
			Windows: windows, Freezes: freezes,
			Holidays: []slipway.HolidayList{{Name: "bavaria", Dates: []string{"2026-11-18", "2026-12-24"}}},
		}
	}
	with := func(w slipway.Window, change func(*slipway.Window)) slipway.Window {
		change(&w)
		return w
	}
	type windows = []slipway.Window
	for _, c := range []struct {
		name            string
		fleet           *slipway.Fleet
		own, freezes    windows
		service         slipway.ServiceID
		hosts           []string
		at, shut, opens string
	}{
		{name: "nothing declared", fleet: fleetOf(nil, nil), at: "2026-11-22 03:00"},
		{name: "within a window", fleet: fleetOf(windows{office}, nil), at: "2026-11-23 10:00"},
		{name: "its end is outside", fleet: fleetOf(windows{office}, nil), at: "2026-11-23 17:00", shut: "outside of window office", opens: "2026-11-24 10:00"},
		{name: "before the weekend", fleet: fleetOf(windows{office}, nil), at: "2026-11-19 20:00", shut: "outside of window office", opens: "2026-11-23 10:00"},
		{name: "any window of the fleet will do", fleet: fleetOf(windows{office, night}, nil), at: "2026-11-21 23:00"},
		{name: "past midnight a window is of the day before", fleet: fleetOf(windows{night}, nil), at: "2026-11-22 03:59"},
		{name: "and over then", fleet: fleetOf(windows{night}, nil), at: "2026-11-22 04:00", shut: "outside of window night", opens: "2026-11-28 22:00"},
		{
			name: "a holiday", fleet: fleetOf(windows{with(office, func(w *slipway.Window) { w.Except = []string{"bavaria"} })}, nil),
			at: "2026-11-17 18:00", shut: "outside of window office", opens: "2026-11-19 10:00",
		},
		{
			name: "frozen on holidays", fleet: fleetOf(nil, windows{{Name: "feast", TimeZone: berlin, On: []string{"bavaria"}}}),
			at: "2026-12-24 08:00", shut: "freeze feast", opens: "2026-12-25 00:00",
		},
		{name: "a freeze before it begins", fleet: fleetOf(nil, windows{yearEnd}), at: "2026-12-18 17:59"},
		{name: "a freeze", fleet: fleetOf(nil, windows{yearEnd}), at: "2026-12-18 18:00", shut: "freeze year-end (the shops are full)", opens: "2027-01-07 00:00"},
		{
			name: "a freeze, and then a window", fleet: fleetOf(windows{office}, windows{yearEnd}),
			at: "2026-12-21 12:00", shut: "freeze year-end (the shops are full)", opens: "2027-01-07 10:00",
		},
		{
			name: "a service may be stricter", fleet: fleetOf(windows{office}, nil), own: windows{{Name: "mine", TimeZone: berlin, Times: hours(9, 11)}},
			at: "2026-11-23 12:00", shut: "outside of window mine", opens: "2026-11-24 10:00",
		},
		{
			name: "and never laxer", fleet: fleetOf(windows{office}, nil), own: windows{{Name: "always", TimeZone: berlin}},
			at: "2026-11-22 12:00", shut: "outside of window office", opens: "2026-11-23 10:00",
		},
		{
			name: "a freeze of its own", fleet: fleetOf(nil, nil), freezes: windows{{Name: "fridays", TimeZone: "UTC", Days: []slipway.Weekday{"fri"}}},
			at: "2026-11-20 12:00 +0000", shut: "freeze fridays", opens: "2026-11-21 00:00 +0000",
		},
		{name: "of another project", fleet: fleetOf(nil, windows{with(yearEnd, func(w *slipway.Window) { w.Projects = []string{"shop"} })}), at: "2026-12-24 12:00"},
		{
			name: "of this project", fleet: fleetOf(nil, windows{with(yearEnd, func(w *slipway.Window) { w.Projects = []string{"shop"} })}), service: cart,
			at: "2026-12-24 12:00", shut: "freeze year-end (the shops are full)", opens: "2027-01-07 00:00",
		},
		{name: "of another service", fleet: fleetOf(nil, windows{with(yearEnd, func(w *slipway.Window) { w.Services = []slipway.ServiceID{cart} })}), at: "2026-12-24 12:00"},
		{
			name: "of other hosts", fleet: fleetOf(nil, windows{with(yearEnd, func(w *slipway.Window) { w.Hosts = &slipway.Selector{Labels: map[string]string{"role": "core"}} })}),
			hosts: []string{"h1"}, at: "2026-12-24 12:00",
		},
		{
			name: "of a host among them", fleet: fleetOf(nil, windows{with(yearEnd, func(w *slipway.Window) { w.Hosts = &slipway.Selector{Labels: map[string]string{"role": "core"}} })}),
			hosts: []string{"h1", "h2"}, at: "2026-12-24 12:00", shut: "freeze year-end (the shops are full)", opens: "2027-01-07 00:00",
		},
		{
			name: "a list that is not there any more", fleet: fleetOf(nil, windows{{Name: "feast", TimeZone: berlin, On: []string{"saxony"}}}),
			at: "2026-12-24 12:00", shut: "the fleet file has no list of holidays saxony, which a window or a freeze names",
		},
		{
			name: "what never opens", fleet: fleetOf(windows{with(office, func(w *slipway.Window) { w.Until = "2026-01-01 00:00" })}, nil),
			at: "2026-12-24 12:00", shut: "outside of window office",
		},

		// On 29 March 2026 the clock goes from 02:00 to 03:00, on 25 October from 03:00 to 02:00.
		{name: "by the clock of summer", fleet: fleetOf(windows{office}, nil), at: "2026-03-26 20:00", shut: "outside of window office", opens: "2026-03-30 10:00 +0200"},
		{name: "by the clock of winter", fleet: fleetOf(windows{office}, nil), at: "2026-10-22 20:00", shut: "outside of window office", opens: "2026-10-26 10:00 +0100"},
		{
			name: "an hour that is left out begins with the next", fleet: fleetOf(windows{{Name: "early", TimeZone: berlin, Times: []slipway.Span{{From: 150, To: 240}}}}, nil),
			at: "2026-03-29 01:30 +0100", shut: "outside of window early", opens: "2026-03-29 03:00 +0200",
		},
		{
			name: "an hour that comes twice is open twice", fleet: fleetOf(windows{{Name: "early", TimeZone: berlin, Times: []slipway.Span{{From: 150, To: 180}}}}, nil),
			at: "2026-10-25 02:00 +0100", shut: "outside of window early", opens: "2026-10-25 02:30 +0100",
		},
		{name: "the first time", fleet: fleetOf(windows{{Name: "early", TimeZone: berlin, Times: []slipway.Span{{From: 150, To: 180}}}}, nil), at: "2026-10-25 02:30 +0200"},
		{
			name: "a freeze over the change of the clock", fleet: fleetOf(nil, windows{{Name: "night", TimeZone: berlin, Days: []slipway.Weekday{"sat"}, Times: hours(22, 4)}}),
			at: "2026-10-24 23:00", shut: "freeze night", opens: "2026-10-25 04:00 +0100",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			service, hosts := c.service, c.hosts
			if service == (slipway.ServiceID{}) {
				service = queryAPI
			}
			if hosts == nil {
				hosts = []string{"h1"}
			}
			moment := onWall(t, c.at)
			got := c.fleet.Calendar(service, c.own, c.freezes, hosts).Shut(moment)
			switch {
			case c.shut == "" && got == nil:
			case got == nil || got.Reason != c.shut || !got.Since.Equal(moment):
				t.Errorf("shut is %+v, want %q", got, c.shut)
			case c.opens == "" && got.Until != nil || c.opens != "" && (got.Until == nil || !got.Until.Equal(onWall(t, c.opens))):
				t.Errorf("it opens at %v, want %s", got.Until, c.opens)
			}
		})
	}
}

// What is said to be the next opening is one: nothing opens before it, through a
// whole year of three zones that change their clocks on different days, and every
// five minutes around those.
func TestNextOpeningIsTheFirst(t *testing.T) {
	t.Parallel()
	fleet := &slipway.Fleet{
		Windows: []slipway.Window{
			{Name: "berlin", TimeZone: berlin, Days: []slipway.Weekday{"sun", "wed"}, Times: []slipway.Span{{From: 23 * 60, To: 150}, {From: 605, To: 660}}},
			{Name: "new york", TimeZone: "America/New_York", Days: []slipway.Weekday{"sun"}, Times: []slipway.Span{{From: 90, To: 155}}},
		},
		Freezes: []slipway.Window{{Name: "mornings", TimeZone: "Pacific/Auckland", Times: hours(6, 9)}},
	}
	calendar := fleet.Calendar(queryAPI, nil, nil, nil)
	var zones []*time.Location
	for _, name := range []string{berlin, "America/New_York", "Pacific/Auckland"} {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		zones = append(zones, zone)
	}
	step := func(moment time.Time) time.Duration {
		for _, zone := range zones {
			_, before := moment.Add(-36 * time.Hour).In(zone).Zone()
			if _, after := moment.Add(36 * time.Hour).In(zone).Zone(); before != after {
				return 5 * time.Minute
			}
		}
		return 37 * time.Minute
	}
	next := time.Time{}
	for moment := onWall(t, "2026-01-01 00:00"); moment.Year() < 2027; moment = moment.Add(step(moment)) {
		shut := calendar.Shut(moment)
		switch {
		case shut == nil:
			if !next.IsZero() && !moment.Equal(next) && moment.Before(next) {
				t.Fatalf("it is open at %s, and was to be from %s", moment, next)
			}
			next = time.Time{}
		case !next.IsZero() && !moment.Before(next):
			t.Fatalf("it is shut at %s (%s), and was to open at %s", moment, shut.Reason, next)
		case next.IsZero():
			next = *shut.Until
		}
	}
}
