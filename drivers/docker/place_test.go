package docker

import (
	"net/netip"
	"testing"

	"slipway"
)

func TestAddressesGoRoundTheSubnet(t *testing.T) {
	subnet := netip.MustParsePrefix("10.0.0.0/29") // .1 is the bridge, .7 the broadcast address
	addr := func(s string) netip.Addr {
		if s == "" {
			return netip.Addr{}
		}
		return netip.MustParseAddr(s)
	}
	for _, test := range []struct {
		name, last string
		taken      []string
		want       string
	}{
		{"the first", "", nil, "10.0.0.2"},
		{"the next, not the lowest", "10.0.0.3", nil, "10.0.0.4"},
		{"over one that is taken", "10.0.0.3", []string{"10.0.0.4"}, "10.0.0.5"},
		{"round the end", "10.0.0.6", nil, "10.0.0.2"},
		{"round the end, over what is taken", "10.0.0.5", []string{"10.0.0.6", "10.0.0.2"}, "10.0.0.3"},
		{"the last one that is left", "10.0.0.4", []string{"10.0.0.2", "10.0.0.3", "10.0.0.5", "10.0.0.6"}, "10.0.0.4"},
		{"none is left", "10.0.0.4", []string{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5", "10.0.0.6"}, ""},
		{"after a network of another subnet", "10.9.9.9", nil, "10.0.0.2"},
	} {
		taken := map[netip.Addr]bool{}
		for _, s := range test.taken {
			taken[addr(s)] = true
		}
		if got, ok := nextAddress(subnet, addr(test.last), taken); got != addr(test.want) || ok != (test.want != "") {
			t.Errorf("%s: got %v, %t; want %q", test.name, got, ok, test.want)
		}
	}
}

func TestPortsGoRoundTheRange(t *testing.T) {
	ports := slipway.PortRange{First: 20000, Last: 20003}
	for _, test := range []struct {
		name  string
		last  int
		taken []int
		want  int
	}{
		{"the first", 0, nil, 20000},
		{"the next", 20001, nil, 20002},
		{"round the end, over what is taken", 20003, []int{20000}, 20001},
		{"none is left", 20001, []int{20000, 20001, 20002, 20003}, 0},
		{"after a range that was another", 30000, nil, 20000},
	} {
		taken := map[int]bool{}
		for _, p := range test.taken {
			taken[p] = true
		}
		if got, ok := nextPort(ports, test.last, taken); got != test.want || ok != (test.want != 0) {
			t.Errorf("%s: got %d, %t; want %d", test.name, got, ok, test.want)
		}
	}
	if _, ok := nextPort(slipway.PortRange{}, 0, nil); ok {
		t.Error("an empty range has a port")
	}
}
