package worker

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"slipway"
)

func TestAProjectThatCopiesMuchLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	var c copies
	for range projectCopies {
		if _, _, err := c.begin("flood", 0); err != nil {
			t.Fatal(err)
		}
	}
	_, _, err := c.begin("flood", 0)
	if slipway.ErrorCode(err) != slipway.CodeUnavailable || !strings.Contains(err.Error(), "4 images of project flood are being copied") {
		t.Errorf("one more got %v", err)
	}
	_, done, err := c.begin("calm", 0)
	if err != nil {
		t.Fatal(err)
	}
	done()
	if len(c.of) != 1 {
		t.Errorf("%d projects are remembered", len(c.of))
	}
}

func TestCopiesOfAProjectShareItsRate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var c copies
		began := time.Now()
		over := make(chan struct{})
		for range 2 {
			pace, done, err := c.begin("search", 1<<20)
			if err != nil {
				t.Fatal(err)
			}
			go func() {
				defer func() { done(); over <- struct{}{} }()
				for range 5 << 20 / (32 << 10) { // 5 MiB each
					if err := pace(t.Context(), 32<<10); err != nil {
						t.Error(err)
					}
				}
			}()
		}
		<-over
		<-over
		if took := time.Since(began); took < 9*time.Second || took > 11*time.Second {
			t.Errorf("10 MiB at 1 MiB a second took %s", took)
		}
	})
}
