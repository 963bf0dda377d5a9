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
	Action        Severity `json:"action"`                   // what a host that is otherwise means for a release
}

// A Severity is what a finding means for a release.
type Severity string

// The severities.
const (
	Refuse Severity = "refuse" // the release is refused before anything is changed
	Warn   Severity = "warn"
)

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
	text := f.Found
	if !strings.HasPrefix(text, "host "+f.Host) {
		text = "host " + f.Host + ": " + text
	}
	if f.Right != "" {
		text += "; " + f.Right
	}
	return text
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
	if p.DiskFree == 0 && p.InodesFree == 0 {
		return out
	}
	if facts.Disk == nil {
		return append(out, Finding{
			Check: "disk", Severity: Warn, Found: "how much room its disk has is not known: Docker's API does not say",
			Right: "only a worker on the host itself sees that, as an agent does",
		})
	}
	find("disk_free", facts.Disk.Free < p.DiskFree, BytesText(facts.Disk.Free)+" are free in "+facts.Disk.Root, "at least "+BytesText(p.DiskFree))
	find("inodes_free", facts.Disk.countsInodes() && facts.Disk.InodesFree < p.InodesFree,
		fmt.Sprintf("%d inodes are free in %s", facts.Disk.InodesFree, facts.Disk.Root), fmt.Sprintf("at least %d", p.InodesFree))
	return out
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
