package slipway

import (
	"fmt"
	"strings"
)

// A Profile is what hosts are pinned to: what they run, and what they must be
// able to. A field without a value asks for nothing.
type Profile struct {
	Name          string   `json:"name"`
	Docker        string   `json:"docker,omitempty"` // version of the engine, or its beginning: "29.1" is 29.1.3, too
	API           string   `json:"api,omitempty"`    // highest version of the API that the engine speaks
	Kernel        string   `json:"kernel,omitempty"` // version, or its beginning
	StorageDriver string   `json:"storage_driver,omitempty"`
	Cgroup        string   `json:"cgroup,omitempty"` // "1" or "2"
	LiveRestore   bool     `json:"live_restore,omitempty"`
	ClockSkew     Duration `json:"clock_skew,omitempty"`     // at most
	AnswersWithin Duration `json:"answers_within,omitempty"` // the engine, with all that it is asked
	DiskFree      int64    `json:"disk_free,omitempty"`      // bytes, at least
	InodesFree    int64    `json:"inodes_free,omitempty"`    // at least
	LeakedMounts  *int     `json:"leaked_mounts,omitempty"`  // at most; nil: any number
	Requires      []string `json:"requires,omitempty"`       // dependencies, "host:port" each, that containers there have to reach over TCP
	Action        Severity `json:"action"`                   // what a host that is otherwise means for a release
}

// A Severity is what a finding means for a release.
type Severity string

// The severities.
const (
	Refuse     Severity = "refuse"     // the release is refused before anything is changed
	Quarantine Severity = "quarantine" // the host is left out, as one that does not answer, and caught up when it fits; with as many left out as may be, it is Refuse
	Warn       Severity = "warn"
)

// worst is what something means that no release can live with.
func (p Profile) worst() Severity {
	if p.Action == Quarantine {
		return Quarantine
	}
	return Refuse
}

// A Finding is something about a host that is not as it should be.
type Finding struct {
	Host     string   `json:"host"`
	Check    string   `json:"check"` // "docker", "disk", …; see docs/files.md
	Severity Severity `json:"severity"`
	Found    string   `json:"found"`
	Right    string   `json:"right,omitempty"` // what would be right
}

// String is the finding as people read it.
func (f Finding) String() string {
	text := f.Reason()
	if !strings.HasPrefix(text, "host "+f.Host) {
		text = "host " + f.Host + ": " + text
	}
	return text
}

// Reason is the finding where it is clear which host it is about.
func (f Finding) Reason() string {
	if f.Right == "" {
		return f.Found
	}
	return f.Found + "; " + f.Right
}

// pinned are the findings about what the profile asks for.
func (p Profile) pinned(facts HostFacts) []Finding {
	var out []Finding
	find := func(check string, wrong bool, found, right string) {
		if wrong {
			out = append(out, Finding{Check: check, Severity: p.Action, Found: found, Right: fmt.Sprintf("profile %s asks for %s", p.Name, right)})
		}
	}
	pin := func(check, what, have, want string) {
		find(check, want != "" && !begins(have, want), fmt.Sprintf("%s is %q", what, have), want)
	}
	pin("docker", "Docker", facts.Version, p.Docker)
	pin("api", "Docker's API", facts.API, p.API)
	pin("kernel", "the kernel", facts.Kernel, p.Kernel)
	pin("storage_driver", "the storage driver", facts.StorageDriver, p.StorageDriver)
	pin("cgroup", "the cgroup version", facts.Cgroup, p.Cgroup)
	find("live_restore", p.LiveRestore && !facts.LiveRestore, "Docker runs without live-restore", `"live-restore": true in its daemon.json`)
	find("clock_skew", p.ClockSkew != 0 && facts.Skew.abs() > p.ClockSkew, "its clock is off by at least "+facts.Skew.abs().String(), "at most "+p.ClockSkew.String())
	find("answers_within", p.AnswersWithin != 0 && facts.Answered > p.AnswersWithin, "Docker took "+facts.Answered.String()+" to answer", "at most "+p.AnswersWithin.String())
	if p.DiskFree == 0 && p.InodesFree == 0 && p.LeakedMounts == nil {
		return out
	}
	if facts.Disk == nil {
		return append(out, Finding{
			Check: "disk", Severity: Warn, Found: "how much room its disk has, and which mounts are left over, is not known: Docker's API does not say",
			Right: "only a worker on the host itself sees that, as an agent does",
		})
	}
	if most := p.LeakedMounts; most != nil {
		find("mounts", len(facts.Leaked) > *most, leaked(facts), fmt.Sprintf("at most %d", *most))
	}
	find("disk_free", facts.Disk.Free < p.DiskFree, BytesText(facts.Disk.Free)+" are free in "+facts.Disk.Root, "at least "+BytesText(p.DiskFree))
	find("inodes_free", facts.Disk.countsInodes() && facts.Disk.InodesFree < p.InodesFree,
		fmt.Sprintf("%d inodes are free in %s", facts.Disk.InodesFree, facts.Disk.Root), fmt.Sprintf("at least %d", p.InodesFree))
	return out
}

// leaked names the mounts of containers that are gone.
func leaked(facts HostFacts) string {
	return fmt.Sprintf("%d mounts are left of containers that are gone: %s", len(facts.Leaked), strings.Join(facts.Leaked, ", "))
}

// begins reports whether a version is the one that is wanted, or one of those
// that begin so: 29.1.3 is a 29.1, and 29.10 is none.
func begins(have, want string) bool {
	rest, ok := strings.CutPrefix(have, want)
	return ok && (rest == "" || strings.ContainsAny(rest[:1], ".-+~"))
}

// BytesText is an amount of bytes for people: "1.5 GiB".
func BytesText(n int64) string {
	const unit = 1 << 10
	size, names := float64(n), []string{"B", "KiB", "MiB", "GiB", "TiB"}
	for size >= unit && len(names) > 1 {
		size, names = size/unit, names[1:]
	}
	return fmt.Sprintf("%.3g %s", size, names[0])
}
