// Command demo shows Slipway's main job on this machine: a service is released
// under live traffic, a version that never gets ready is undone, and a rollback
// goes back in a moment. It starts everything that it needs, says what happens,
// stays up to be looked at until it is interrupted, and takes down all that it
// started. With DEMO_EXIT=1 it ends by itself.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"slipway/e2e/system"
)

// perSecond is how many requests a second go to the demo's service all the
// time.
const perSecond = 100

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	begun := time.Now()
	engine := machineEngine(ctx)
	if engine == "" {
		say("No Docker Engine answers on this machine: starting one.")
	} else {
		say("Using the Docker Engine of this machine, %s.", engine)
	}
	s, err := system.Start(ctx, system.Options{
		Docker: engine, Project: "slipway-demo",
		Listen: prefer("127.0.0.1:8400"), HTTP: prefer("127.0.0.1:8480"), Temporal: prefer("127.0.0.1:7233"),
	})
	if err != nil {
		return err
	}
	defer func() {
		say("Taking everything down again.")
		if closeErr := s.Close(); err == nil {
			err = closeErr
		}
	}()
	say("Up after %s: two registries, an edge, and Slipway with Temporal in one process.", time.Since(begun).Round(100*time.Millisecond))

	story := &story{System: s}
	report, err := story.tell(ctx)
	if err != nil {
		return err
	}
	say("Traffic the whole time: %d requests, %d failed.", report.Total, report.Failures)
	for _, failure := range report.Failed {
		say("  %s", failure)
	}
	if report.Failures > 0 {
		return fmt.Errorf("%d requests failed, and none should have", report.Failures)
	}
	if os.Getenv("DEMO_EXIT") == "1" {
		return nil
	}
	say("")
	say("Console and API   %s/           sign in as ann, bob or olga: %q", s.URL, system.Password)
	say("Temporal UI       %s/temporal/  as olga, who operates", s.URL)
	say("Command line      export SLIPWAY_URL=%s; bin/slipway login --user ann", s.URL)
	say("The service       curl -H 'Host: %s' %s/", system.Host("demo"), s.EdgeURL)
	say("It stays up until Ctrl-C.")
	<-ctx.Done()
	return nil
}

func say(format string, args ...any) { fmt.Printf(format+"\n", args...) }
