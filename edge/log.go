package edge

import (
	"io"
	"os"
	"sync"

	"github.com/caddyserver/caddy/v2"
)

func init() {
	caddy.RegisterModule(&LogWriter{})
}

// A LogWriter is a Caddy log writer to standard error that never waits. Where
// nobody reads (a container's pipe while dockerd hangs) it drops lines: traffic
// matters more than what is written about it.
type LogWriter struct{}

// CaddyModule names the writer.
func (*LogWriter) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "caddy.logging.writers.slipway", New: func() caddy.Module { return new(LogWriter) }}
}

// String names the writer for people.
func (*LogWriter) String() string { return "standard error, dropping lines that nobody reads" }

// WriterKey is equal for all, so that Caddy opens one.
func (*LogWriter) WriterKey() string { return "slipway" }

// OpenWriter starts writing.
func (*LogWriter) OpenWriter() (io.WriteCloser, error) { return newDropper(os.Stderr), nil }

// logQueue is how many lines wait for a slow reader before lines are dropped.
const logQueue = 1024

// A dropper hands lines to one goroutine, which may block.
type dropper struct {
	lines chan []byte
	close sync.Once
}

func newDropper(out io.Writer) *dropper {
	d := &dropper{lines: make(chan []byte, logQueue)}
	go func() {
		for line := range d.lines {
			_, _ = out.Write(line) // nowhere to report an error to
		}
	}()
	return d
}

// Write takes the line or drops it, at once.
func (d *dropper) Write(line []byte) (int, error) {
	select {
	case d.lines <- append([]byte(nil), line...):
	default:
	}
	return len(line), nil
}

// Close writes no more.
func (d *dropper) Close() error {
	d.close.Do(func() { close(d.lines) })
	return nil
}
