package e2e

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"text/tabwriter"
	"time"
)

// A killRow is what became of one release.
type killRow struct {
	victim, shape, point string
	outcome, serves      string
	requests             int
	lost                 int // without a reason
	lostDown             int // while what was killed was down
	left                 string
	took                 time.Duration // from the kill until it had ended
}

// killTable gathers the rows of tests that run side by side.
type killTable struct {
	mu   sync.Mutex
	rows []killRow
}

func (k *killTable) add(row killRow) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rows = append(k.rows, row)
}

// String is the table, with totals.
func (k *killTable) String() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "killed\trelease\tat\tended\trequests\tlost\tlost while down\tleft over\tdecided after")
	slices.SortStableFunc(k.rows, func(a, b killRow) int {
		return strings.Compare(b.victim+a.shape, a.victim+b.shape)
	})
	var total killRow
	var took []time.Duration
	outcomes := map[string]int{}
	for _, r := range k.rows {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%d\t%d\t%d\t%s\t%.1f s\n",
			r.victim, r.shape, r.point, r.outcome, r.requests, r.lost, r.lostDown, orNone(r.left), r.took.Seconds())
		total.requests += r.requests
		total.lost += r.lost
		total.lostDown += r.lostDown
		if r.left != "" {
			total.left = "some"
		}
		outcomes[r.outcome]++
		took = append(took, r.took)
	}
	_ = w.Flush() // into memory
	if len(took) > 0 {
		slices.Sort(took)
		fmt.Fprintf(&b, "%d kills: %v; %d requests, %d lost, %d more while what was killed was down; left over: %s; decided after %.1f s in the median, %.1f s at most\n",
			len(k.rows), outcomes, total.requests, total.lost, total.lostDown, orNone(total.left), took[len(took)/2].Seconds(), took[len(took)-1].Seconds())
	}
	return b.String()
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
