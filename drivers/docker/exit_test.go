package docker

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"slipway"
)

// An engine that restarts a container answers as if it had never stopped a
// moment later. A real one shows each of these states for some milliseconds,
// which a test cannot choose.
func TestAwaitExitKnowsAnEndThatTheEngineHasForgotten(t *testing.T) {
	t.Parallel()
	const running, begun = `"Running": true, "StartedAt": "2026-01-01T00:00:00Z"`, `"Config": {}, "Image": "sha256:0", "Name": "/green"`
	for name, shown := range map[string][2]string{ // before the wait, and when it has begun
		"it waits for its restart":       {running, running + `, "Restarting": true, "ExitCode": 7`},
		"its code is forgotten":          {running, running + `, "Restarting": true`},
		"it runs again":                  {running, running + `}, "RestartCount": 1, "State": {` + running},
		"it had ended, and starts again": {running + `, "Restarting": true`, running + `, "Restarting": true`},
		"it is over":                     {running, `"StartedAt": "2026-01-01T00:00:00Z", "ExitCode": 7`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var looks atomic.Int32
			engine := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Api-Version", "1.43")
				w.Header().Set("Content-Type", "application/json")
				switch {
				case strings.HasSuffix(r.URL.Path, "/wait"):
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done() // it goes on for as long as the process runs
				case strings.HasSuffix(r.URL.Path, "/events"):
					fmt.Fprintln(w, `{"Type": "container", "Action": "die", "Actor": {"Attributes": {"exitCode": "7"}}}`)
					_ = http.NewResponseController(w).Flush()
					<-r.Context().Done()
				case strings.HasSuffix(r.URL.Path, "/json"):
					fmt.Fprintf(w, `{%s, "State": {%s}}`, begun, shown[min(looks.Add(1), 2)-1])
				}
			}))
			socket := filepath.Join(t.TempDir(), "docker.sock")
			listener, err := net.Listen("unix", socket)
			if err != nil {
				t.Fatal(err)
			}
			_ = engine.Listener.Close()
			engine.Listener = listener
			engine.Start()
			defer engine.Close()
			e, err := Dial(slipway.Host{Name: "h1", Docker: "unix://" + socket})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			exit, err := e.AwaitExit(t.Context(), "green")
			if err != nil || exit.Code != 7 {
				t.Errorf("%+v, %v; want code 7", exit, err)
			}
		})
	}
}
