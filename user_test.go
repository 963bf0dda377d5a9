package slipway

import (
	"slices"
	"testing"
)

func TestRightsOfRoles(t *testing.T) {
	rights := []Right{RightView, RightRelease, RightDecide, RightOperate}
	want := map[Role]string{ // one letter for each of rights
		Viewer:   "y---",
		Releaser: "yy--",
		Approver: "yyy-",
		Operator: "yyyy",
		Admin:    "yyyy",
	}
	if len(want) != len(Roles) {
		t.Fatalf("the test knows %d roles, there are %d", len(want), len(Roles))
	}
	for _, role := range Roles {
		inProject := &Fleet{Projects: []Project{{Name: "search", Roles: map[Role][]string{role: {"team"}}}, {Name: "shop"}}}
		inFleet := &Fleet{Roles: map[Role][]string{role: {"team"}}, Projects: []Project{{Name: "search"}}}
		team := []string{"everyone", "team"}
		for i, right := range rights {
			may := want[role][i] == 'y'
			for _, test := range []struct {
				name    string
				fleet   *Fleet
				groups  []string
				project string
				want    bool
			}{
				{"in its project", inProject, team, "search", may},
				{"in another project", inProject, team, "shop", false},
				{"in no project", inProject, team, "", false},
				{"in an unknown project", inProject, team, "none", false},
				{"another group", inProject, []string{"everyone"}, "search", false},
				{"no group", inProject, nil, "search", false},
				{"by a role of the fleet", inFleet, team, "search", may},
				{"by a role of the fleet, in no project", inFleet, team, "", may},
				{"another group, by a role of the fleet", inFleet, []string{"everyone"}, "search", false},
			} {
				if got := test.fleet.May(test.groups, test.project, right); got != test.want {
					t.Errorf("%s may %s %s: got %t, want %t", role, right, test.name, got, test.want)
				}
			}
		}
		for i, other := range Roles {
			want := slices.Index(Roles, role) >= i // those above count, too
			if got := inProject.InRole(team, "search", other); got != want {
				t.Errorf("a member of %s is in role %s: %t", role, other, got)
			}
			if got := inFleet.InRole(team, "search", other); got != want {
				t.Errorf("a member of %s of the fleet is in role %s: %t", role, other, got)
			}
		}
		if inProject.InRole(team, "shop", role) {
			t.Errorf("a member of %s in search is so in shop", role)
		}
	}
}
