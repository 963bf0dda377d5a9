package main

import (
	"fmt"
	"strings"
	"time"

	"slipway"
)

// picture is what a terminal shows of a release that goes on: a line for the
// release, and one for each host and gate. How long the phase has lasted is
// shown while it lasts.
func picture(release slipway.Release, inPhase time.Duration) []string {
	head := release.ID + "  " + string(release.Phase)
	if release.Group > 0 && release.Phase != slipway.Ended {
		head += fmt.Sprintf("  group %d of %d", release.Group, len(release.Groups))
	}
	if release.Phase != slipway.Ended {
		head += fmt.Sprintf("  %.1f s", inPhase.Seconds())
	}
	if release.Progress != "" {
		head += "  " + release.Progress
	}
	lines := []string{head}
	if release.Stuck != nil {
		lines = append(lines, "  "+release.Reason)
	}
	for _, h := range release.Hosts {
		lines = append(lines, fmt.Sprintf("  host %s  %s", h.Name, hostText(h)))
	}
	for _, g := range release.Gates {
		lines = append(lines, fmt.Sprintf("  gate %s  %s", g.Name, gateText(g)))
	}
	for i, line := range lines {
		lines[i] = strings.Map(flatten, printable(line))
	}
	return lines
}

func hostText(h slipway.ReleaseHost) string {
	text := string(h.Phase)
	if h.Progress != "" && h.Phase == slipway.HostPulling {
		text += "  " + h.Progress
	}
	if n := len(h.Containers()); n > 1 {
		text += fmt.Sprintf("  %d containers", n)
	}
	if h.Error != "" {
		first, _, _ := strings.Cut(h.Error, "\n")
		text += ": " + first
	}
	return text
}

// gateText says how a gate stands, and while it is open, what it waits for.
func gateText(g slipway.GateState) string {
	if g.State != slipway.GateOpen {
		return g.State
	}
	approved := 0
	for _, d := range g.Decisions {
		if d.Verdict == slipway.Approve {
			approved++
		}
	}
	who := "group " + g.Approvers.Group
	if g.Approvers.Group == "" {
		who = "role " + string(g.Approvers.Role)
	}
	text := fmt.Sprintf("open: %d of %d approvals of %s", approved, g.Approvers.Quorum, who)
	if g.Reminders > 0 {
		text += fmt.Sprintf("; people were reminded %d times", g.Reminders)
	}
	return text
}
