package activities

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"slipway"
)

// ProbeInput says which container is to be proven, and how.
type ProbeInput struct {
	Host      string              `json:"host"`
	Container string              `json:"container"`
	Address   string              `json:"address"` // host:port to probe
	Check     slipway.Healthcheck `json:"check"`
	Deadline  slipway.Duration    `json:"deadline"`          // from now until it must be proven
	Secrets   map[string]string   `json:"secrets,omitempty"` // that it has, as the caller knows: what of them is kept out of what it says is read off the container

	Patience slipway.Duration `json:"patience,omitempty"` // as in HostInput
}

// ProbeResult says how green was proven.
type ProbeResult struct {
	Took   slipway.Duration `json:"took"`
	Probes int              `json:"probes"`
}

// Probes of a container that is to be proven come faster than its interval,
// because a release waits for them: the waits grow with the time it has taken,
// from shortestWait to the interval, so a slow start costs at most an eighth
// more than it takes. The successes in a row that prove it are confirmWait
// apart.
const (
	shortestWait = 10 * time.Millisecond
	confirmWait  = 25 * time.Millisecond
)

// ProbeGreen returns when the container has answered Check.Successes probes in
// a row; where there is nothing to ask, when it has run for Check.StartPeriod.
// It fails as soon as the container exits, with its last log lines; when probes
// fail in a row after Check.StartPeriod, or the deadline passes, with the last
// answer. A container that answers is proven, even while the engine does not.
// It changes nothing, so it may run again.
func (a *Host) ProbeGreen(ctx context.Context, in ProbeInput) (ProbeResult, error) {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return ProbeResult{}, Failure(err)
	}
	result, err := answering(ctx, engine, in.Host, in.Patience, func(ctx context.Context) (ProbeResult, error) { return a.probe(ctx, engine, in) })
	return result, Failure(err)
}

func (a *Host) probe(ctx context.Context, engine Engine, in ProbeInput) (ProbeResult, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, in.Deadline.Std(), errDeadline)
	defer cancel()

	exited := make(chan error, 1)
	go func() {
		exit, err := engine.AwaitExit(ctx, in.Container)
		if err == nil {
			err = a.exited(ctx, engine, in.Host, in.Container, exit)
		}
		exited <- err
	}()

	target := WatchedTarget{Container: in.Container, Address: in.Address, Check: in.Check, Secrets: in.Secrets}
	green := &asked{engine: engine, prober: a.Prober, target: target, proving: true}
	notReady := func(after slipway.Duration, last error) error {
		return notReady(in, after, a.telling(ctx, in.Host, green).error(last))
	}
	start := time.Now()
	result := ProbeResult{}
	last := errors.New("it was never asked")
	for inRow, failures := 0, 0; ; {
		result.Probes++
		interval := in.Check.Interval.Std()
		wait := min(max(time.Since(start)/8, shortestWait), interval)
		if err := green.ask(ctx); err == nil {
			if inRow++; inRow >= in.Check.Successes {
				result.Took = slipway.Duration(time.Since(start).Round(time.Millisecond))
				return result, nil
			}
			failures = 0
			wait = min(confirmWait, interval)
		} else {
			inRow = 0
			if ctx.Err() == nil {
				last = err
			}
			if errors.Is(err, errUnhealthy) { // the image has its own patience, and it is over
				return result, notReady(slipway.Duration(time.Since(start).Round(time.Millisecond)), last)
			}
			if time.Since(start) > in.Check.StartPeriod.Std() && !green.looked {
				if failures++; failures >= failuresInRow {
					return result, notReady(in.Check.StartPeriod, last)
				}
				wait = interval
			}
		}
		select {
		case <-time.After(wait):
		case err := <-exited:
			if ctx.Err() == nil { // otherwise it is the deadline's own echo
				return result, err
			}
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			if errors.Is(context.Cause(ctx), errDeadline) {
				return result, notReady(in.Deadline, last)
			}
			return result, ctx.Err()
		}
	}
}

var errDeadline = errors.New("deadline")

func notReady(in ProbeInput, after slipway.Duration, last error) error {
	return slipway.Errorf(slipway.CodeInvalid, "%s on %s was not ready within %s: %s: %v",
		in.Container, in.Host, after, in.Check.Asks(), last)
}

// exited describes the end of a container for a person who has to find out
// why: how it ended and, if it is ours, what it said last.
func (a *Host) exited(ctx context.Context, engine Engine, host, container string, exit slipway.Exit) error {
	text := fmt.Sprintf("%s on %s exited with code %d", container, host, exit.Code)
	if exit.OOMKilled {
		text += " (out of memory: see container.mem_limit)"
	}
	if evidence, err := engine.Evidence(ctx, container); err == nil && own(evidence.Container) {
		// Before the log is cut: half a secret would not be recognised.
		redactor := a.redactor(ctx, secretsOf(evidence.Container), evidence.Container.Environment)
		evidence = redactor.evidence(evidence)
		if exit.Error != "" && !exit.OOMKilled {
			text += " (" + redactor.text(exit.Error) + ")"
		}
		if tail := lastLines(evidence.Logs, 10, 2000); tail != "" {
			text += "; it said last:\n" + tail
		}
	}
	return slipway.Errorf(slipway.CodeInvalid, "%s", text)
}

// lastLines cuts a log to at most n lines and size bytes, from the end.
func lastLines(log string, n, size int) string {
	log = strings.TrimRight(log, "\n")
	if len(log) > size {
		log = strings.ToValidUTF8(log[len(log)-size:], "")
	}
	lines := strings.Split(log, "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
