package activities

import (
	"context"
	"time"

	"slipway"
)

// WatchInput says what is watched on one host while blue is held.
type WatchInput struct {
	Host  string         `json:"host"`
	Green *WatchedTarget `json:"green,omitempty"` // nil: not on this host
	Blue  *WatchedTarget `json:"blue,omitempty"`
	Ready bool           `json:"ready"` // what the caller believes of blue
}

// A WatchedTarget is one container, and how it is asked whether it is well.
type WatchedTarget struct {
	Container string              `json:"container"`
	Address   string              `json:"address"`           // host:port
	Stopped   bool                `json:"stopped,omitempty"` // it is well if it is there, to be started again
	Check     slipway.Healthcheck `json:"check"`
	StartedAt time.Time           `json:"started_at,omitzero"` // when it was started, by its host's clock
	Secrets   map[string]string   `json:"secrets,omitempty"`   // as in ProbeInput
}

// WatchResult is what made WatchHost return: green failed, or blue is no
// longer what the caller believed.
type WatchResult struct {
	GreenFailed string `json:"green_failed,omitempty"` // why
	Ready       bool   `json:"ready"`                  // blue answers
	Reason      string `json:"reason,omitempty"`       // why blue does not
}

// failuresInRow is how many probes must fail before a container that was well
// counts as failed: one may hit a collector's pause or a full accept queue.
const failuresInRow = 3

// WatchHost probes green and blue until green has failed where blue answers, or
// blue's readiness is not what the caller believes; otherwise it goes on until
// it is cancelled. A green that was started again because its host or engine was
// has its start period once more. Where both fail, or green is alone and the
// engine does not answer either, the host is what is wrong, and going back would
// help nobody. It changes nothing, so it may run again.
func (a *Host) WatchHost(ctx context.Context, in WatchInput) (WatchResult, error) {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return WatchResult{}, Failure(err)
	}
	green, blue := a.watched(engine, in.Green), a.watched(engine, in.Blue)
	for _, w := range []*watched{green, blue} { // as long as its engine answers
		if w.asked != nil && len(w.asked.target.Secrets) > 0 {
			w.asked.meet(ctx)
		}
	}
	if green.asked != nil { // after a restart of its host blue may just be the quicker one
		green.asked.sparing = true
	}
	interval := slipway.DefaultInterval.Std()
	for _, target := range []*WatchedTarget{in.Green, in.Blue} {
		if target != nil {
			interval = min(interval, target.Check.Interval.Std())
		}
	}
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for alone := 0; ; { // how often in a row green has failed where blue answered
		green.ask(ctx)
		blue.ask(ctx)
		if alone++; green.failures == 0 || blue.failures > 0 {
			alone = 0
		}
		failed := alone >= failuresInRow && (in.Blue != nil || awaitAnswer(ctx, engine, in.Host, listening, 0) == nil)
		if ctx.Err() != nil {
			return WatchResult{}, Failure(ctx.Err())
		}
		result := WatchResult{Ready: in.Blue == nil || blue.failures < failuresInRow}
		// A belief that blue is away is corrected by the first answer, one that
		// it is there only by failures in a row.
		if failed || result.Ready != in.Ready && (!result.Ready || blue.failures == 0) {
			if failed {
				result.GreenFailed = in.Green.Container + " on " + in.Host + " does not answer any more: " + a.said(ctx, in.Host, green)
			}
			if !result.Ready {
				result.Reason = in.Blue.Container + " on " + in.Host + ": " + a.said(ctx, in.Host, blue)
			}
			return result, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// said is what a container, or whoever was to reach it, said last, without its
// secrets.
func (a *Host) said(ctx context.Context, host string, w *watched) string {
	return a.telling(ctx, host, w.asked).text(w.last.Error())
}

// listening is how long an engine may take to answer whose green does not.
const listening = 3 * time.Second

type watched struct {
	asked    *asked // nil: there is none on this host
	failures int
	last     error
}

func (a *Host) watched(engine Engine, target *WatchedTarget) *watched {
	if target == nil {
		return &watched{}
	}
	return &watched{asked: &asked{engine: engine, prober: a.Prober, target: *target}}
}

func (w *watched) ask(ctx context.Context) {
	if w.asked == nil {
		return
	}
	err := w.asked.ask(ctx)
	if err == nil {
		w.failures = 0
		return
	}
	w.failures, w.last = w.failures+1, err
}
