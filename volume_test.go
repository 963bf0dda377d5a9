package slipway

import (
	"strings"
	"testing"
)

// No line of a fleet file opens what rules the host, and none opens what
// belongs to the system without naming it.
func TestVolumesOfTheSystemAreOpenedByNameOnlyAndSocketsNever(t *testing.T) {
	for _, test := range []struct {
		name    string
		list    string
		source  string
		allowed bool
		says    string
	}{
		{"the socket, listed", "/var/run/docker.sock", "/var/run/docker.sock", false, "no rule of the fleet file opens it"},
		{"the socket by its other name", "/run/docker.sock", "/run/docker.sock", false, "no rule"},
		{"a socket of another engine", "/srv/rootless/docker.sock", "/srv/rootless/docker.sock", false, "no rule"},
		{"containerd's socket", "/run/containerd/containerd.sock", "/run/containerd/containerd.sock", false, "no rule"},
		{"what contains the socket", "/var/run", "/var/run", false, "contains, /var/run/docker.sock"},
		{"what contains what contains it", "/var", "/var", false, "no rule"},
		{"everything, listed", "/", "/", false, "no rule"},
		{"everything, by a pattern", "/**", "/", false, "no rule"},
		{"the engine that the fleet file names", "/srv/**", "/srv/engine", false, "contains, /srv/engine/h9.sock"},
		{"an edge's socket", "/srv/**", "/srv/edge/e9.sock", false, "no rule"},
		{"a private key of the fleet", "/srv/**", "/srv/keys", false, "contains, /srv/keys/h9.pem"},

		{"/etc by a pattern from above", "/**", "/etc", false, "no pattern opens from above"},
		{"below /etc by a pattern from above", "/**", "/etc/cron.d", false, "no pattern opens from above"},
		{"/etc, listed", "/etc", "/etc", true, ""},
		{"below a directory of /etc that is listed", "/etc/ssl/**", "/etc/ssl/certs", true, ""},
		{"/proc by a pattern", "/**", "/proc/1/root", false, "no pattern opens from above"},
		{"/proc, listed, as monitors need it", "/proc", "/proc", true, ""},
		{"a device as a directory", "/**", "/dev/sda", false, "no pattern opens from above"},
		{"an SSH key of the fleet", "/srv/**", "/srv/ssh/id", false, "/srv/ssh/id"},
		{"Docker's own data", "/var/lib/**", "/var/lib/docker/volumes/x", false, "no pattern opens from above"},
		{"what contains Docker's own data", "/var/**", "/var/lib", false, "no pattern opens from above"},
		{"Slipway's own data", "/var/lib/**", "/var/lib/slipway", false, "no pattern opens from above"},
		{"beside it", "/var/lib/**", "/var/lib/search", true, ""},
		{"what only looks like /etc", "/**", "/etcetera", true, ""},
		{"data by a broad pattern", "/**", "/data/search", true, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			fleet := testFleet()
			fleet.Projects[0].Allow.Volumes = []string{test.list}
			fleet.Hosts = append(fleet.Hosts, Host{Name: "h9", Docker: "unix:///srv/engine/h9.sock", TLS: &TLS{Key: "/srv/keys/h9.pem"}, SSH: &SSH{Key: "/srv/ssh/id"}})
			fleet.Edges = append(fleet.Edges, Edge{Name: "e9", Admin: "unix:///srv/edge/e9.sock"})
			svc := testService("search")
			svc.Container.Volumes = []Volume{{Source: test.source, Target: "/data"}}
			err := fleet.Permit(svc)
			if test.allowed != (err == nil) || !test.allowed && (ErrorCode(err) != CodeForbidden || !strings.Contains(err.Error(), test.says)) {
				t.Errorf("got %v, want allowed %t, forbidden with %q", err, test.allowed, test.says)
			}
		})
	}
}
