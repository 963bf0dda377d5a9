package edge_test

import (
	"io"
	"net/http"
	"os"
	"syscall"
	"testing"

	"slipway"
)

// Nobody reads what the edge logs, as when it runs in a container and dockerd
// hangs. It logs more than the pipe and its own queue hold, and goes on.
func TestLogThatNobodyReadsStopsNothing(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	if _, err := p.client.Stage(t.Context(), slipway.StageRequest{
		ServiceID: app, Route: slipway.Route{Host: host, Path: "/"}, Release: release(2), Upstreams: []string{freeAddress(t)},
	}); err != nil {
		t.Fatal(err)
	}
	p.commit(2, 0) // at which nothing listens, so that each request is a line in the log
	p.end(syscall.SIGTERM)
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	defer writer.Close()
	p.startTo(writer)
	for range 3000 {
		if status, _, err := p.get("/"); err != nil || status != http.StatusBadGateway {
			t.Fatalf("%d, %v", status, err)
		}
	}
	p.commit(1, 1)
	if _, body, err := p.get("/"); err != nil || body != release(1) {
		t.Errorf("%q answers, %v", body, err)
	}
	go io.Copy(io.Discard, reader) // Caddy's last words are written by itself
	p.end(syscall.SIGTERM)
}
