package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

// An event is one as it came.
type event struct {
	kind, id string
	release  slipway.Release
}

// A stream is read by one test.
type stream struct {
	t      *testing.T
	lines  *bufio.Scanner
	cancel context.CancelFunc
}

// follow is what vera hears of the one release.
func (s *site) follow() *stream {
	s.t.Helper()
	return s.followWith(s.token("vera"))
}

func (s *site) followWith(token string) *stream {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second) // the bound of every wait below
	r := s.request("GET", "/api/v1/releases/search.query-api.1/events", nil).WithContext(ctx)
	r.Header.Set("Authorization", "Bearer "+token)
	response, err := s.Client().Do(r)
	if err != nil {
		cancel()
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { cancel(); response.Body.Close() })
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != "text/event-stream" {
		s.t.Fatalf("%d %s", response.StatusCode, got)
	}
	return &stream{s.t, bufio.NewScanner(response.Body), cancel}
}

// next waits for an event; ok is false at the end.
func (s *stream) next() (e event, ok bool) {
	s.t.Helper()
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			e.id = value
		case "event":
			e.kind = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.release); err != nil {
				s.t.Fatal(err)
			}
		case "":
			if e.kind != "" {
				return e, true
			}
		}
	}
	return event{}, false
}

func (s *stream) want(kinds ...string) (last event) {
	s.t.Helper()
	var got []string
	for range kinds {
		e, ok := s.next()
		if !ok {
			break
		}
		if e.id == "" || e.release.ID == "" {
			s.t.Errorf("%+v", e)
		}
		got, last = append(got, e.kind), e
	}
	if diff := cmp.Diff(kinds, got); diff != "" {
		s.t.Fatal(diff)
	}
	return last
}

func TestEvents_TellARelease(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	now := release("search.query-api.1", slipway.Replicating)
	step := func(change func(*slipway.Release)) {
		change(&now)
		s.workflows.put(now)
	}
	step(func(*slipway.Release) {})
	follow := s.follow()
	if e := follow.want("phase"); e.release.Phase != slipway.Replicating {
		t.Errorf("%+v", e)
	}
	step(func(r *slipway.Release) { r.Progress = "3 of 9 MB" })
	if e := follow.want("progress"); e.release.Progress != "3 of 9 MB" {
		t.Errorf("%+v", e)
	}
	step(func(r *slipway.Release) {
		r.Phase, r.Progress, r.Hosts = slipway.Deploying, "", []slipway.ReleaseHost{{Name: "h1", Phase: slipway.HostPulling}}
	})
	follow.want("phase", "host", "progress")
	step(func(r *slipway.Release) { r.Hosts = []slipway.ReleaseHost{{Name: "h1", Phase: slipway.HostReady}} })
	if e := follow.want("host"); e.release.Hosts[0].Phase != slipway.HostReady {
		t.Errorf("%+v", e)
	}
	step(func(r *slipway.Release) { r.Gates = []slipway.GateState{{State: slipway.GateOpen}} })
	follow.want("gate")
	step(func(r *slipway.Release) { r.Phase = slipway.Holding })
	follow.want("phase")
	outcome := slipway.Live
	step(func(r *slipway.Release) { r.Phase, r.Outcome = slipway.Ended, &outcome })
	if e := follow.want("phase", "end"); e.release.Outcome == nil || *e.release.Outcome != slipway.Live {
		t.Errorf("%+v", e)
	}
	if e, ok := follow.next(); ok {
		t.Errorf("after the end: %+v", e)
	}
	follow = s.follow()
	follow.want("phase", "end")
	if _, ok := follow.next(); ok {
		t.Error("the stream of an ended release goes on")
	}
}

func TestEvents_AreReadOnceForAllAndForNobodyNotAtAll(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.1", slipway.Deploying))
	const people = 8
	var streams []*stream
	for range people {
		f := s.follow()
		f.want("phase")
		streams = append(streams, f)
	}
	reads := func() (n int) {
		s.workflows.change(func(w *workflows) { n = w.reads })
		return n
	}
	before, begin := reads(), time.Now()
	time.Sleep(time.Second) // a rate is measured over time
	if polls, most := reads()-before, int(time.Since(begin)/(100*time.Millisecond))+2; polls > most || polls == 0 {
		t.Errorf("%d polls in a second for %d people, more than %d", polls, people, most)
	}
	s.workflows.put(release("search.query-api.1", slipway.Probing))
	for _, f := range streams {
		f.want("phase")
		f.cancel()
	}
	deadline := time.Now().Add(10 * time.Second)
	for quiet, last := 0, -1; quiet < 3; {
		if time.Now().After(deadline) {
			t.Fatal("it is still read though nobody listens")
		}
		time.Sleep(150 * time.Millisecond) // longer than from one poll to the next
		if n := reads(); n == last {
			quiet++
		} else {
			quiet, last = 0, n
		}
	}
}

func TestEvents_OutliveAnOutageAndEndWithTheRight(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.workflows.put(release("search.query-api.1", slipway.Deploying))
	follow := s.follow()
	follow.want("phase")
	s.workflows.change(func(w *workflows) { w.err = slipway.Errorf(slipway.CodeUnavailable, "no answer") })
	before := 0
	s.workflows.change(func(w *workflows) { before = w.reads })
	deadline := time.Now().Add(10 * time.Second)
	for reads := before; reads <= before; s.workflows.change(func(w *workflows) { reads = w.reads }) {
		if time.Now().After(deadline) {
			t.Fatal("nobody asks any more")
		}
		time.Sleep(10 * time.Millisecond)
	}
	s.workflows.change(func(w *workflows) {
		w.err = nil
		w.releases["search.query-api.1"] = release("search.query-api.1", slipway.Probing)
	})
	follow.want("phase")

	s.fleet.Store(parseFleet(t, strings.Replace(fleetFile, "groups: [viewers]", "groups: []", 1)))
	s.workflows.put(release("search.query-api.1", slipway.Switching))
	if e, ok := follow.next(); ok {
		t.Errorf("told somebody without the right: %+v", e)
	}
}
