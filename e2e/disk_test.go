package e2e

import (
	"testing"

	"slipway"
	"slipway/e2e/lab"
	"slipway/e2e/system"
)

func TestAFullDiskUndoesTheReleaseAtOnceAndTheOldVersionServes(t *testing.T) {
	s, err := system.Start(t.Context(), system.Options{Disk: 96 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := s.SignIn(t.Context(), "ann"); err != nil {
		t.Fatal(err)
	}
	svc := service(t, s, "disk", "")
	push(t, s, "disk", "v1")
	first := release(t, s, svc, "v1", 0)
	large := lab.Image{Binary: s.App, Port: 8080, Env: []string{"VERSION=v2"}, Padding: 128 << 20}
	if _, err := lab.Push(t.Context(), s.Source.Address()+"/search/disk:v2", large); err != nil {
		t.Fatal(err)
	}
	traffic := s.StartTraffic(t.Context(), "disk", rate)
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
