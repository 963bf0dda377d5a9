// Package embedded runs a whole Temporal server, its database and its web
// interface inside one process, from a directory and an address: what a
// company with a handful of Docker hosts needs and no more.
//
// The database is one SQLite file. Whatever the server has acknowledged
// survives kill -9 and a power cut; the same directory is never used by two
// processes, nor by a binary whose schema differs from the one that made it.
//
// Temporal has no authentication of its own here, so it listens on loopback
// only; its web interface has no listener at all and is handed out as a
// read-only http.Handler, to be mounted behind a sign-in.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/membership/static"
	"go.temporal.io/server/common/metrics"
	"go.temporal.io/server/common/primitives"
	"go.temporal.io/server/temporal"
)

// Options say where the server keeps its data and where it listens.
type Options struct {
	// DataDir holds the database, its lock and the name of its schema. It is
	// made if it is missing, readable by its owner only.
	DataDir string

	// Listen is the loopback address of the frontend; port 0 takes a free one.
	Listen string

	// Namespace is the one that the web interface opens with.
	Namespace string

	// Logger receives what the server itself logs, from LogLevel up.
	Logger   *slog.Logger
	LogLevel slog.Level
}

// A Server is a running Temporal server.
type Server struct {
	address string
	dataDir string
	server  temporal.Server
	ui      *webInterface
	log     *serverLog
	lock    *dirLock
}

// Start returns a server that accepts clients. What it needs is checked first,
// so that an error names the directory, file or address that is in the way;
// nothing is left behind then. The server runs until Stop, whatever becomes of
// ctx, which bounds the start only.
func Start(ctx context.Context, o Options) (_ *Server, err error) {
	s := &Server{dataDir: o.DataDir, log: newServerLog(o.Logger, o.LogLevel)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.release())
		}
	}()
	if err := os.MkdirAll(o.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	if s.lock, err = lockDir(o.DataDir); err != nil {
		return nil, err
	}
	if s.address, err = freeAddress(o.Listen); err != nil {
		return nil, err
	}
	if err := prepareDatabase(ctx, o.DataDir); err != nil {
		return nil, err
	}
	if err := s.start(); err != nil {
		return nil, fmt.Errorf("start the embedded Temporal server: %w", err)
	}
	if s.ui, err = newWebInterface(s.address, o.Namespace); err != nil {
		return nil, errors.Join(fmt.Errorf("start the Temporal web interface: %w", err), s.server.Stop())
	}
	return s, nil
}

func (s *Server) start() error {
	cfg, err := serverConfig(s.address, s.dataDir)
	if err != nil {
		return err
	}
	hosts := make(map[primitives.ServiceName]static.Hosts, len(cfg.Services))
	for name, service := range cfg.Services {
		hosts[primitives.ServiceName(name)] = static.SingleLocalHost(loopback(service.RPC.GRPCPort))
	}
	s.server, err = temporal.NewServer(
		temporal.WithConfig(cfg),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(hosts),
		temporal.WithLogger(s.log),
		temporal.WithDynamicConfigClient(tuning),
		temporal.WithCustomMetricsHandler(metrics.NoopMetricsHandler),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return err
	}
	return s.server.Start()
}

// Address is where clients connect.
func (s *Server) Address() string { return s.address }

// UIHandler is Temporal's web interface under UIPath. It refuses whatever would
// change something, but it shows every workflow to whoever reaches it: mount it
// behind a sign-in.
func (s *Server) UIHandler() http.Handler { return s.ui }

// Stop ends the server in an orderly way, about one second, and gives the data
// directory free. Close clients and workers before. A Server does not start
// again.
func (s *Server) Stop() error {
	s.log.silence()
	s.ui.close()
	err := s.server.Stop()
	if err == nil {
		err = checkpoint(s.dataDir)
	}
	return errors.Join(err, s.release())
}

func (s *Server) release() error {
	if s.lock == nil {
		return nil
	}
	return s.lock.release()
}
