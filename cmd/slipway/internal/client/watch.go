package client

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"slipway"
)

// lookInterval is how soon to look again where events do not get through.
const lookInterval = 500 * time.Millisecond

// Watch calls seen with how a release stands: at once, and whenever it may have
// changed, until seen returns true or the release has ended. It survives a
// server that goes away and comes back. Errors: CodeUnavailable once nothing
// has answered for Patience.Watch, and those of Release.
func (c *Client) Watch(ctx context.Context, id slipway.ReleaseID, seen func(slipway.Release) (enough bool)) error {
	w := &watch{Client: c, id: id, seen: seen, answered: time.Now()}
	for pause := firstPause; ; pause = longer(pause) {
		before := w.answered
		err := w.follow(ctx)
		switch {
		case w.enough:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil && (slipway.ErrorCode(err) != slipway.CodeUnavailable || time.Since(w.answered) > c.patience.Watch):
			return err
		case err != nil && !w.lost:
			w.lost = true
			c.notice(fmt.Sprintf("%v; %s goes on by itself, trying again for up to %s", err, id, c.patience.Watch))
		}
		if w.answered != before {
			pause = firstPause
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// A watch is one release that is being watched.
type watch struct {
	*Client
	id       slipway.ReleaseID
	seen     func(slipway.Release) bool
	enough   bool
	answered time.Time // when the server last did
	lost     bool      // the person was told that it does not
}

// follow reads the stream of events until it ends. Each event has the whole
// release, and the first says how it stands, so nothing depends on having seen
// every event.
func (w *watch) follow(ctx context.Context) error {
	streaming, stop := context.WithCancel(ctx)
	defer stop()
	quiet := time.AfterFunc(w.patience.Quiet, stop) // the server may vanish without a word
	defer quiet.Stop()
	stream, err := w.send(streaming, request{method: http.MethodGet, path: releasePath(w.id) + "/events"}, "text/event-stream")
	if err != nil {
		// Whatever it is, the release itself says it better; and where events do
		// not get through, looking from time to time does.
		if err := w.look(ctx); err != nil || w.enough {
			return err
		}
		return sleep(ctx, lookInterval)
	}
	defer stream.Body.Close()
	alive := func() {
		w.answered = time.Now() // a release that is held has no news for long
		quiet.Reset(w.patience.Quiet)
	}
	readEvents(stream.Body, alive, func(data []byte) bool {
		var release slipway.Release
		if err = json.Unmarshal(data, &release); err != nil || release.ID != w.id.String() {
			err = w.notSlipway(stream.StatusCode)
			return false
		}
		w.show(release)
		return !w.enough
	})
	return err
}

// look reads how the release stands.
func (w *watch) look(ctx context.Context) error {
	release, err := w.Release(ctx, w.id)
	if err == nil {
		w.show(release)
	}
	return err
}

func (w *watch) show(release slipway.Release) {
	w.answered = time.Now()
	if w.lost {
		w.lost = false
		w.notice(w.base + " answers again")
	}
	w.enough = w.seen(release) || release.Phase == slipway.Ended
}
