package spec_test

import (
	"strings"
	"testing"

	"slipway"
	"slipway/spec"
)

// What a service file may not do to a host, however it is written, on a fleet
// that allows its project something of each kind. Each is refused where it is
// first seen, by the reader or by the rules of the project, and told which.
func TestServiceFilesThatTryToTakeOverTheHostAreRefused(t *testing.T) {
	fleet, err := spec.ParseFleet("fleet.yaml", []byte(`
hosts: [{name: h1, docker: "unix:///var/run/docker.sock", address: 127.0.0.1}, {name: h2, docker: "unix:///run/other.sock", address: 127.0.0.2}]
edges: [{name: e1, admin: "unix:///run/slipway/edge.sock", on: h1}]
registries: [{name: internal, role: [source, production], url: "http://127.0.0.1:5001"}]
projects:
  - name: search
    hosts: [h1]
    routes: ["*.search.example.com"]
    allow: {volumes: ["/**", search-data], cap_add: [NET_BIND_SERVICE], devices: [/dev/fuse], secrets: ["env://SEARCH_*", "file:///secrets/search/*"]}
  - {name: shop, hosts: [h2]}
`))
	if err != nil {
		t.Fatal(err)
	}
	const (
		reader  = "reaches into the host"
		forever = "no rule of the fleet file opens it"
		system  = "no pattern opens from above: allow.volumes of project"
	)
	for _, test := range []struct {
		name  string
		asks  string // below container, or with a "/" in front at the top of the file
		field string
		rule  string
	}{
		{"full privileges", "privileged: true", "container.privileged", reader},
		{"the host's processes", "pid: host", "container.pid", reader},
		{"the host's memory", "ipc: host", "container.ipc", reader},
		{"the host's network", "network_mode: host", "container.network_mode", "Slipway keeps the network"},
		{"the host's users", "userns_mode: host", "container.userns_mode", reader},
		{"the host's name", "uts: host", "container.uts", reader},
		{"the host's control groups", "cgroup: host", "container.cgroup", reader},
		{"no filter of system calls", `security_opt: ["seccomp:unconfined"]`, "container.security_opt", reader},
		{"rules for devices", `device_cgroup_rules: ["a *:* rwm"]`, "container.device_cgroup_rules", reader},
		{"Docker's group", "group_add: [docker]", "container.group_add", reader},
		{"a runtime that isolates nothing", "runtime: host", "container.runtime", reader},
		{"settings of the kernel", "sysctls: {kernel.core_pattern: x}", "container.sysctls", reader},
		{"another's volumes", "volumes_from: [shop.api.1]", "container.volumes_from", "is not available"},
		{"the socket", `volumes: ["/var/run/docker.sock:/s"]`, "container.volumes", forever},
		{"the socket, read-only", `volumes: ["/var/run/docker.sock:/s:ro"]`, "container.volumes", forever},
		{"the socket, in the long form", "volumes: [{type: bind, source: /run/docker.sock, target: /s}]", "container.volumes", forever},
		{"the socket's directory", `volumes: ["/run:/r"]`, "container.volumes", forever},
		{"the edge's socket", `volumes: ["/run/slipway:/r"]`, "container.volumes", forever},
		{"the whole disk", `volumes: ["/:/host"]`, "container.volumes", forever},
		{"the whole disk, by a detour", `volumes: ["/data/..:/host"]`, "container.volumes[0]", "not the shortest form"},
		{"the host's settings", `volumes: ["/etc:/e"]`, "container.volumes", system},
		{"jobs of the host", `volumes: ["/etc/cron.d:/e"]`, "container.volumes", system},
		{"keys of root", `volumes: ["/root/.ssh:/e"]`, "container.volumes", system},
		{"the disk itself", `volumes: ["/dev/sda:/d"]`, "container.volumes", system},
		{"other processes' files", `volumes: ["/proc:/p"]`, "container.volumes", system},
		{"other containers' files", `volumes: ["/var/lib/docker:/d"]`, "container.volumes", system},
		{"a file of wherever the file is read", `volumes: ["../secrets:/s"]`, "container.volumes[0]", "a host knows no directory of the project"},
		{"another project's volume", `volumes: ["shop-db:/d"]`, "container.volumes", "allow.volumes of project \"search\" in the fleet file lists /**, search-data"},
		{"options of a mount", "volumes: [{type: bind, source: /data, target: /d, bind: {propagation: shared}}]", "container.volumes[0].bind", "no options of bind mounts"},
		{"a capability", "cap_add: [SYS_ADMIN]", "container.cap_add", "allow.cap_add of project \"search\" in the fleet file lists NET_BIND_SERVICE"},
		{"every capability", "cap_add: [ALL]", "container.cap_add", "allow.cap_add of project"},
		{"a disk", "devices: [/dev/sda]", "container.devices", "allow.devices of project \"search\" in the fleet file lists /dev/fuse"},
		{"memory, where a listed device is expected", `devices: ["/dev/mem:/dev/fuse"]`, "container.devices", "allow.devices of project"},
		{"another's secret", `environment: {A: {secret: "env://SHOP_KEY"}}`, "container.environment.A", "allow.secrets of project"},
		{"a file of the worker as a secret", `environment: {A: {secret: "file:///etc/shadow"}}`, "container.environment.A", "allow.secrets of project"},
		{"the same by a detour", `environment: {A: {secret: "file:///secrets/search/../../etc/shadow"}}`, "container.environment.A", "is not a reference to a secret"},
		{"Slipway's own labels", "labels: {slipway.project: shop}", "container.labels.slipway.project", "set by Slipway"},
		{"another project's host", "/hosts: [h2]", "hosts", "hosts of the project in the fleet file decide"},
		{"another project's traffic", "/route: {host: shop.example.com}", "route.host", "routes of project \"search\" in the fleet file lists *.search.example.com"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			top, inside, route := "", ", "+test.asks, "route: {host: a.search.example.com}\n"
			if line, ok := strings.CutPrefix(test.asks, "/"); ok {
				top, inside = line+"\n", ""
				if strings.HasPrefix(line, "route") {
					route = ""
				}
			}
			text := "project: search\nservice: api\nimage: search/api\ncontainer: {port: 8080" + inside + "}\n" + route + top
			svc, err := spec.ParseService("service.yaml", []byte(text))
			if err == nil {
				_, err = slipway.NewPlan(fleet, svc)
				if slipway.ErrorCode(err) != slipway.CodeForbidden {
					t.Fatalf("got %v, want it forbidden", err)
				}
			}
			for _, want := range []string{test.field, test.rule} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
		})
	}
}
