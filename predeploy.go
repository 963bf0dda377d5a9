package slipway

// A PreDeploy is a command that runs once per release, on one host, before green
// starts: a migration. It runs in a container of green's image with green's
// settings, in place of the image's own command.
type PreDeploy struct {
	Command []string `json:"command"`
	Timeout Duration `json:"timeout"` // then it is stopped, and has failed

	// PointOfNoReturn says that the version before may not be able to work any
	// more once the command has begun: what fails from then on is held as it is,
	// until a person decides.
	PointOfNoReturn bool `json:"point_of_no_return,omitempty"`
}

// DefaultPreDeployTimeout holds where a service file says nothing.
const DefaultPreDeployTimeout = Duration(10 * 60e9)

// A PreDeployState is how the command of a release went.
type PreDeployState struct {
	Host      string   `json:"host"`
	Container string   `json:"container"`
	Took      Duration `json:"took,omitempty"` // 0: it has not ended well
	Evidence  string   `json:"evidence"`       // where its log is kept, on the machine of the worker
	Tail      string   `json:"tail"`           // the last lines of its log
}

// PreDeployName is the name of the container that runs a release's command.
func (id ReleaseID) PreDeployName() string { return id.String() + ".pre" }
