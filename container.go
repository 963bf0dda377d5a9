package slipway

import "time"

// A ContainerSpec is one container that is to run on a host.
type ContainerSpec struct {
	Name        string            `json:"name"`
	Image       string            `json:"image"` // what to run, by digest: "host:port/repository@sha256:…"
	Labels      map[string]string `json:"labels"`
	Container   Container         `json:"container"`
	Environment map[string]string `json:"-"`                 // with secrets resolved: never stored, never logged
	Publish     *Publish          `json:"publish,omitempty"` // nil: reachable on the bridge network only
	Address     string            `json:"address,omitempty"` // the host's address, for the ports that the container fixes
}

// Publish asks for a port of the host that leads to the container's port.
type Publish struct {
	Address string    `json:"address"` // the host's address to bind, never 0.0.0.0
	Ports   PortRange `json:"ports"`   // to choose from
}

// A ContainerState is one container as its host reports it.
type ContainerState struct {
	Name       string            `json:"name"`
	ID         string            `json:"id"`
	Image      string            `json:"image"` // the image ID, "sha256:…"
	Running    bool              `json:"running"`
	Restarts   int               `json:"restarts,omitempty"` // by the engine, because its process ended, since it was last started by order
	Health     *Health           `json:"health,omitempty"`   // nil: its image has no HEALTHCHECK
	StartedAt  time.Time         `json:"started_at,omitzero"`
	FinishedAt time.Time         `json:"finished_at,omitzero"` // when it ended, by its host's clock; zero while it runs
	Address    string            `json:"address,omitempty"`    // its fixed IP on the host's bridge network
	HostPort   int               `json:"host_port,omitempty"`  // the published port; 0: none
	Labels     map[string]string `json:"labels,omitempty"`
	Exit       *Exit             `json:"exit,omitempty"`      // nil while it runs, or before it ran
	Signature  string            `json:"signature,omitempty"` // a ContainerStatement by the worker that started it

	Environment map[string]string `json:"-"` // what it was made with, secrets among it: never stored, never logged
}

// Health is what Docker says of a container whose image has a HEALTHCHECK.
type Health struct {
	Status string `json:"status"`         // starting, healthy or unhealthy
	Said   string `json:"said,omitempty"` // what the last check printed
}

// The statuses of a Health.
const (
	Healthy   = "healthy"
	Unhealthy = "unhealthy"
)

// Executed is how a command ended that was run in a container.
type Executed struct {
	Code   int    `json:"code"`
	Output string `json:"output"` // the first 4 kB of standard output and error
}

// An Exit is how a container's process ended.
type Exit struct {
	Code      int    `json:"code"`
	OOMKilled bool   `json:"oom_killed,omitempty"`
	Error     string `json:"error,omitempty"` // why it could not even start
}

// Evidence is what is kept of a container that failed.
type Evidence struct {
	Container ContainerState `json:"container"`
	Logs      string         `json:"logs"`    // the last 64 kB of standard output and error
	Inspect   string         `json:"inspect"` // Docker's own JSON, the values of environment variables redacted
}

// HostFacts is what a Docker Engine says of itself.
type HostFacts struct {
	Platform      string      `json:"platform"` // "linux/amd64"
	Version       string      `json:"version"`  // of the engine
	API           string      `json:"api"`
	Kernel        string      `json:"kernel"`
	StorageDriver string      `json:"storage_driver"`
	Cgroup        string      `json:"cgroup,omitempty"` // version: "1" or "2"
	LiveRestore   bool        `json:"live_restore"`
	Answered      Duration    `json:"answered"`        // how long it took to say so
	Ports         []int       `json:"ports,omitempty"` // that containers of Slipway have on the host, whether they run or not
	Taken         []TakenPort `json:"taken,omitempty"` // ports of the host that any container has, or will have when it is started again

	Time    time.Time `json:"time,omitzero"`     // by the host's clock
	Skew    Duration  `json:"skew,omitempty"`    // how far that is off, at least, as far as is known
	Disk    *Disk     `json:"disk,omitempty"`    // nil: not known from where it was asked
	Stuck   []string  `json:"stuck,omitempty"`   // containers that are dead, or being removed and not gone
	Leaked  []string  `json:"leaked,omitempty"`  // mounts below the engine's directory of containers that are gone; only known where Disk is
	Missing []string  `json:"missing,omitempty"` // images that were asked for and are not there
	Unmet   []Unmet   `json:"unmet,omitempty"`   // dependencies that were asked for and that no container there reaches
	Pinned  *Profile  `json:"pinned,omitempty"`  // if that was asked for: what the fleet file pins the host to now; nil: to nothing
}

// Progress is how far a pull or a copy has come.
type Progress struct {
	Host  string `json:"host,omitempty"` // that pulls; empty for a copy between registries
	Done  int64  `json:"done"`           // bytes
	Total int64  `json:"total"`          // bytes; 0 while it is not known
}
