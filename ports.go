package slipway

import (
	"fmt"
	"slices"
	"strings"
)

// A FixedPort is a port of the host, on the host's address, that always leads
// to one port of the container. Only one version can have it at a time.
type FixedPort struct {
	Published int    `json:"published"` // on the host
	Target    int    `json:"target"`    // in the container
	Protocol  string `json:"protocol"`  // tcp or udp
}

// On is the port of the host as rules name it: "8125/udp".
func (p FixedPort) On() string { return fmt.Sprintf("%d/%s", p.Published, p.Protocol) }

// String is the port in Compose's short form.
func (p FixedPort) String() string { return fmt.Sprintf("%d:%d/%s", p.Published, p.Target, p.Protocol) }

// A TakenPort is a port of a host that a container has, or will have when it is
// started again.
type TakenPort struct {
	Port string `json:"port"` // "8125/udp"
	By   string `json:"by"`   // the container's name
}

// Blocked is the error that another container has a port of the host that the
// service fixes; nil if none has. It has CodeConflict.
func (s Service) Blocked(host string, facts HostFacts) error {
	for _, p := range s.Container.Ports {
		i := slices.IndexFunc(facts.Taken, func(t TakenPort) bool {
			return t.Port == p.On() && !strings.HasPrefix(t.By, s.Key()+".")
		})
		if i >= 0 {
			return Errorf(CodeConflict, "host %s: port %s, which container.ports asks for, is taken by the container %s", host, p.On(), facts.Taken[i].By)
		}
	}
	return nil
}

// fixable refuses a port that a host gives out by itself.
func (s Service) fixable(h Host) error {
	for _, p := range s.Container.Ports {
		if p.Protocol == "tcp" && p.Published >= h.Ports.First && p.Published <= h.Ports.Last {
			return Errorf(CodeInvalid, "container.ports: %s is within %d-%d, which Slipway gives out on host %s: take one outside",
				p.On(), h.Ports.First, h.Ports.Last, h.Name)
		}
	}
	return nil
}
