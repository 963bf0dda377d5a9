package main

import (
	"io"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"slipway"
)

// redrawEvery is how often the terminal is drawn anew.
const redrawEvery = 100 * time.Millisecond

// bars shows a release on a terminal: a line for the release, and one for each
// of its hosts and open gates, drawn in place.
type bars struct {
	progress *mpb.Progress
	closed   func()

	room int // lines that there are for the picture

	mu      sync.Mutex // guards what follows: lines are drawn by another goroutine
	release slipway.Release
	since   time.Time // when the phase was first seen
}

func newBars(out io.Writer, closed func(), more ...mpb.ContainerOption) *bars {
	options := append([]mpb.ContainerOption{mpb.WithOutput(out), mpb.WithRefreshRate(redrawEvery)}, more...)
	return &bars{progress: mpb.New(options...), closed: closed}
}

func (b *bars) show(release slipway.Release) {
	b.mu.Lock()
	if release.Phase != b.release.Phase {
		b.since = time.Now()
	}
	b.release = release
	b.mu.Unlock()
	for ; b.room < len(picture(release, 0)); b.room++ {
		b.addLine(b.room)
	}
}

// addLine makes room for the n-th line of the picture.
func (b *bars) addLine(n int) {
	line := decor.Any(func(decor.Statistics) string {
		b.mu.Lock()
		defer b.mu.Unlock()
		lines := picture(b.release, time.Since(b.since))
		if n >= len(lines) {
			return ""
		}
		return lines[n]
	})
	b.progress.New(0, mpb.NopStyle(), mpb.BarFillerTrim(), mpb.PrependDecorators(line))
}

// above writes text over the lines that move.
func (b *bars) above(text string) { _, _ = b.progress.Write([]byte(text)) }

// close leaves the last picture standing, and does not wait for its turn to be
// drawn.
func (b *bars) close() {
	b.progress.Shutdown()
	b.closed()
}
