// Command slipway is what engineers work with: it asks a Slipway server for
// releases, follows them, decides on them and goes back.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"slipway/cmd/slipway/internal/client"
)

// version is set by the linker.
var version = "development"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the process at once
	os.Exit(newProgram(client.DefaultPatience).run(ctx, os.Args[1:]))
}
