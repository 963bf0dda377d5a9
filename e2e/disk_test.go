package e2e

import (
	"strings"
	"testing"

	"slipway"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

// An image that is larger than the free disk is not even pulled. One that grows
// beyond it as it is unpacked, which nobody can see before, is undone at once.
func TestADiskThatGetsFullUndoesTheReleaseAtOnceAndTheOldVersionServes(t *testing.T) {
	t.Parallel() // it has a system of its own
	s := own(t, system.Options{Disk: 96 << 20})
	svc := service(t, s, "disk", "")
	push(t, s, "disk", "v1")
	first := release(t, s, svc, "v1", 0)
	for tag, image := range map[string]lab.Image{
		"large": {Padding: 128 << 20},
		"v2":    {Zeros: 128 << 20},
	} {
		image.Binary, image.Port, image.Env = s.App, 8080, []string{"VERSION=" + tag}
		if _, err := lab.Push(t.Context(), s.Source.Address()+"/search/disk:"+tag, image); err != nil {
			t.Fatal(err)
		}
	}
	traffic := s.StartTraffic(t.Context(), "disk", rate)
	refused := release(t, s, svc, "large", 1)
	if *refused.Outcome != slipway.Refused || !strings.Contains(refused.Reason, "but the image has 131 MiB, compressed; make room") {
		t.Errorf("%s: %s", *refused.Outcome, refused.Reason)
	}
	second := release(t, s, svc, "v2", 3)
	toldEnd(t, "disk full on pull", second)
	if report := stop(t, traffic); report.Answers["v2"] > 0 || report.Answers["v1"] == 0 {
		t.Errorf("answers: %v", report.Answers)
	}
	wantContainers(t, s, "disk", first.ID)
	push(t, s, "disk", "v3") // a small one fits: nothing of the large one is left in the way
	if third := release(t, s, svc, "v3", 0); third.Phase != slipway.Holding {
		t.Errorf("phase %s", third.Phase)
	}
}
