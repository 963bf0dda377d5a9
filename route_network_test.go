package slipway_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

// A badNetwork carries requests to a table late, twice, in another order, or
// without bringing the answer back.
type badNetwork struct {
	table slipway.Table
	rand  *rand.Rand
	late  []func() // requests that may still arrive, at any time, any number of times
}

// send carries out a request unless it is delayed, and reports whether its
// answer came back. An answer that came may be a refusal.
func (n *badNetwork) send(do func() error) (answered bool, err error) {
	n.deliver()
	n.late = append(n.late, func() { _ = do() }) // a copy that nobody waits for
	if n.rand.IntN(4) == 0 {
		return false, nil // delayed
	}
	err = do()
	n.deliver()
	return n.rand.IntN(4) != 0, err
}

// sure sends until an answer comes back, as every step but a commit is.
func (n *badNetwork) sure(do func() error) error {
	for {
		if answered, err := n.send(do); answered {
			return err
		}
	}
}

// deliver lets some of the late requests arrive.
func (n *badNetwork) deliver() {
	for range n.rand.IntN(4) {
		if len(n.late) > 0 {
			n.late[n.rand.IntN(len(n.late))]()
		}
	}
}

// One release after another is staged and committed; commits that get no
// answer are taken back, and now and then so is one that got one; an operator
// steps in; containers move. Whatever the network does, the edge serves what
// was decided last, where it was decided last, and nothing that arrives later
// changes that.
func TestTable_ServesWhatWasDecidedLastWhateverTheNetworkDoes(t *testing.T) {
	for seed := range uint64(300) {
		t.Run(fmt.Sprintf("seed %d", seed), func(t *testing.T) {
			n := &badNetwork{table: slipway.Table{}, rand: rand.New(rand.NewPCG(seed, 2))}
			decided := slipway.RouteState{ServiceID: shop}
			active := 0 // number of the release that was decided to serve
			targets := map[string]slipway.Target{}
			check := func(step string) {
				t.Helper()
				n.deliver()
				if got := n.table[shop.Key()]; got.Active != decided.Active || got.Generation != decided.Generation {
					t.Fatalf("after %s %q serves at %d, decided was %q at %d", step, got.Active, got.Generation, decided.Active, decided.Generation)
				}
				if diff := cmp.Diff(targets, n.table[shop.Key()].Targets); diff != "" {
					t.Fatalf("after %s the targets are not those that were decided:\n%s", step, diff)
				}
			}
			amend := func(number int) { // now and then
				for number != 0 && n.rand.IntN(2) == 0 {
					target := targets[shopRelease(number)]
					req := amendOf(number, target.Revision)
					if n.rand.IntN(3) > 0 {
						req = amendOf(number, target.Revision, slipway.HostPort("10.0.0.1", 1+n.rand.IntN(3)))
					}
					if err := n.sure(func() error { _, err := n.table.Amend(req); return err }); err != nil {
						t.Fatalf("amend %d: %v", number, err)
					}
					target.Upstreams, target.Revision = req.Upstreams, req.Revision+1
					targets[shopRelease(number)] = target
					check("amend")
				}
			}
			for number := 1; number <= 12; number++ {
				generation, before := decided.Generation, active
				if err := n.sure(func() error { _, err := n.table.Stage(stageOf(number, generation)); return err }); err != nil {
					t.Fatalf("stage %d: %v", number, err)
				}
				targets[shopRelease(number)] = slipway.Target{Route: website, Upstreams: stageOf(number, generation).Upstreams}
				check("stage")
				amend(number)
				amend(before)
				answered, err := n.send(func() error { _, err := n.table.Commit(commitOf(number, generation), noon); return err })
				if err != nil {
					t.Fatalf("commit %d: %v", number, err)
				}
				gone := before
				if answered && n.rand.IntN(3) > 0 {
					active, decided.Active, decided.Generation = number, shopRelease(number), generation+1
					check("commit")
				} else {
					if err := n.sure(func() error { _, err := n.table.Restore(restoreOf(number, before, generation), noon); return err }); err != nil {
						t.Fatalf("restore %d: %v", before, err)
					}
					decided.Generation += 2
					gone = number
					check("restore")
				}
				amend(number)
				if gone == 0 {
					continue
				}
				amend(gone)
				if active != 0 && n.rand.IntN(4) == 0 { // before the other one is retired
					state := must(t)(n.table.Override(overrideOf(shopRelease(gone)), noon))
					active, gone = gone, active
					decided.Active, decided.Generation = state.Active, state.Generation
					check("override")
				}
				if err := n.sure(func() error { _, err := n.table.Unstage(shop, shopRelease(gone)); return err }); err != nil {
					t.Fatalf("unstage %d: %v", gone, err)
				}
				delete(targets, shopRelease(gone))
				check("unstage")
				if known := n.table[shop.Key()].Targets; len(known) > 1 {
					t.Fatalf("the edge still knows %v", known)
				}
			}
		})
	}
}
