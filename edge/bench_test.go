package edge_test

import (
	"net/http"
	"testing"

	"slipway"
)

// What the edge adds to a request is the difference between the two.
func BenchmarkRequest(b *testing.B) {
	p := newProcess(b)
	p.stage(1, 0)
	p.commit(1, 0)
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}}
	request := func(address string) func(*testing.B) {
		return func(b *testing.B) {
			for b.Loop() {
				if _, err := ask(b.Context(), client, "http://"+address+"/"); err != nil {
					b.Fatal(err)
				}
			}
		}
	}
	b.Run("direct", request(p.table()[app.Key()].Targets[release(1)].Upstreams[0]))
	b.Run("through", request(p.http))
}

// A switch, until it is on disk and acknowledged.
func BenchmarkCommit(b *testing.B) {
	p := newProcess(b)
	p.stage(1, 0)
	p.stage(2, 0)
	generation := uint64(0)
	for b.Loop() {
		p.commit(1+int(generation%2), generation)
		generation++
	}
}

// What does not change anything is not written again.
func BenchmarkRepeatedCommit(b *testing.B) {
	p := newProcess(b)
	p.stage(1, 0)
	p.commit(1, 0)
	for b.Loop() {
		if _, err := p.client.Commit(b.Context(), slipway.CommitRequest{ServiceID: app, Release: release(1), By: release(1)}); err != nil {
			b.Fatal(err)
		}
	}
}
