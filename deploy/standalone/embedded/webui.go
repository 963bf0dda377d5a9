package embedded

import (
	"errors"
	"fmt"
	"io/fs"
	"net/http"

	"github.com/labstack/echo/v4"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/route"
	"github.com/temporalio/ui-server/v2/ui"
)

// UIPath is where the web interface expects to be mounted; requests must reach
// it with their path unchanged.
const UIPath = "/temporal"

// A webInterface is Temporal's, as a handler. Its own server would listen on a
// port that anyone on the machine can use without signing in, and end the
// process when the port is taken; its parts do neither.
type webInterface struct {
	http.Handler
	config *config.ConfigProviderWithRefresh
}

func newWebInterface(temporal, namespace string) (*webInterface, error) {
	provider, err := config.NewConfigProviderWithRefresh(&config.Config{
		TemporalGRPCAddress: temporal,
		EnableUI:            true,
		DefaultNamespace:    namespace,
		DisableWriteActions: true, // hides the buttons; readOnly is what refuses
		DisableNewsFetch:    true, // it would ask the vendor's site
		HideLogs:            true,
	})
	if err != nil {
		return nil, err
	}
	all, err := ui.Assets()
	if err != nil {
		return nil, fmt.Errorf("open its files: %w", err)
	}
	assets, err := fs.Sub(all, "local")
	if err != nil {
		return nil, fmt.Errorf("open its files: %w", err)
	}
	page, err := newPage(assets, UIPath)
	if err != nil {
		return nil, err
	}
	calls := echo.New()
	if err := route.SetAPIRoutes(calls, provider, nil); err != nil {
		return nil, fmt.Errorf("connect it to Temporal: %w", err)
	}
	route.SetRenderRoute(calls, "/") // Markdown of workflow summaries and details

	files := http.FileServerFS(assets)
	mux := http.NewServeMux()
	mux.Handle("/api/", calls)
	mux.Handle("/render", calls)
	mux.Handle("/favicon.ico", files)
	mux.Handle("/_app/", files)
	mux.Handle("/_app/immutable/", forever(files)) // named by their content
	mux.Handle("/", page)
	return &webInterface{readOnly(http.StripPrefix(UIPath, mux)), provider}, nil
}

func (w *webInterface) close() { w.config.Close() }

func forever(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "private, max-age=31536000, immutable")
		next.ServeHTTP(w, r)
	})
}

var errPage = errors.New("its page has another form than the one this was written for")
