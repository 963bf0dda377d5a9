package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vbauerster/mpb/v8"

	"slipway"
)

func TestPictureHasALineForTheReleaseEachHostAndEachGate(t *testing.T) {
	release := slipway.Release{
		ID: "search.query-api.2", Phase: slipway.AwaitingApproval,
		Hosts: []slipway.ReleaseHost{
			{Name: "h1", Phase: slipway.HostReady},
			{Name: "h2", Phase: slipway.HostPulling, Progress: "12.0 of 40.1 MB"},
			{Name: "h3", Phase: slipway.HostFailed, Error: "no\x1b[2Jspace left\non device"},
		},
		Gates: []slipway.GateState{{
			Gate:      slipway.Gate{Name: "go", Approvers: slipway.Approvers{Group: "search-lead", Quorum: 2}},
			State:     slipway.GateOpen,
			Decisions: []slipway.Decision{{By: "bob", Verdict: slipway.Approve}},
		}},
	}
	want := []string{
		"search.query-api.2  awaiting_approval  3.2 s",
		"  host h1  ready",
		"  host h2  pulling  12.0 of 40.1 MB",
		"  host h3  failed: no\uFFFD[2Jspace left",
		"  gate go  open: 1 of 2 approvals of group search-lead",
	}
	if diff := cmp.Diff(want, picture(release, 3210*time.Millisecond)); diff != "" {
		t.Error(diff)
	}
}

func TestBarsLeaveTheLastPictureStanding(t *testing.T) {
	var screen bytes.Buffer
	closed := false
	bars := newBars(&screen, func() { closed = true }, mpb.WithAutoRefresh(), mpb.WithWidth(80))
	release := slipway.Release{ID: "search.query-api.2", Phase: slipway.Queued}
	bars.show(release)
	bars.above("slipway: the server does not answer\n")
	release.Phase = slipway.Ended
	release.Hosts = []slipway.ReleaseHost{{Name: "h1", Phase: slipway.HostServing}}
	bars.show(release)
	bars.close()
	if !closed {
		t.Error("whoever shows the bars was not told that they are done")
	}
	text := screen.String()
	if !strings.Contains(text, "slipway: the server does not answer\n") {
		t.Errorf("the note is missing in %q", text)
	}
	if end := "search.query-api.2  ended\n  host h1  serving\n"; !strings.HasSuffix(text, end) {
		t.Errorf("the screen ends with %q, want %q", text[max(0, len(text)-120):], end)
	}
}
