package spec

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"slipway"
)

const windowExample = "{name: office, days: mon-thu, times: 10:00-17:00, time_zone: Europe/Berlin}"

// ownWindowKeys are what a service file says of a window: it concerns that
// service and no other.
var ownWindowKeys = object[slipway.Window]{
	"name":      func(w *slipway.Window, v value) { w.Name = v.name() },
	"reason":    func(w *slipway.Window, v value) { w.Reason, _ = v.text("write why, in a few words") },
	"time_zone": func(w *slipway.Window, v value) { w.TimeZone = v.timeZone() },
	"days":      func(w *slipway.Window, v value) { w.Days = v.days() },
	"times":     func(w *slipway.Window, v value) { w.Times = v.spans() },
	"from":      func(w *slipway.Window, v value) { w.From = v.onWall(0) },
	"until":     func(w *slipway.Window, v value) { w.Until = v.onWall(1) },
	"on":        func(w *slipway.Window, v value) { w.On = v.holidayLists() },
	"except":    func(w *slipway.Window, v value) { w.Except = v.holidayLists() },
}

var windowKeys = func() object[slipway.Window] {
	keys := object[slipway.Window]{
		"projects": func(w *slipway.Window, v value) {
			w.Projects = listOf(v, "write a list, for example [search]", value.projectReference)
		},
		"services": func(w *slipway.Window, v value) {
			w.Services = listOf(v, "write a list, for example [search/query-api]", value.serviceID)
		},
		"hosts": func(w *slipway.Window, v value) {
			hosts := v.selector()
			w.Hosts = &hosts
		},
	}
	maps.Copy(keys, ownWindowKeys)
	return keys
}()

// maxWindows bounds what is looked through for the next opening.
const maxWindows = 100

// windows are windows, or freezes.
func (v value) windows(keys object[slipway.Window]) []slipway.Window {
	names := unique{}
	windows := listOf(v, "write a list, for example ["+windowExample+"]", func(item value) slipway.Window {
		w := slipway.Window{TimeZone: "UTC"}
		g := keys.decode(item, &w, windowExample, nil)
		g.need([2]string{"name", "office"})
		names.add(g.at("name"), w.Name)
		if !g.has("time_zone") && slices.ContainsFunc([]string{"days", "times", "from", "until", "on", "except"}, g.has) {
			g.need([2]string{"time_zone", "Europe/Berlin"})
		}
		if w.From != "" && w.Until != "" && w.From >= w.Until {
			g.at("until").bad("is not after from, which is %s", w.From)
		}
		return w
	})
	if len(windows) > maxWindows {
		v.bad("found %d; write at most %d", len(windows), maxWindows)
	}
	return windows
}

// timeZone is one of IANA's.
func (v value) timeZone() string {
	const right = "write one of IANA's, for example Europe/Berlin, Asia/Shanghai or UTC"
	s, ok := v.text(right)
	if !ok {
		return ""
	}
	if _, err := time.LoadLocation(s); err != nil || s == "Local" {
		v.bad("%s is not a time zone; %s", quote(s), right)
		return ""
	}
	return s
}

// days are days of the week: one, several from one to another, or a list of
// such.
func (v value) days() []slipway.Weekday {
	const right = "write days, for example mon-fri, or [mon, wed, fri]"
	week := append(slices.Clone(slipway.Weekdays[1:]), slipway.Weekdays[0]) // Monday first
	var chosen []slipway.Weekday
	for _, item := range v.oneOrMore(right) {
		s, ok := item.text(right)
		if !ok {
			continue
		}
		first, last, several := strings.Cut(s, "-")
		if !several {
			last = first
		}
		from, to := slices.Index(week, slipway.Weekday(first)), slices.Index(week, slipway.Weekday(last))
		if from < 0 || to < 0 {
			item.bad("%s is not a day, or several; %s", quote(s), right)
			continue
		}
		for d := from; ; d = (d + 1) % len(week) {
			chosen = append(chosen, week[d])
			if d == to {
				break
			}
		}
	}
	var days []slipway.Weekday // in the order of the week, whatever that of the file
	for _, day := range week {
		if slices.Contains(chosen, day) {
			days = append(days, day)
		}
	}
	return days
}

var spanPattern = regexp.MustCompile(`^([01][0-9]|2[0-3]):([0-5][0-9])-([01][0-9]|2[0-4]):([0-5][0-9])$`)

// spans are parts of a day: one, or a list of such.
func (v value) spans() []slipway.Span {
	const right = "write hours and minutes, for example 10:00-17:00, or 22:00-04:00 for a night"
	var spans []slipway.Span
	for _, item := range v.oneOrMore(right) {
		s, ok := item.text(right)
		if !ok {
			continue
		}
		m := spanPattern.FindStringSubmatch(s)
		if m == nil || m[3] == "24" && m[4] != "00" || m[1]+m[2] == m[3]+m[4] {
			item.bad("%s is not a part of a day; %s", quote(s), right)
			continue
		}
		minutes := func(hour, minute string) int {
			h, _ := strconv.Atoi(hour) // the pattern has made sure
			m, _ := strconv.Atoi(minute)
			return h*60 + m
		}
		spans = append(spans, slipway.Span{From: minutes(m[1], m[2]), To: minutes(m[3], m[4])})
	}
	return spans
}

// onWall is a date, or a date and a time, by the clock on the wall. A date alone
// is its midnight, or that of so many days later.
func (v value) onWall(later int) string {
	const right = "write a date, or a date and a time, for example 2026-12-18 or 2026-12-18 18:00"
	s, ok := v.scalar(right)
	if !ok {
		return ""
	}
	if _, err := time.Parse(slipway.MomentLayout, s); err == nil {
		return s
	}
	day, err := time.Parse(slipway.DateLayout, s)
	if err != nil {
		v.bad("%s is neither; %s", quote(s), right)
		return ""
	}
	return day.AddDate(0, 0, later).Format(slipway.MomentLayout)
}

var holidayKeys = object[slipway.HolidayList]{
	"name": func(l *slipway.HolidayList, v value) { l.Name = v.name() },
	"dates": func(l *slipway.HolidayList, v value) {
		l.Dates = listOf(v, "write a list, for example [2026-12-25, 2026-12-26]", value.date)
	},
}

func (v value) holidays() []slipway.HolidayList {
	const example = "{name: bavaria, dates: [2026-12-25, 2026-12-26]}"
	names := unique{}
	return listOf(v, "write a list, for example ["+example+"]", func(item value) slipway.HolidayList {
		var l slipway.HolidayList
		g := holidayKeys.decode(item, &l, example, nil)
		g.need([2]string{"name", "bavaria"}, [2]string{"dates", "[2026-12-25, 2026-12-26]"})
		names.add(g.at("name"), l.Name)
		return l
	})
}

func (v value) date() string {
	const right = "write one, for example 2026-12-25"
	s, ok := v.scalar(right)
	if !ok {
		return ""
	}
	if _, err := time.Parse(slipway.DateLayout, s); err != nil {
		v.bad("%s is not a date; %s", quote(s), right)
		return ""
	}
	return s
}

// holidayLists are names of lists of holidays of the fleet.
func (v value) holidayLists() []string {
	return listOf(v, "write a list of lists of holidays, for example [bavaria]", func(item value) string {
		name := item.name()
		if name != "" {
			v.doc.holidays = append(v.doc.holidays, item)
		}
		return name
	})
}

// projectReference is the name of a project that the fleet must have.
func (v value) projectReference() string {
	name := v.name()
	if name != "" {
		v.doc.projects = append(v.doc.projects, v)
	}
	return name
}

func (v value) serviceID() slipway.ServiceID {
	const right = "write PROJECT/SERVICE, for example search/query-api"
	s, ok := v.text(right)
	if !ok {
		return slipway.ServiceID{}
	}
	id, err := slipway.ParseServiceID(s)
	if err != nil {
		v.bad("%s is not the name of a service; %s", quote(s), right)
	}
	return id
}

// oneOrMore are the values of a list, or the one that stands for it.
func (v value) oneOrMore(right string) []value {
	if v.isList() {
		return v.items(right)
	}
	return []value{v}
}

// checkWindows reports lists of holidays and projects that are not there: a
// freeze that meant them would hold nobody.
func checkWindows(f slipway.Fleet, g given) {
	var lists, projects []string
	for _, l := range f.Holidays {
		lists = append(lists, l.Name)
	}
	for _, p := range f.Projects {
		projects = append(projects, p.Name)
	}
	missing := func(references []value, known []string, what string) {
		for _, v := range references {
			switch name := v.node.Value; {
			case slices.Contains(known, name):
			case len(known) == 0:
				v.bad("there is no %s in this file, and so none named %s", what, quote(name))
			default:
				v.bad("no %s is named %s; %s", what, quote(name), didYouMean(name, known))
			}
		}
	}
	missing(g.doc.holidays, lists, "list of holidays")
	missing(g.doc.projects, projects, "project")
}
