package slipway_test

import (
	"strings"
	"testing"

	"slipway"
)

// A token is its maker: neither adds a voice to the other.
func TestGatesCountPeopleNotNames(t *testing.T) {
	t.Parallel()
	decision := func(by string) slipway.DecisionStatement {
		return slipway.DecisionStatement{Release: "search.api.2", Order: "o", Gate: "go", Verdict: slipway.Approve, By: by, Digest: "d", Settings: "s", Plan: "p"}
	}
	for name, c := range map[string]struct {
		requester string
		by        []string
		says      string // empty: the gate is open
	}{
		"two people":                         {"ann", []string{"lea", "max"}, ""},
		"one person":                         {"ann", []string{"lea"}, "asks for the signed approval of 2 people and has that of 1"},
		"one person, and their token":        {"ann", []string{"lea", "token:ci of lea"}, "has that of 1"},
		"the requester":                      {"ann", []string{"ann", "lea"}, "ann asked for search.api.2 and cannot decide on it"},
		"the requester's token":              {"ann", []string{"token:ci of ann", "lea"}, "ann asked for search.api.2 and cannot decide on it"},
		"the maker of the token that asked":  {"token:ci of ann", []string{"ann", "lea"}, "token:ci of ann asked for search.api.2 and cannot decide on it"},
		"another token of who made that one": {"token:ci of ann", []string{"token:cd of ann", "lea"}, "cannot decide on it"},
		"nobody":                             {"ann", []string{"", "lea"}, "cannot decide on it"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := slipway.OrderStatement{
				Kind: slipway.KindRelease, Settings: "s", Plan: "p", RequestedBy: c.requester,
				Gates: []slipway.Gate{{Name: "go", Before: slipway.BeforeSwitch, Approvers: slipway.Approvers{Quorum: 2}}},
			}
			var decisions []slipway.DecisionStatement
			for _, by := range c.by {
				decisions = append(decisions, decision(by))
			}
			err := order.Decided("o", "search.api.2", "d", decisions, 1)
			if (err == nil) != (c.says == "") || err != nil && (slipway.ErrorCode(err) != slipway.CodeForbidden || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}
