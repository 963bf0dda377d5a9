package slipway

import "testing"

func TestHowManyHostsAReleaseMayLeaveOut(t *testing.T) {
	quarantine := func(max Share) UnreachableRule { return UnreachableRule{Action: ActionQuarantine, Max: max} }
	for name, c := range map[string]struct {
		rule  UnreachableRule
		least Share
		want  map[int]int // hosts → how many may be left out
	}{
		"by default at least half go on": {DefaultUnreachable.UnreachableRule, DefaultMinServing, map[int]int{1: 0, 2: 1, 3: 1, 4: 2, 10: 5}},
		"a number":                       {quarantine(Share{Number: 2}), DefaultMinServing, map[int]int{1: 0, 2: 1, 3: 2, 10: 2}},
		"all of them, but one stays":     {quarantine(Share{100, true}), DefaultMinServing, map[int]int{1: 0, 2: 1, 10: 9}},
		"min_serving":                    {quarantine(Share{100, true}), Share{Number: 3}, map[int]int{2: 0, 3: 0, 4: 1}},
		"a percentage that has to serve": {quarantine(Share{100, true}), Share{34, true}, map[int]int{3: 1, 10: 6}},
		"fail":                           {UnreachableRule{Action: ActionFail, Max: Share{Number: 5}}, DefaultMinServing, map[int]int{10: 0}},
		"a service file of before":       {UnreachableRule{}, Share{}, map[int]int{10: 0}},
	} {
		b := BlueGreen{Unreachable: Unreachable{UnreachableRule: c.rule}, MinServing: c.least}
		for hosts, want := range c.want {
			if got := b.SpareHosts(hosts); got != want {
				t.Errorf("%s: of %d hosts %d may be left out; want %d", name, hosts, got, want)
			}
		}
	}
}

func TestShareIsReadAsItIsWritten(t *testing.T) {
	for _, text := range []string{"0", "2", "50%", "100%"} {
		var s Share
		if err := s.UnmarshalText([]byte(text)); err != nil || s.String() != text {
			t.Errorf("%s: got %s, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "%", "-1", "101%", "1.5", "half"} {
		if err := new(Share).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q is accepted", text)
		}
	}
}
