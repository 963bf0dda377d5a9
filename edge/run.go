package edge

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"syscall"

	"github.com/caddyserver/caddy/v2"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage" // Caddy's own files go into the data directory
)

// Options are what an edge is started with.
type Options struct {
	Data   string // data directory; made if there is none
	HTTP   string // address for requests, host:port
	Socket string // path of the admin socket
}

// Start starts the edge in this process, which can hold one. The table is
// being served when it returns. It goes on until SIGTERM or an interrupt, which
// end the process: requests under way are given 10 s, then WebSockets are cut.
func Start(o Options) error {
	// Caddy listens with SO_REUSEPORT: beside another process on the same
	// address it would get some of the connections, and say nothing.
	probe, err := net.Listen("tcp", o.HTTP)
	if err != nil {
		return fmt.Errorf("listen for requests: %w", err)
	}
	probe.Close()
	text, err := json.Marshal(config(o))
	if err != nil {
		return err
	}
	// What the edge makes, the admin socket above all, is its owner's alone
	// from the moment it exists.
	syscall.Umask(0o077)
	// Caddy would leave its instance ID in the home directory.
	if err := os.Setenv("XDG_DATA_HOME", o.Data); err != nil {
		return err
	}
	caddy.TrapSignals()
	return caddy.Load(text, true)
}

type object = map[string]any

// config is Caddy's configuration: everything that it would keep, ask for or
// serve by itself is off.
func config(o Options) object {
	return object{
		"admin":   object{"disabled": true, "config": object{"persist": false}},
		"storage": object{"module": "file_system", "root": filepath.Join(o.Data, "caddy")},
		"logging": object{"logs": object{"default": object{
			"writer": object{"output": "slipway"},
			"level":  "INFO",
		}}},
		"apps": object{
			"slipway": object{"data": o.Data, "socket": o.Socket},
			"http": object{
				"grace_period": "10s",
				"servers": object{"edge": object{
					"listen":          []string{o.HTTP},
					"protocols":       []string{"h1"},
					"automatic_https": object{"disable": true},
					// Caddy's 16 KiB is less than cookies of real sites need.
					"max_header_bytes": 64 << 10,
					// By default Caddy cuts a client that stalls for a minute within
					// a body. How long a request may take is the service's to say.
					"read_idle_timeout":  -1,
					"write_idle_timeout": -1,
					"routes":             []object{{"handle": []object{{"handler": "slipway"}}}},
				}},
			},
		},
	}
}
