package slipway_test

import (
	"strings"
	"testing"

	"slipway"
)

func TestGlassIsBrokenByTwoPeopleOneOfWhomDecides(t *testing.T) {
	t.Parallel()
	pass := func(by string, decides bool, change ...func(*slipway.PassStatement)) slipway.PassStatement {
		p := slipway.PassStatement{Release: "search.api.2", Order: "o", By: by, Reason: "fire", Decides: decides, Digest: "d", Settings: "s", Plan: "p", RequestedBy: "ann"}
		for _, f := range change {
			f(&p)
		}
		return p
	}
	for name, c := range map[string]struct {
		asked  bool // when it was ordered
		passes []slipway.PassStatement
		says   string // empty: it is broken
	}{
		"nobody":                          {says: "0 did"},
		"the requester alone":             {asked: true, says: "1 did"},
		"the requester twice":             {asked: true, passes: []slipway.PassStatement{pass("ann", true)}, says: "1 did"},
		"an approver alone":               {passes: []slipway.PassStatement{pass("lea", true)}, says: "1 did"},
		"an approver twice":               {passes: []slipway.PassStatement{pass("lea", true), pass("lea", true)}, says: "1 did"},
		"an approver and their token":     {passes: []slipway.PassStatement{pass("lea", true), pass("token:ci of lea", true)}, says: "1 did"},
		"two who may not decide":          {passes: []slipway.PassStatement{pass("bob", false), pass("ann", false)}, says: "2 did"},
		"the requester, who may, and bob": {passes: []slipway.PassStatement{pass("bob", false), pass("ann", true)}, says: "2 did"},
		"the order and an approver":       {asked: true, passes: []slipway.PassStatement{pass("lea", true)}},
		"the requester and an approver":   {passes: []slipway.PassStatement{pass("ann", false), pass("lea", true)}},
		"two approvers":                   {passes: []slipway.PassStatement{pass("max", true), pass("lea", true)}},
		"for another release": {
			passes: []slipway.PassStatement{pass("max", true), pass("lea", true, func(p *slipway.PassStatement) { p.Release = "search.api.1" })},
			says:   "the pass of lea was given to search.api.1",
		},
		"for another order": {
			passes: []slipway.PassStatement{pass("max", true), pass("lea", true, func(p *slipway.PassStatement) { p.Order = "another" })}, says: "for another order",
		},
		"about another digest": {
			passes: []slipway.PassStatement{pass("max", true, func(p *slipway.PassStatement) { p.Digest = "other" }), pass("lea", true)}, says: "what was passed has changed",
		},
		"about other settings": {
			passes: []slipway.PassStatement{pass("max", true, func(p *slipway.PassStatement) { p.Settings = "other" }), pass("lea", true)}, says: "what was passed has changed",
		},
		"about another plan": {
			passes: []slipway.PassStatement{pass("max", true, func(p *slipway.PassStatement) { p.Plan = "other" }), pass("lea", true)}, says: "what was passed has changed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			order := slipway.OrderStatement{Settings: "s", Plan: "p", RequestedBy: "ann", BreakGlass: c.asked}
			err := order.Passed("o", "search.api.2", "d", c.passes)
			if (err == nil) != (c.says == "") || err != nil && (slipway.ErrorCode(err) != slipway.CodeForbidden || !strings.Contains(err.Error(), c.says)) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}
