// Command slipway-standalone is all of Slipway in one process: the API and its console,
// the worker, and Temporal with its web interface and a SQLite file. It needs a
// directory and the description of a fleet, nothing else.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"slipway"
)

// version is set by the linker.
var version = "development"

// Exit statuses, as the commands of slipway have them.
const (
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// A second signal ends the process at once, for the impatient: nothing is
	// lost by it.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		fmt.Fprintln(stderr, "slipway-standalone:", err)
		return exitUsage
	case o.version:
		fmt.Fprintln(stdout, "slipway-standalone", version)
		return 0
	}
	slog.SetDefault(slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: o.logLevel})))
	if err := runAll(ctx, o, stdout); err != nil {
		fmt.Fprintln(stderr, "slipway-standalone:", err)
		if slipway.ErrorCode(err) == slipway.CodeInvalid {
			return exitUsage
		}
		return exitFailed
	}
	return 0
}
