package edge

import (
	"fmt"
	"path/filepath"

	_ "github.com/caddyserver/caddy/v2/modules/caddypki"    // the issuer "internal"
	_ "github.com/caddyserver/caddy/v2/modules/filestorage" // Caddy's own files go into the data directory
)

type object = map[string]any

// config is Caddy's configuration for listening on descriptors, the second of
// which is for TLS, if it is there: everything that Caddy would keep, ask for
// or serve by itself is off.
func config(o Options, descriptors []int) object {
	servers := object{"edge": server(descriptors[0])}
	apps := object{"slipway": object{}, "http": object{"grace_period": "10s", "servers": servers}}
	if len(descriptors) > 1 {
		encrypted := server(descriptors[1])
		encrypted["listener_wrappers"] = []object{{"wrapper": "slipway"}, {"wrapper": "tls"}}
		encrypted["protocols"] = []string{"h1", "h2"}
		encrypted["tls_connection_policies"] = []object{{}}
		servers["tls"] = encrypted
		apps["tls"] = object{"automation": automation(o.Issuer)}
		// Its root certificate is for operators to hand out, not for this machine.
		apps["pki"] = object{"certificate_authorities": object{"local": object{"install_trust": false}}}
	}
	return object{
		"admin":   object{"disabled": true, "config": object{"persist": false}},
		"storage": object{"module": "file_system", "root": filepath.Join(o.Data, "caddy")},
		"logging": object{"logs": object{"default": object{
			"writer": object{"output": "slipway"},
			"level":  "INFO",
		}}},
		"apps": apps,
	}
}

func server(descriptor int) object {
	return object{
		"listen":            []string{fmt.Sprintf("fd/%d", descriptor)},
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
	}
}

// automation is how Caddy comes by certificates: those in files first, then,
// for names that the table has when a client asks for one, from an issuer.
func automation(issuer string) object {
	policy := object{"on_demand": true, "get_certificate": []object{{"via": "slipway"}}}
	switch issuer {
	case "", "internal": // the permission lets nothing be issued where there is no issuer
		policy["issuers"] = []object{{"module": "internal"}}
	case "acme":
		policy["issuers"] = []object{acme(object{})}
	default:
		policy["issuers"] = []object{acme(object{"ca": issuer})}
	}
	return object{
		"policies":  []object{policy},
		"on_demand": object{"permission": object{"module": "slipway"}},
	}
}

// acme answers challenges on the TLS listener; the other one is for requests.
func acme(issuer object) object {
	issuer["module"] = "acme"
	issuer["challenges"] = object{"http": object{"disabled": true}}
	return issuer
}
