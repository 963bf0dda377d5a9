package edge

import (
	"fmt"
	"path/filepath"

	_ "github.com/caddyserver/caddy/v2/modules/filestorage" // Caddy's own files go into the data directory
)

type object = map[string]any

// config is Caddy's configuration for listening on a descriptor: everything
// that it would keep, ask for or serve by itself is off.
func config(data string, http int) object {
	return object{
		"admin":   object{"disabled": true, "config": object{"persist": false}},
		"storage": object{"module": "file_system", "root": filepath.Join(data, "caddy")},
		"logging": object{"logs": object{"default": object{
			"writer": object{"output": "slipway"},
			"level":  "INFO",
		}}},
		"apps": object{
			"slipway": object{},
			"http": object{
				"grace_period": "10s",
				"servers": object{"edge": object{
					"listen":            []string{fmt.Sprintf("fd/%d", http)},
					"listener_wrappers": []object{{"wrapper": "slipway"}},
					"protocols":         []string{"h1"},
					"automatic_https":   object{"disable": true},
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
