package workflows_test

import (
	"strings"
	"testing"

	"slipway"
	"slipway/workflows"
)

// cannotStart makes an image one that does not start on a host.
func (w *world) cannotStart(host, tag, why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.unstartable[host+"/"+digest(tag)] = why
}

const noSuchFile = "fork/exec /app: no such file or directory"

// Where blue is stopped before green starts, a green that cannot start is found
// out before, and blue never stops.
func TestGreenThatCannotStartIsFoundOutBeforeBlueIsStopped(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(*slipway.Service){"an exclusive service": exclusive, "a lonely worker": lonely} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 2)
			s.shape = shape
			s.tell(func() {
				s.live("v1")
				s.cannotStart("h2", "v2", noSuchFile)
				r := s.ends(s.submit(s.order("v2")), slipway.RolledBack, "host h2: the container cannot be started: "+noSuchFile)
				if phaseOf(r, "h2") != slipway.HostFailed {
					t.Errorf("hosts are %+v", r.Hosts)
				}
				if stops := s.called("StopContainer"); len(stops) != 0 {
					t.Errorf("it was stopped: %v", stops)
				}
				s.runs(s.run(release(1))...)
				s.live("v3") // and the next one is tried out, too
				if tried := s.called("TryOut"); len(tried) < 3 {
					t.Errorf("tried out were %v", tried)
				}
			})
		})
	}
}

// Side by side green itself shows whether it starts, and going back is tried out
// as little as what was released first.
func TestWhatNeedNotBeTriedOut(t *testing.T) {
	t.Parallel()
	for name, shape := range map[string]func(*slipway.Service){"side by side": nil, "a worker, side by side": routeless, "exclusive": exclusive} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStory(t, 1)
			s.shape = shape
			s.tell(func() {
				s.live("v1")
				if shape == nil || !s.apart() {
					s.live("v2")
				}
				s.ends(s.submit(s.order("v3", rollingBack)), slipway.Live, "")
				if tried := s.called("TryOut"); len(tried) != 0 {
					t.Errorf("tried out were %v", tried)
				}
			})
		})
	}
}

func TestPreflightTriesOutWhatIsThere(t *testing.T) {
	t.Parallel()
	s := newStory(t, 2)
	s.tell(func() {
		s.cannotStart("h2", "v1", noSuchFile)
		order := s.order("v1")
		report, err := s.preflight(workflows.PreflightInput{Plan: order.Plan, Order: &order})
		if err != nil || report.Fit || len(report.Findings) != 1 || !strings.HasSuffix(report.Findings[0].String(), noSuchFile) || report.Findings[0].Host != "h2" {
			t.Errorf("preflight says %+v, %v", report, err)
		}
		s.fault(&fault{mode: fails, activity: "TryOut", at: "h2", text: "it does not start"})
		if report, err = s.preflight(workflows.PreflightInput{Plan: order.Plan, Order: &order}); err != nil || len(report.Findings) != 1 {
			t.Errorf("preflight says %+v, %v", report, err)
		}
	})
}
