package slipway

import "time"

// MaxReplicas is how many containers of one version a host runs at most.
const MaxReplicas = 16

// MaxContainers is how many containers a version with replicas has at most, all
// hosts together. A lane remembers six versions, and hands them on in one message
// of Temporal's, which holds 2 MB; a container takes about 1 kB of that at most.
const MaxContainers = 256

// PerHost is how many containers of a version run on each of its hosts. What was
// adopted is one, whatever the service file says: count the containers that a
// ReleaseHost has.
func (s Service) PerHost() int { return max(s.Replicas, 1) }

// A Replica is a container of a release beside the first one of a host. It runs
// the same image.
type Replica struct {
	Container string    `json:"container"`
	Address   string    `json:"address,omitempty"`
	HostPort  int       `json:"host_port,omitempty"`
	StartedAt time.Time `json:"started_at,omitzero"`
	Signature string    `json:"signature,omitempty"`
}

// Place is a host's part in a release that has not come there.
func (s Service) Place(release ReleaseID, host string) ReleaseHost {
	at := ReleaseHost{Name: host, Phase: HostPending, Container: release.ContainerName(0)}
	for n := 1; n < s.PerHost(); n++ {
		at.Replicas = append(at.Replicas, Replica{Container: release.ContainerName(n)})
	}
	return at
}

// Containers are all of the release's on the host, each as if it were the only
// one.
func (h ReleaseHost) Containers() []ReleaseHost {
	first := h
	first.Replicas = nil
	all := []ReleaseHost{first}
	for _, r := range h.Replicas {
		one := first
		one.Container, one.Address, one.HostPort, one.StartedAt, one.Signature = r.Container, r.Address, r.HostPort, r.StartedAt, r.Signature
		all = append(all, one)
	}
	return all
}

// Started notes where the nth of the containers runs, counted from 0.
func (h *ReleaseHost) Started(n int, c ContainerState) {
	if n == 0 {
		h.Address, h.HostPort, h.StartedAt, h.Signature = c.Address, c.HostPort, c.StartedAt, c.Signature
		return
	}
	r := &h.Replicas[n-1]
	r.Address, r.HostPort, r.StartedAt, r.Signature = c.Address, c.HostPort, c.StartedAt, c.Signature
}
