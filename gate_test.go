package slipway

import "testing"

// What nobody understands must keep everything from switching.
func TestAGateStandsBeforeAGroup(t *testing.T) {
	for before, want := range map[string]int{
		BeforeSwitch: 1, BeforeAccept: 0, BeforeGroup(2): 2, "group 10": 10,
		"": 1, "group": 1, "group 0": 1, "group -3": 1, "group 2 ": 1, "group 02": 1, "group 2x": 1, "Accept": 1, "accept ": 1,
	} {
		if got := (Gate{Before: before}).Group(); got != want {
			t.Errorf("a gate before %q stands before group %d, want %d", before, got, want)
		}
	}
}
