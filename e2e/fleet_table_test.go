package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A fleetRow is what became of one release while a host was sick.
type fleetRow struct {
	sickness, moment string
	outcome, person  string // how it ended, and what a person reads
	requests         int
	lost             int           // through edges that were well
	lostThere        int           // through the edge of the host that was away
	took             time.Duration // from falling sick until the release had ended
	settled          time.Duration // from being healed until everything was as it should be
	left             string
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

// String is the table, with totals.
func (f *fleetTable) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "one host of three\tat\tended\tlost\tlost there\tdecided after\tsettled after\tleft over\ta person reads")
	slices.SortStableFunc(f.rows, func(a, b fleetRow) int { return strings.Compare(a.sickness, b.sickness) })
	outcomes := map[string]int{}
	requests, lost := 0, 0
	var took []time.Duration
	for _, r := range f.rows {
		reason, _, _ := strings.Cut(r.person, "\n")
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%.1f s\t%.1f s\t%s\t%s\n",
			r.sickness, r.moment, r.outcome, r.lost, r.lostThere, r.took.Seconds(), r.settled.Seconds(), orNone(r.left), reason)
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
