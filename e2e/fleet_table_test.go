package e2e

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"

	"slipway"
)

// A fleetRow is what became of one release while a host was sick.
type fleetRow struct {
	sickness, moment string
	mends            string // what a person does about the host
	outcome, reads   string // how it ended, and what a person reads
	requests         int
	lost             int           // through edges that were well
	lostThere        int           // through the edge of the host that was away
	took             time.Duration // from falling sick until the release had ended
	settled          time.Duration // from being healed until everything was as it should be
	left             string
}

// does is what a person has to do, all in all.
func (r fleetRow) does() string {
	var all []string
	if r.outcome == string(slipway.Failed) {
		all = append(all, "looks at the edge at once")
	}
	if r.mends != "" {
		all = append(all, r.mends)
	}
	if r.outcome != string(slipway.Live) && r.moment != "holding" { // else it was to go back
		all = append(all, "releases again")
	}
	return orNone(strings.Join(all, ", "))
}

// fleetTable gathers the rows of tests that run side by side.
type fleetTable struct {
	mu   sync.Mutex
	rows []fleetRow
}

func (f *fleetTable) add(row fleetRow) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rows = append(f.rows, row)
}

// position is where in a release a moment is.
func position(name string) int {
	return slices.IndexFunc(moments, func(m moment) bool { return m.name == name })
}

// String is the table, with totals.
func (f *fleetTable) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "one host of three\tat\tended\tlost\tlost there\tdecided after\tsettled after\tleft over\ta person does\ta person reads")
	slices.SortFunc(f.rows, func(a, b fleetRow) int {
		return cmp.Or(strings.Compare(a.sickness, b.sickness), cmp.Compare(position(a.moment), position(b.moment)))
	})
	outcomes := map[string]int{}
	requests, lost := 0, 0
	var took []time.Duration
	for _, r := range f.rows {
		reads, _, _ := strings.Cut(r.reads, "\n")
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%.1f s\t%.1f s\t%s\t%s\t%s\n",
			r.sickness, r.moment, r.outcome, r.lost, r.lostThere, r.took.Seconds(), r.settled.Seconds(), orNone(r.left), r.does(), reads)
		outcomes[r.outcome]++
		requests, lost, took = requests+r.requests, lost+r.lost, append(took, r.took)
	}
	_ = w.Flush() // into memory
	if len(took) > 0 {
		slices.Sort(took)
		fmt.Fprintf(&b, "%d releases: %v; %d requests, %d lost through edges that were well; decided after %.1f s in the median, %.1f s at most\n",
			len(f.rows), outcomes, requests, lost, took[len(took)/2].Seconds(), took[len(took)-1].Seconds())
	}
	return b.String()
}
