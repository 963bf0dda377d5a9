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
	proxy *proxy.Proxy
}

// CaddyModule names the handler.
func (*Handler) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "http.handlers.slipway", New: func() caddy.Module { return new(Handler) }}
}

// Provision finds the App, which is provisioned first if it is not yet.
func (h *Handler) Provision(ctx caddy.Context) error {
	app, err := ctx.App("slipway")
	if err != nil {
		return err
	}
	h.proxy = app.(*App).proxy
	return nil
}

// ServeHTTP answers every request: what there is no route for, too.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request, _ caddyhttp.Handler) error {
	h.proxy.ServeHTTP(w, r)
	return nil
}

var (
	_ caddy.Provisioner           = (*Handler)(nil)
	_ caddyhttp.MiddlewareHandler = (*Handler)(nil)
)
