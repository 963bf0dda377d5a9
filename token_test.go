package slipway_test

import (
	"testing"

	"slipway"
)

func TestATokenActsForItsMaker(t *testing.T) {
	t.Parallel()
	by := slipway.Token{Name: "ci", Maker: "ann"}.By()
	for _, c := range [][2]string{{by, "ann"}, {"ann", "ann"}, {"token:ci", "token:ci"}, {"", ""}} {
		if got := slipway.PersonOf(c[0]); got != c[1] {
			t.Errorf("%q is %q", c[0], got)
		}
	}
}

func TestATokenCoversItsRoleInItsProjectAndDecidesNothing(t *testing.T) {
	t.Parallel()
	ci := slipway.Token{Project: "search", Role: slipway.Releaser}
	fleet := slipway.Token{Role: slipway.Operator}
	for _, c := range []struct {
		token   slipway.Token
		project string
		right   slipway.Right
		want    bool
	}{
		{ci, "search", slipway.RightView, true},
		{ci, "search", slipway.RightRelease, true},
		{ci, "search", slipway.RightDecide, false},
		{ci, "search", slipway.RightOperate, false},
		{ci, "shop", slipway.RightView, false},
		{ci, "", slipway.RightView, false},
		{fleet, "shop", slipway.RightOperate, true},
		{fleet, "", slipway.RightOperate, true},
		{fleet, "shop", slipway.RightDecide, false},
		{slipway.Token{}, "search", slipway.RightView, false},
	} {
		if got := c.token.Covers(c.project, c.right); got != c.want {
			t.Errorf("%+v in %q: %s is %v", c.token, c.project, c.right, got)
		}
	}
}
