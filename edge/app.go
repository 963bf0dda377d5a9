package edge

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/caddyserver/caddy/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"slipway/edge/admin"
	"slipway/edge/disk"
	"slipway/edge/keeper"
	"slipway/edge/proxy"
)

func init() {
	caddy.RegisterModule(&App{})
}

// An App is the Caddy app that holds the table.
type App struct {
	Data   string `json:"data"`   // data directory
	Socket string `json:"socket"` // path of the admin socket

	dir   *disk.Dir
	proxy *proxy.Proxy
	admin *http.Server
	stop  context.CancelFunc // ends long polls of the administration
	log   *slog.Logger
}

// CaddyModule names the app.
func (*App) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "slipway", New: func() caddy.Module { return new(App) }}
}

// Provision takes the data directory and reads the table, so that it is there
// before Caddy accepts the first request.
func (a *App) Provision(ctx caddy.Context) error {
	a.log = ctx.Slogger()
	dir, err := disk.Open(a.Data)
	if err != nil {
		return err
	}
	a.dir = dir
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	a.proxy = proxy.New(registry, a.log)
	k, err := keeper.New(dir, a.proxy.Follow, registry, a.log)
	if err != nil {
		return err
	}
	polls, stop := context.WithCancel(ctx)
	a.stop = stop
	a.admin = &http.Server{
		Handler:           admin.Handler(k, a.proxy, registry),
		ReadHeaderTimeout: 10 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return polls },
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	return nil
}

// Start opens the admin socket.
func (a *App) Start() error {
	listener, err := admin.Listen(a.Socket)
	if err != nil {
		return err
	}
	go func() {
		if err := a.admin.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			a.log.Error("administration ended", "error", err)
		}
	}()
	return nil
}

// Stop closes the admin socket, and lets writes that are under way finish.
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
	if a.dir != nil {
		return a.dir.Close()
	}
	return nil
}

var (
	_ caddy.App          = (*App)(nil)
	_ caddy.Provisioner  = (*App)(nil)
	_ caddy.CleanerUpper = (*App)(nil)
)
