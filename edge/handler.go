package edge

import (
	"net/http"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddyhttp"

	"slipway/edge/proxy"
)

func init() {
	caddy.RegisterModule(&Handler{})
}

// A Handler forwards requests as the table of the App says.
type Handler struct {
	app   *App
	proxy *proxy.Proxy
}

// CaddyModule names the handler.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.slipway", New: func() caddy.Module { return new(Handler) }}
}

// Provision finds the App.
func (h *Handler) Provision(ctx caddy.Context) error {
	app, err := theApp(ctx)
	if err != nil {
		return err
	}
	h.app, h.proxy = app, app.proxy
	return nil
}

// ServeHTTP answers every request: what there is no route for, too.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	if h.app.retiring.Load() && r.Header.Get("Upgrade") == "" {
		// The client's next request is for the process that has taken over. Told
		// so, it does not send it on a connection that is being closed.
		w.Header().Set("Connection", "close")
	}
	h.proxy.ServeHTTP(w, r)
	return nil
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
