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
	agentsListen   string
	agentsTLS      slipway.TLS
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
	f.StringVar(&o.agentsListen, "agents-listen", "", "`address` at which agents of hosts take their work, over mutual TLS; empty: there are none elsewhere")
	f.StringVar(&o.agentsTLS.Cert, "agents-tls-cert", "", "`file` with the certificate that agents are shown")
	f.StringVar(&o.agentsTLS.Key, "agents-tls-key", "", "`file` with its key")
	f.StringVar(&o.agentsTLS.CA, "agents-client-ca", "", "`file` with the CA that signs agents; the common name of an agent's certificate is its host")
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
	case o.agentsListen == "" && o.agentsTLS != (slipway.TLS{}):
		return o, slipway.Errorf(slipway.CodeInvalid, "--agents-listen is missing: certificates are for the address at which agents take their work")
	case o.agentsListen != "" && (o.agentsTLS.Cert == "" || o.agentsTLS.Key == "" || o.agentsTLS.CA == ""):
		return o, slipway.Errorf(slipway.CodeInvalid, "--agents-listen is served with mutual TLS only: add --agents-tls-cert, --agents-tls-key and --agents-client-ca, all three")
	}
	return o, nil
}
