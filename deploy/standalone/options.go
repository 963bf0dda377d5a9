package main

import (
	"flag"
	"fmt"
	"io"
	"log/slog"

	"slipway"
)

// options are the command line.
type options struct {
	data           string
	fleet          string
	listen         string
	temporalListen string
	logLevel       slog.Level
	version        bool
}

func parseOptions(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("slipway-standalone", flag.ContinueOnError)
	f.SetOutput(io.Discard) // what Parse would print is returned
	f.StringVar(&o.data, "data", "", "the `directory` of everything to keep; made if it is missing (required)")
	f.StringVar(&o.fleet, "fleet", "", "the fleet.yaml `file` (required)")
	f.StringVar(&o.listen, "listen", "127.0.0.1:8400", "`address` of the API, the console and Temporal's web interface")
	f.StringVar(&o.temporalListen, "temporal-listen", "127.0.0.1:7233", "loopback `address` of Temporal")
	f.TextVar(&o.logLevel, "log-level", slog.LevelInfo, "lowest `level` to log: debug, info, warn, error")
	f.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := f.Parse(args); err != nil {
		f.SetOutput(stderr)
		fmt.Fprintln(stderr, "Usage: slipway-standalone --data DIR --fleet FILE [flags]")
		f.PrintDefaults()
		return o, err
	}
	switch {
	case o.version:
		return o, nil
	case f.NArg() > 0:
		return o, slipway.Errorf(slipway.CodeInvalid, "unexpected argument %q; it takes flags only", f.Arg(0))
	case o.data == "":
		return o, slipway.Errorf(slipway.CodeInvalid, "--data is missing: the directory where releases and their history are kept")
	case o.fleet == "":
		return o, slipway.Errorf(slipway.CodeInvalid, "--fleet is missing: the file that describes hosts, edges, registries and projects")
	}
	return o, nil
}
