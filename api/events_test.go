package api_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
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

// reads is how often the release was read.
func (s *site) reads() (n int) {
	s.workflows.change(func(w *workflows) { n = w.reads })
	return n
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
	virtually(t, func(t *testing.T, s *site) {
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
	})
}

func TestEvents_AreReadOnceForAllAndForNobodyNotAtAll(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		s.workflows.put(release("search.query-api.1", slipway.Deploying))
		var streams []*stream
		for range 8 {
			f := s.follow()
			f.want("phase")
			streams = append(streams, f)
		}
		polls := func(d time.Duration) int {
			synctest.Wait()
			before := s.reads()
			time.Sleep(d)
			return s.reads() - before
		}
		if n := polls(time.Second + time.Millisecond); n != 10 { // not at the moment of the tenth
			t.Errorf("%d polls in a second for %d people, want 10", n, len(streams))
		}
		s.workflows.put(release("search.query-api.1", slipway.Probing))
		for _, f := range streams {
			f.want("phase")
			f.cancel()
		}
		if n := polls(time.Minute); n != 0 {
			t.Errorf("it is read %d times though nobody listens", n)
		}
	})
}

func TestEvents_OutliveAnOutageAndEndWithTheRight(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		s.workflows.put(release("search.query-api.1", slipway.Deploying))
		follow := s.follow()
		follow.want("phase")
		s.workflows.change(func(w *workflows) { w.err = slipway.Errorf(slipway.CodeUnavailable, "no answer") })
		before := s.reads()
		time.Sleep(5 * time.Second)
		if s.reads() == before {
			t.Fatal("nobody asks any more")
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
	})
}
