package slipway

import (
	"fmt"
	"testing"
)

func TestAnAnchorKeepsHeadsOfOldAndTheLatest(t *testing.T) {
	t.Parallel()
	var a AuditAnchor
	for seq := range uint64(10_000) {
		for _, chain := range []string{"a", "b"} {
			head := AuditHead{Chain: chain, Seq: seq + 1, Hash: fmt.Sprint(seq + 1)}
			a.Take(head)
			a.Take(head) // again, as a signal that is sent twice
		}
	}
	if len(a.Heads) > 2*maxHeads || len(a.Odd) > 0 {
		t.Errorf("%d heads and %d contradictions of two chains", len(a.Heads), len(a.Odd))
	}
	latest, _ := a.Latest("b")
	if latest.Seq != 10_000 || a.Heads[0].Seq != 1 {
		t.Errorf("the latest head is %d, the oldest %d", latest.Seq, a.Heads[0].Seq)
	}
	for _, odd := range []AuditHead{{Chain: "a", Seq: 9_999, Hash: "9999"}, {Chain: "a", Seq: 10_000, Hash: "x"}} {
		before := len(a.Odd)
		if a.Take(odd); len(a.Odd) != before+1 {
			t.Errorf("%+v is taken over", odd)
		}
	}
}
