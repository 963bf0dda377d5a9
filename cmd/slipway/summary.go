package main

import (
	"errors"
	"fmt"
	"strings"

	"slipway"
)

// summary is how a release stands at last, in one line; a reason of several
// lines follows indented.
func summary(release slipway.Release) string {
	service := release.Project + "/" + release.Service
	switch {
	case release.Stuck != nil:
		return because(release.ID+" is stuck", release.Reason)
	case release.Outcome != nil && *release.Outcome == slipway.Removed:
		return printable(fmt.Sprintf("%s: %s was %s", release.ID, service, release.Reason))
	case release.Outcome != nil && *release.Outcome != slipway.Live:
		return because(release.ID+" "+outcomeText(*release.Outcome), release.Reason)
	case release.SwitchedAt == nil && release.Outcome != nil:
		return because(release.ID+" is live", release.Reason) // nothing had to be done
	case release.Outcome == nil && release.SwitchedAt == nil:
		return because(release.ID+" is "+string(release.Phase), release.Reason)
	}
	if release.Kind == slipway.KindAdopt {
		return printable(fmt.Sprintf("%s: %s.%s.0, the container %s, serves %s/%s; nothing about it was changed",
			release.ID, release.Project, release.Service, release.Hosts[0].Container, release.Project, release.Service))
	}
	text := fmt.Sprintf("%s serves %s (%s, %s) after %s", release.ID, service, release.Tag,
		slipway.ShortDigest(release.Digest), seconds(release.SwitchedAt.Sub(release.StartedAt)))
	if behind := len(release.Behind); behind > 0 {
		text += fmt.Sprintf("; %s is behind", release.Behind[0])
		if behind > 1 {
			text += fmt.Sprintf(", and %d more", behind-1)
		}
	}
	switch {
	case release.HoldUntil != nil:
		text += fmt.Sprintf("; %s is held until %s", release.Blue, clock(*release.HoldUntil))
	case release.CleanupPending:
		text += "; something is still to be removed from a host that does not answer"
	}
	return printable(text)
}

// outcomeText reads on after the id of a release.
func outcomeText(outcome slipway.Outcome) string {
	switch outcome {
	case slipway.Live:
		return "is live"
	case slipway.RolledBack:
		return "was rolled back"
	case slipway.Failed:
		return "failed, and a person must act now"
	default:
		return "was " + string(outcome)
	}
}

func because(what, reason string) string {
	if reason == "" {
		return printable(what)
	}
	return indent(printable(what + ": " + reason))
}

// colored is a summary as a terminal shows it, its first line in the colour of
// the outcome.
func colored(release slipway.Release, text string) string {
	code := "32" // green
	switch err := judge(release); {
	case err == nil:
	case errors.Is(err, verdict(exitUndone)):
		code = "33" // yellow
	default:
		code = "31" // red
	}
	first, rest, several := strings.Cut(text, "\n")
	text = "\x1b[" + code + "m" + first + "\x1b[0m"
	if several {
		text += "\n" + rest
	}
	return text
}
