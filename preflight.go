package slipway

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A PreflightReport is what there is to know of hosts before anything is changed.
type PreflightReport struct {
	Hosts    []HostReport `json:"hosts"`
	Findings []Finding    `json:"findings"`
	Fit      bool         `json:"fit"` // nothing was found that a release would be refused for
}

// A HostReport is how one host is.
type HostReport struct {
	Name  string    `json:"name"`
	Facts HostFacts `json:"facts,omitzero"`
	Error string    `json:"error,omitempty"` // why there are no facts
}

// usualSkew is how far clocks may be apart before somebody is told where no
// profile says so: logs of different hosts can still be read side by side.
const usualSkew = Duration(5 * time.Second)

// Examine holds a host of the plan against its profile, against what svc requires
// and its image needs, and against what it was like when what is live was brought
// there (nil: not known). An image of which nothing is known has no size. It is
// pure; the order of findings is fixed.
func (p Plan) Examine(h PlanHost, facts HostFacts, svc Service, image Image, before *HostFacts) []Finding {
	var out []Finding
	find := func(check string, severity Severity, found, right string) {
		out = append(out, Finding{Check: check, Severity: severity, Found: found, Right: right})
	}
	profile := p.Profiles[h.Name]
	out = append(out, profile.pinned(facts)...)
	out = append(out, profile.unmet(svc, facts)...)
	if profile.ClockSkew == 0 && facts.Skew.abs() > usualSkew {
		find("clock_skew", Warn, "its clock is off by at least "+facts.Skew.abs().String(), "have it set by NTP")
	}
	if disk := facts.Disk; disk != nil {
		switch need := image.Size; {
		case disk.Free < need:
			find("disk", profile.worst(), fmt.Sprintf("%s are free in %s, but the image has %s, compressed", BytesText(disk.Free), disk.Root, BytesText(need)), "make room: docker system df")
		case disk.Free < unpacked*need:
			find("disk", Warn, fmt.Sprintf("%s are free in %s, and the image has %s, compressed: unpacked it may not fit", BytesText(disk.Free), disk.Root, BytesText(need)), "make room: docker system df")
		}
		if disk.countsInodes() && disk.InodesFree == 0 {
			find("inodes", profile.worst(), "no inode is free in "+disk.Root, "remove files: docker system df")
		}
	}
	if len(facts.Stuck) > 0 {
		find("stuck", Warn, "containers can neither run nor be removed: "+strings.Join(facts.Stuck, ", "), "restart Docker there, which goes without harm under live-restore; then docker rm -f")
	}
	if len(facts.Leaked) > 0 && profile.LeakedMounts == nil {
		find("mounts", Warn, leaked(facts), "umount them, or Docker cannot remove what is below")
	}
	if len(facts.Missing) > 0 {
		find("rollback_image", Warn, "it no longer has the image of what serves", "going back after the hold pulls it again")
	}
	out = append(out, drift(facts, before)...)
	for i := range out {
		out[i].Host = h.Name
	}
	return out
}

// unpacked is how much larger than compressed an image usually is on disk, at
// most.
const unpacked = 3

// drift is what has changed about a host since.
func drift(now HostFacts, before *HostFacts) []Finding {
	if before == nil || before.Platform == "" {
		return nil
	}
	var out []Finding
	for _, f := range []struct{ check, what, before, now string }{
		{"docker", "Docker", before.Version, now.Version},
		{"api", "Docker's API", before.API, now.API},
		{"kernel", "the kernel", before.Kernel, now.Kernel},
		{"storage_driver", "the storage driver", before.StorageDriver, now.StorageDriver},
		{"cgroup", "the cgroup version", before.Cgroup, now.Cgroup},
		{"live_restore", "live-restore", fmt.Sprint(before.LiveRestore), fmt.Sprint(now.LiveRestore)},
	} {
		if f.before != f.now {
			out = append(out, Finding{Check: f.check, Severity: Warn, Found: fmt.Sprintf("%s is %q; when what serves went live it was %q", f.what, f.now, f.before)})
		}
	}
	return out
}

// Preflight examines all hosts of the plan, whose facts are in its order. One
// without facts is left to others: it did not answer.
//
// Nothing keeps a rollback away: what is refused otherwise is a warning then.
func (o Outlook) Preflight(facts []HostFacts) []Finding {
	findings := []Finding{}
	image := o.Image
	if o.Blue != nil && o.Blue.Digest == image.Digest {
		image.Size = 0 // it is there
	}
	for i, h := range o.Order.Plan.Hosts {
		if facts[i].Platform == "" {
			continue
		}
		findings = append(findings, o.Order.Plan.Examine(h, facts[i], o.Order.Service, image, o.Blue.factsOf(h.Name))...)
	}
	if o.Order.Kind == KindRollback {
		for i := range findings {
			findings[i].Severity = Warn
		}
	}
	return findings
}

// Unfit is why a release is refused for what was found; nil if it is not. The
// error has CodeConflict: what was asked for is right, the hosts are not.
func Unfit(findings []Finding) error {
	var reasons []string
	for _, f := range findings {
		if f.Severity == Refuse {
			reasons = append(reasons, f.String())
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	return Errorf(CodeConflict, "%s", strings.Join(reasons, "\n"))
}

// factsOf are those of a host when the version went live; nil: not known.
func (v *Version) factsOf(host string) *HostFacts {
	if v == nil {
		return nil
	}
	i := slices.IndexFunc(v.Plan.Hosts, func(h PlanHost) bool { return h.Name == host })
	if i < 0 || i >= len(v.Facts) {
		return nil
	}
	return &v.Facts[i]
}

// Lasting is the part of the facts that is worth comparing later.
func (f HostFacts) Lasting() HostFacts {
	return HostFacts{
		Platform: f.Platform, Version: f.Version, API: f.API, Kernel: f.Kernel,
		StorageDriver: f.StorageDriver, Cgroup: f.Cgroup, LiveRestore: f.LiveRestore,
	}
}

// SetSkew works out how far the host's clock is off at least, from the times
// between which it was asked. Between them, nothing is known to be wrong.
func (f *HostFacts) SetSkew(from, to time.Time) {
	switch at := f.Time; {
	case at.IsZero():
	case at.Before(from):
		f.Skew = Duration(at.Sub(from).Round(time.Millisecond))
	case at.After(to):
		f.Skew = Duration(at.Sub(to).Round(time.Millisecond))
	}
}

func (d Duration) abs() Duration { return max(d, -d) }

// A Disk is the file system that an engine keeps its images and containers on.
type Disk struct {
	Root       string `json:"root"` // the engine's directory
	Free       int64  `json:"free"` // bytes, for root
	Inodes     int64  `json:"inodes"`
	InodesFree int64  `json:"inodes_free"`
}

// countsInodes reports whether the file system has a limit of them.
func (d *Disk) countsInodes() bool { return d.Inodes > 0 }
