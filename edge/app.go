package edge

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"slipway"
	"slipway/drivers/slipwayedge/mtls"
	"slipway/edge/admin"
	"slipway/edge/disk"
	"slipway/edge/handover"
	"slipway/edge/keeper"
	"slipway/edge/preview"
	"slipway/edge/proxy"
)

// An App is the Caddy app that holds the table. Start makes one, opens what it
// needs and hands it to Caddy.
type App struct {
	options     Options
	dir         *disk.Dir
	requests    []*socket             // without TLS, and with it if it is served
	entry       *socket               // for the administration
	heir        *socket               // for a process that is to take over
	predecessor *handover.Predecessor // nil: none

	keeper   *keeper.Keeper
	proxy    *proxy.Proxy
	admin    *http.Server
	admitted net.Listener       // those of entry that have shown a certificate, where one is needed
	stop     context.CancelFunc // ends long polls of the administration
	doors    doors
	retiring atomic.Bool // another process has taken over
	log      *slog.Logger
}

// CaddyModule names the app. There is one, which Caddy is given.
func (a *App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "slipway", New: func() caddy.Module { return a }}
}

// Provision reads the table, so that it is there before Caddy accepts the
// first request.
func (a *App) Provision(ctx caddy.Context) error {
	a.log = ctx.Slogger()
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.proxy = proxy.New(registry, a.log)
	a.proxy.LeaveWhile(func() bool { return disk.Leaving(a.options.Data) })
	if a.options.PreviewKey != "" {
		key, err := preview.ReadKey(a.options.PreviewKey)
		if err != nil {
			return err
		}
		a.proxy.AllowPreviews(key)
	}
	k, err := keeper.New(a.dir, a.follow, registry, a.log)
	if err != nil {
		return err
	}
	a.keeper = k
	a.admitted = a.entry
	if a.options.AdminTLS != nil {
		config, err := mtls.Server(*a.options.AdminTLS, a.log)
		if err != nil {
			return fmt.Errorf("administration over TLS: %w", err)
		}
		a.admitted = tls.NewListener(a.entry, config)
	}
	polls, stop := context.WithCancel(ctx)
	a.stop = stop
	a.admin = &http.Server{
		Handler:           admin.Handler(k, a, registry),
		ReadHeaderTimeout: 10 * time.Second,
		// A connection is checked once: one that is not used must not outlive a
		// client's certificate for long.
		IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return polls },
		ErrorLog:    slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	return nil
}

// Start serves the administration.
func (a *App) Start() error {
	go func() {
		if err := a.admin.Serve(a.admitted); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("administration ended", "error", err)
		}
	}()
	return nil
}

// Stop closes the administration, and lets writes that are under way finish.
func (a *App) Stop() error {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	a.stop()
	return a.admin.Shutdown(ctx)
}

// Cleanup comes after every app has stopped: only WebSockets are open now.
func (a *App) Cleanup() error {
	if a.proxy != nil {
		a.proxy.Close()
	}
	if err := a.dir.Close(); !errors.Is(err, os.ErrClosed) { // as it is after a takeover
		return err
	}
	return nil
}

// follow makes requests go where t says, here and on connections that a
// predecessor still has.
func (a *App) follow(t slipway.Table) {
	a.predecessor.Follow(t)
	a.proxy.Follow(t)
}

// Drain counts what is in flight here and in a predecessor.
func (a *App) Drain(ctx context.Context, req slipway.DrainRequest) int {
	there := make(chan int, 1)
	go func() {
		there <- a.predecessor.Drain(req)
	}()
	here := a.proxy.Drain(ctx, req)
	select {
	case n := <-there:
		return here + n
	case <-ctx.Done():
		return here + 1 // as far as is known
	}
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
