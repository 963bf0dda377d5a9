package spec

const (
	ofTheHost  = "reaches into the host, and is not available to a service"
	ofNetwork  = "Slipway keeps the network, with a fixed address for each container; leave it out"
	ofCompose  = "describes how Compose runs a project; leave it out"
	ofFiles    = "is not available: a host has no files of the project; write environment, with {secret: …} for secrets"
	ofResource = "is not available in this version; mem_limit, cpus and ulimits are"
)

// containerRefused are the keys of a Compose service that a container does not
// have, with the reason: people paste from Compose, and a typo is not what is
// wrong.
var containerRefused = map[string]string{
	"privileged":          ofTheHost,
	"cgroup":              ofTheHost,
	"cgroup_parent":       ofTheHost,
	"device_cgroup_rules": ofTheHost,
	"gpus":                ofTheHost,
	"group_add":           ofTheHost,
	"ipc":                 ofTheHost,
	"pid":                 ofTheHost,
	"runtime":             ofTheHost,
	"security_opt":        ofTheHost,
	"sysctls":             ofTheHost,
	"userns_mode":         ofTheHost,
	"uts":                 ofTheHost,

	"expose":       "write port: 8080, the one port the process listens on",
	"dns":          ofNetwork,
	"dns_search":   ofNetwork,
	"domainname":   ofNetwork,
	"extra_hosts":  ofNetwork,
	"hostname":     ofNetwork,
	"links":        ofNetwork,
	"mac_address":  ofNetwork,
	"network_mode": ofNetwork,
	"networks":     ofNetwork,

	"build":          "images are built and pushed before; image at the top of the file names the repository",
	"image":          "belongs at the top of the file, beside container",
	"platform":       "the hosts decide; leave it out",
	"pull_policy":    "every image is pulled by its digest; leave it out",
	"container_name": "the name is made from project, service and release; leave it out",
	"healthcheck":    "belongs at the top of the file, beside container: {path: /healthz}",
	"deploy":         "write replicas, strategy and hosts at the top of the file",
	"scale":          "write replicas at the top of the file: how many run on each host",
	"depends_on":     "each service is released by itself; leave it out, and let the process wait for what it needs",
	"extends":        ofCompose,
	"profiles":       ofCompose,
	"develop":        ofCompose,
	"annotations":    ofCompose,
	"stdin_open":     "nobody sits at the terminal of a service; leave it out",
	"tty":            "nobody sits at the terminal of a service; leave it out",
	"logging":        "the host's Docker decides where logs go; leave it out",
	"configs":        ofFiles,
	"env_file":       ofFiles,
	"secrets":        ofFiles,
	"tmpfs":          "is not available in this version",
	"volumes_from":   "is not available; write volumes",

	"cpu_shares":      ofResource,
	"cpuset":          ofResource,
	"mem_reservation": ofResource,
	"memswap_limit":   ofResource,
	"oom_score_adj":   ofResource,
	"pids_limit":      ofResource,
	"shm_size":        ofResource,
}
