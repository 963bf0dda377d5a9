package slipway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net"
	"strconv"
	"strings"
	"time"
)

// A Service is what is deployed: the content of a service.yaml, with every
// default filled in. Two Services that mean the same are equal as JSON, which
// is what SettingsHash relies on.
type Service struct {
	ServiceID
	Image       string      `json:"image"` // a repository of the source registry, without tag or digest
	Hosts       Selector    `json:"hosts,omitzero"`
	Replicas    int         `json:"replicas,omitempty"` // containers on each host; 0: one
	Container   Container   `json:"container"`
	Route       *Route      `json:"route,omitempty"` // nil: the service takes no traffic from an edge
	Healthcheck Healthcheck `json:"healthcheck"`
	Requires    []string    `json:"requires,omitempty"`   // dependencies, "host:port" each, that its containers have to reach over TCP
	PreDeploy   *PreDeploy  `json:"pre_deploy,omitempty"` // nil: nothing runs before green
	Strategy    Strategy    `json:"strategy"`
	Gates       []Gate      `json:"gates,omitempty"`
	Windows     []Window    `json:"windows,omitempty"` // beside those of the fleet, which hold all the same
	Freezes     []Window    `json:"freezes,omitempty"`
}

// SettingsHash identifies everything but the image's version: releases with
// the same digest and the same SettingsHash run the same thing. It is the
// SHA-256 of the service as JSON, in hexadecimal.
func (s Service) SettingsHash() string {
	text, err := json.Marshal(s)
	if err != nil { // a Service holds nothing that JSON cannot carry
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// StopsBlue reports whether a version of the service takes over by stopping the
// one before. With a route and both side by side, edges switch, and blue runs
// on while it is held.
func (s Service) StopsBlue() bool { return s.Route == nil || s.Strategy.BlueGreen.StopFirst }

// A Selector picks hosts: those named, or those that carry all the labels. The
// zero Selector picks every host.
type Selector struct {
	Names  []string          `json:"names,omitempty"`
	Labels map[string]string `json:"labels,omitempty"`
}

// Selects reports whether the selector picks h.
func (s Selector) Selects(h Host) bool {
	if len(s.Names) > 0 {
		named := false
		for _, name := range s.Names {
			named = named || name == h.Name
		}
		if !named {
			return false
		}
	}
	for key, value := range s.Labels {
		if have, ok := h.Labels[key]; !ok || have != value {
			return false
		}
	}
	return true
}

// A Container is how the service's image is run. The names and meanings are
// those of a service in a Compose file; what is absent is left to the image.
type Container struct {
	Port            int               `json:"port,omitempty"`  // the TCP port that the process listens on
	Ports           []FixedPort       `json:"ports,omitempty"` // of the host, which only one version can have at a time
	Command         []string          `json:"command,omitempty"`
	Entrypoint      []string          `json:"entrypoint,omitempty"`
	Environment     map[string]Value  `json:"environment,omitempty"`
	Volumes         []Volume          `json:"volumes,omitempty"`
	User            string            `json:"user,omitempty"`
	WorkingDir      string            `json:"working_dir,omitempty"`
	MemLimit        int64             `json:"mem_limit,omitempty"` // bytes; 0: no limit
	CPUs            float64           `json:"cpus,omitempty"`      // processors; 0: no limit
	Restart         string            `json:"restart"`             // unless-stopped, or on-failure for what may end by itself
	StopSignal      string            `json:"stop_signal,omitempty"`
	StopGracePeriod Duration          `json:"stop_grace_period"`
	Init            bool              `json:"init,omitempty"`
	ReadOnly        bool              `json:"read_only,omitempty"`
	CapAdd          []string          `json:"cap_add,omitempty"`
	CapDrop         []string          `json:"cap_drop,omitempty"`
	Devices         []Device          `json:"devices,omitempty"`
	Ulimits         map[string]Ulimit `json:"ulimits,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
}

// Secrets are the references to secrets in the environment, by the name of the
// variable; nil where there is none.
func (c Container) Secrets() map[string]string {
	var refs map[string]string
	//workflowcheck:ignore a map comes of it, whatever the order
	for name, value := range c.Environment {
		if value.Secret == "" {
			continue
		}
		if refs == nil {
			refs = map[string]string{}
		}
		refs[name] = value.Secret
	}
	return refs
}

// A Value is the value of an environment variable: given as it is, or a
// reference to a secret ("env://NAME", "file:///path") that is looked up where
// the container is started and never stored.
type Value struct {
	Plain  string `json:"plain,omitempty"`
	Secret string `json:"secret,omitempty"`
}

// A Volume mounts a directory of the host (Source is an absolute path) or a
// named volume at Target.
type Volume struct {
	Source   string `json:"source"`
	Target   string `json:"target"`
	ReadOnly bool   `json:"read_only,omitempty"`
}

// String is the volume in Compose's short form.
func (v Volume) String() string {
	if v.ReadOnly {
		return v.Source + ":" + v.Target + ":ro"
	}
	return v.Source + ":" + v.Target
}

// Bind reports whether the volume is a directory of the host.
func (v Volume) Bind() bool { return len(v.Source) > 0 && v.Source[0] == '/' }

// A Device is a device of the host that the container has at Target.
type Device struct {
	Source      string `json:"source"`
	Target      string `json:"target"`
	Permissions string `json:"permissions"` // letters of "rwm": read, write, make nodes
}

// String is the device in Compose's short form.
func (d Device) String() string { return d.Source + ":" + d.Target + ":" + d.Permissions }

// A Ulimit is a soft and a hard limit.
type Ulimit struct {
	Soft int64 `json:"soft"`
	Hard int64 `json:"hard"`
}

// A Route is the part of an edge's address space that a service claims: a host
// name, and a path with everything below it.
type Route struct {
	Host string `json:"host"`
	Path string `json:"path"` // begins with "/"; "/" is the whole host
}

// String is the route as a person would write it in a browser.
func (r Route) String() string { return r.Host + r.Path }

// A Healthcheck says how green is proven before it serves, and how it and blue
// are watched while blue is held. One of Path, Exec, TCP and Docker is set, or
// none: see Asks.
type Healthcheck struct {
	Path        string   `json:"path"`             // an HTTP GET on the container's port; any 2xx answer is a success
	Exec        []string `json:"exec,omitempty"`   // a command in the container; exit status 0 is a success
	TCP         int      `json:"tcp,omitempty"`    // a port of the container; a connection is a success
	Docker      bool     `json:"docker,omitempty"` // the image's own HEALTHCHECK, which Docker carries out
	Interval    Duration `json:"interval"`         // at most this long between probes; while green is being proven they come faster
	Timeout     Duration `json:"timeout"`          // of one probe
	Successes   int      `json:"successes"`        // in a row, that prove green
	StartPeriod Duration `json:"start_period"`     // from green's start; within it, failures do not count. Where nothing is asked: how long it must run
}

// Asks is what a container is asked, in few words. A command is named without
// its arguments, which may be anybody's business. Where the service file asks
// nothing, it is the image's own HEALTHCHECK if it has one, and otherwise only
// whether the container runs.
func (h Healthcheck) Asks() string {
	switch {
	case h.Path != "":
		return "GET " + h.Path
	case len(h.Exec) > 0:
		return "exec " + h.Exec[0]
	case h.TCP != 0:
		return fmt.Sprintf("connect to port %d", h.TCP)
	case h.Docker:
		return "the image's HEALTHCHECK"
	}
	return "does it run"
}

// Question is exactly what a container is asked, a command with all its
// arguments. It is empty where only its engine is asked.
func (h Healthcheck) Question() string {
	switch {
	case h.Path != "":
		return "GET " + h.Path
	case len(h.Exec) > 0:
		return fmt.Sprintf("exec %q", h.Exec)
	case h.TCP != 0:
		return fmt.Sprintf("connect to port %d", h.TCP)
	}
	return ""
}

// AsksNothing reports whether the service file leaves it to the image how a
// container is asked.
func (h Healthcheck) AsksNothing() bool {
	return h.Path == "" && len(h.Exec) == 0 && h.TCP == 0 && !h.Docker
}

// A Strategy says how a version takes over. Blue-green is the one there is.
type Strategy struct {
	BlueGreen BlueGreen `json:"blue_green"`
}

// BlueGreen holds the order and the times of a blue-green release, and how much
// of a fleet it needs.
type BlueGreen struct {
	StopFirst     bool     `json:"stop_first,omitempty"` // green starts when blue has stopped; otherwise beside it
	Hold          Duration `json:"hold"`                 // how long blue is kept running after the switch; 0: not at all
	DrainTimeout  Duration `json:"drain_timeout"`        // how long requests that blue still serves may take before they are cut
	DeployTimeout Duration `json:"deploy_timeout"`       // from green's start until it must be proven
	SwitchTimeout Duration `json:"switch_timeout"`       // for all edges to acknowledge; past it all go back

	MaxParallel Share    `json:"max_parallel,omitzero"` // hosts that green is brought to at a time; zero: all
	Delay       Duration `json:"delay,omitempty"`       // from when green is proven on a host until the next one begins in its place
	Groups      []Group  `json:"groups,omitempty"`      // which go one after the other; hosts that none selects are the last one

	OnFailure OnFailure `json:"on_failure,omitempty"` // of a group after the first

	Unreachable Unreachable `json:"unreachable,omitzero"`
	MinServing  Share       `json:"min_serving,omitzero"` // hosts that a version needs before it may serve
}

// What holds where a service file says nothing.
const (
	DefaultHealthPath      = "/"
	DefaultInterval        = Duration(500 * time.Millisecond)
	DefaultTimeout         = Duration(2 * time.Second)
	DefaultSuccesses       = 2
	DefaultStartPeriod     = Duration(30 * time.Second)
	DefaultRunPeriod       = Duration(10 * time.Second) // the start period where nothing is asked
	DefaultHold            = Duration(10 * time.Minute)
	DefaultDrainTimeout    = Duration(30 * time.Second)
	DefaultDeployTimeout   = Duration(60 * time.Second)
	DefaultSwitchTimeout   = Duration(10 * time.Second)
	DefaultStopGracePeriod = Duration(10 * time.Second)
	DefaultRestart         = "unless-stopped"
	DefaultGateExpiry      = Duration(24 * time.Hour)
)

// HostPort joins an address and a port as a dialable "host:port".
func HostPort(address string, port int) string {
	return net.JoinHostPort(address, strconv.Itoa(port))
}

// A PortRange is an inclusive range of TCP ports, "20000-20999". The zero
// value is empty.
type PortRange struct {
	First, Last int
}

// MarshalText writes the range as "20000-20999".
func (r PortRange) MarshalText() ([]byte, error) {
	if r == (PortRange{}) {
		return nil, nil
	}
	return fmt.Appendf(nil, "%d-%d", r.First, r.Last), nil
}

// UnmarshalText reads what MarshalText writes.
func (r *PortRange) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*r = PortRange{}
		return nil
	}
	first, last, _ := strings.Cut(string(text), "-")
	from, err1 := strconv.ParseUint(first, 10, 16)
	to, err2 := strconv.ParseUint(last, 10, 16)
	if err1 != nil || err2 != nil || from < 1 || from > to {
		return fmt.Errorf("%q is not a range of ports: write FIRST-LAST within 1-65535, for example 20000-20999", text)
	}
	*r = PortRange{First: int(from), Last: int(to)}
	return nil
}
