package api

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"slipway"
)

const (
	heartbeat = 10 * time.Second // shorter than what proxies take for dead
	writeTime = 10 * time.Second // for a client to take an event
)

// The types of events. Each has the whole release as its data.
const (
	phaseEvent    = "phase"    // where the release stands, and all that is not said by another
	hostEvent     = "host"     // where a host stands
	progressEvent = "progress" // how far a copy or a pull has come
	gateEvent     = "gate"     // a gate opened, or somebody decided
	endEvent      = "end"      // it has ended; nothing follows
)

func eventStream(op *huma.Operation) {
	op.Responses = map[string]*huma.Response{"200": {
		Description: "Server-sent events of the types phase, host, progress, gate and, as the last one, end. The data of each is the whole release as JSON. " +
			"The first event says how it stands; a client that comes again is told the same way, so that it needs no Last-Event-ID.",
		Content: map[string]*huma.MediaType{"text/event-stream": {Schema: &huma.Schema{Type: huma.TypeString}}},
	}}
}

func (s *server) events(ctx context.Context, in *ReleasePath) (*huma.StreamResponse, error) {
	id, err := s.release(ctx, in.ID, slipway.RightView)
	if err != nil {
		return nil, err
	}
	release, err := s.Releases.Release(ctx, id)
	if err != nil {
		return nil, err
	}
	done, err := s.streams.take(requestOf(ctx).session.User)
	if err != nil {
		return nil, err
	}
	return &huma.StreamResponse{Body: func(answer huma.Context) {
		defer done()
		answer.SetHeader("Content-Type", "text/event-stream")
		answer.SetHeader("Cache-Control", "no-store")
		answer.SetHeader("X-Accel-Buffering", "no")
		answer.SetStatus(http.StatusOK)
		watch := s.watches.join(id, release)
		defer s.watches.leave(id)
		s.tell(ctx, answer.BodyWriter(), watch, id.Project)
	}}, nil
}

// tell writes events until the release ends, the client goes, or may see it no
// more.
func (s *server) tell(ctx context.Context, w io.Writer, watch *watch, project string) {
	request := requestOf(ctx)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	var told *slipway.Release
	for {
		state, turned := watch.now()
		if !s.stillMay(request, project) {
			return
		}
		text := ": nothing new\n\n"
		if kinds := news(told, state.release); len(kinds) > 0 {
			text = ""
			for _, kind := range kinds {
				text += fmt.Sprintf("id: %d\nevent: %s\ndata: %s\n\n", state.number, kind, state.text)
			}
		}
		told = &state.release
		if err := request.send(w, text); err != nil || state.last() {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-turned:
		case <-beat.C:
		}
	}
}

// stillMay asks again during a stream what was asked at its begin: tokens
// expire, and people lose rights.
func (s *server) stillMay(r *request, project string) bool {
	now, err := s.tokens.read(r.Context(), r.session.token, forBrowser, forProgram, forMachine)
	return err == nil && now.may(s.Fleet(), project, slipway.RightView)
}

// send writes at once, or gives the client up.
func (r *request) send(w io.Writer, text string) error {
	_ = r.controller.SetWriteDeadline(time.Now().Add(writeTime))
	if _, err := io.WriteString(w, text); err != nil {
		return err
	}
	return r.controller.Flush()
}

// news says which events tell how now differs from before; without a before it
// is where the release stands.
func news(before *slipway.Release, now slipway.Release) (events []string) {
	add := func(event string, is bool) {
		if is {
			events = append(events, event)
		}
	}
	if before == nil {
		before = &slipway.Release{Hosts: now.Hosts, Gates: now.Gates, Progress: now.Progress}
	}
	add(phaseEvent, !reflect.DeepEqual(rest(*before), rest(now)))
	add(hostEvent, !reflect.DeepEqual(withoutProgress(before.Hosts), withoutProgress(now.Hosts)))
	add(progressEvent, !slices.Equal(progress(*before), progress(now)))
	add(gateEvent, !reflect.DeepEqual(before.Gates, now.Gates))
	add(endEvent, now.Phase == slipway.Ended && before.Phase != slipway.Ended)
	return events
}

// rest is a release without what has events of its own.
func rest(r slipway.Release) slipway.Release {
	r.Hosts, r.Gates, r.Progress = nil, nil, ""
	return r
}

func withoutProgress(hosts []slipway.ReleaseHost) []slipway.ReleaseHost {
	hosts = slices.Clone(hosts)
	for i := range hosts {
		hosts[i].Progress = ""
	}
	return hosts
}

func progress(r slipway.Release) []string {
	all := []string{r.Progress}
	for _, h := range r.Hosts {
		all = append(all, h.Progress)
	}
	return all
}
