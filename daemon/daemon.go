// Package daemon runs the long-lived parts of Slipway, the worker and the API,
// in one process or in two. It is wiring and nothing else.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"go.temporal.io/sdk/client"
	sdklog "go.temporal.io/sdk/log"

	"slipway"
	"slipway/api"
	"slipway/drivers/audit"
	"slipway/drivers/signing"
	"slipway/spec"
	"slipway/starter"
	"slipway/telemetry"
	"slipway/worker"
)

// followInterval is how soon a changed fleet file is taken over by itself.
const followInterval = 2 * time.Second

// drainTimeout is how long requests may still take when the API stops.
const drainTimeout = 10 * time.Second

// Config is what a daemon is started with.
type Config struct {
	Fleet   string // path of the fleet file
	Data    string // directory of what this process keeps: its keys, evidence, its audit log
	Part    string // of Slipway that this process is, such as slipway-api
	Alone   bool   // it is worker and API in one, and trusts itself as long as the fleet file lists no key of an API
	Version string
	Log     *slog.Logger
}

// A Daemon is what the parts share: the fleet, the metrics.
type Daemon struct {
	config   Config
	fleet    *spec.FleetFile
	keys     *signing.Keys
	registry *prometheus.Registry
	metrics  client.MetricsHandler
	record   record
}

// New reads the fleet file, and makes the data directory if it is missing.
func New(config Config) (*Daemon, error) {
	fleet, err := spec.OpenFleet(config.Fleet, config.Log)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(config.Data, 0o700); err != nil {
		return nil, fmt.Errorf("make data directory: %w", err)
	}
	keys, err := signing.Open(filepath.Join(config.Data, "signing.key"), fleet.Current, config.Alone, time.Now)
	if err != nil {
		return nil, err
	}
	d := &Daemon{config: config, fleet: fleet, keys: keys, registry: prometheus.NewRegistry()}
	d.registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "slipway_build_info",
			Help:        "Always 1; the label says which version runs.",
			ConstLabels: prometheus.Labels{"version": config.Version},
		}, func() float64 { return 1 }),
	)
	if d.metrics, err = telemetry.Handler(d.registry, config.Log); err != nil {
		return nil, err
	}
	config.Log.Info("Fleet file read", "file", config.Fleet, "hash", fleet.Current().Hash)
	return d, nil
}

// Temporal completes the options of a connection to Temporal: identity, log
// and metrics.
func (d *Daemon) Temporal(options client.Options) client.Options {
	host, _ := os.Hostname()
	options.Identity = d.config.Part + "@" + host
	options.Logger = sdklog.NewStructuredLogger(d.config.Log.With("component", "temporal-sdk"))
	options.MetricsHandler = d.metrics
	return options
}

// Follow keeps the fleet up to date until ctx ends: by itself, and at once on
// SIGHUP.
func (d *Daemon) Follow(ctx context.Context) {
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		defer signal.Stop(hangups)
		for {
			select {
			case <-hangups:
				_ = d.fleet.Reload() // said in the log
			case <-ctx.Done():
				return
			}
		}
	}()
	go d.fleet.Follow(ctx, followInterval)
}

// Work runs the worker until ctx ends. It calls started, which may be nil, once
// the worker takes up what there is to do.
func (d *Daemon) Work(ctx context.Context, c client.Client, started func()) error {
	log, done, err := d.begin(ctx, starter.New(c))
	if err != nil {
		return err
	}
	defer done()
	return d.run(ctx, worker.New(c, d.worker(c, log)), started)
}

// WorkOn runs the agent of a host until ctx ends.
func (d *Daemon) WorkOn(ctx context.Context, c client.Client, agent worker.Agent) error {
	log, done, err := d.begin(ctx, starter.New(c))
	if err != nil {
		return err
	}
	defer done()
	w, err := worker.NewAgent(c, d.worker(c, log), agent)
	if err != nil {
		return err
	}
	return d.run(ctx, w, nil)
}

func (d *Daemon) worker(c client.Client, log *audit.Log) worker.Config {
	return worker.Config{Fleet: d.fleet.Current, Data: d.config.Data, Releases: starter.New(c), Audit: log, Signatures: d.keys, Log: d.config.Log}
}

func (d *Daemon) run(ctx context.Context, w *worker.Worker, started func()) error {
	d.introduce(slipway.WorkerKey)
	if err := w.Start(); err != nil {
		return err
	}
	if started != nil {
		started()
	}
	<-ctx.Done()
	w.Stop()
	return nil
}

// Serve runs the API on the listener until ctx ends, and closes the listener.
// The handler ui, which may be nil, is Temporal's web interface.
func (d *Daemon) Serve(ctx context.Context, c client.Client, listener net.Listener, ui http.Handler) error {
	key, err := api.LoadKey(filepath.Join(d.config.Data, "session.key"))
	if err != nil {
		return err
	}
	workflows := starter.New(c)
	log, done, err := d.begin(ctx, workflows)
	if err != nil {
		return err
	}
	defer done()
	handler, err := api.New(api.Config{
		Releases:   workflows,
		Tokens:     workflows,
		Fleet:      d.fleet.Current,
		Directory:  &directory{fleet: d.fleet.Current},
		Audit:      log,
		Signatures: d.keys,
		SigningKey: key,
		TemporalUI: ui,
		Registry:   d.registry,
		Logger:     d.config.Log,
		Version:    d.config.Version,
		Now:        time.Now,
	})
	if err != nil {
		return err
	}
	d.introduce(slipway.APIKey)
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		// Event streams end with the process, not after their hour.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		draining, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTimeout)
		defer cancel()
		stopped <- server.Shutdown(draining)
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve http: %w", err)
	}
	return <-stopped
}

// introduce says which key this part signs with, as the fleet files of others
// have to list it, and whether it counts in its own.
func (d *Daemon) introduce(use slipway.KeyUse) {
	log := d.config.Log.With("key", d.keys.ID(), "use", string(use), "line", d.keys.Line(use))
	err := d.keys.Ready(use)
	if err == nil && use == slipway.WorkerKey {
		err = d.keys.Hears(slipway.APIKey)
	}
	if err != nil {
		log.Warn("Signing key is not trusted", "error", err)
		return
	}
	log.Info("Signing key ready")
}
