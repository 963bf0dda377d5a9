package slipway

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// NamePattern is what the names of projects, services, hosts, edges,
// registries and gates look like: 1 to 40 lower-case letters, digits and
// hyphens, with a letter or digit at both ends. They are safe in container
// names, labels, workflow IDs, paths and host names.
const NamePattern = `[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?`

var nameRE = regexp.MustCompile(`^` + NamePattern + `$`)

// ValidName reports whether s is a name as NamePattern describes it.
func ValidName(s string) bool { return nameRE.MatchString(s) }

// A ServiceID names one service of one project. It is comparable and may key
// a map.
type ServiceID struct {
	Project string `json:"project"`
	Service string `json:"service"`
}

// String is the form people write and read: "search/query-api".
func (id ServiceID) String() string { return id.Project + "/" + id.Service }

// Key is the form inside other identifiers: "search.query-api". A name never
// contains a dot, so two services never share a key.
func (id ServiceID) Key() string { return id.Project + "." + id.Service }

// ParseServiceID reads what ServiceID.String writes. The error has CodeInvalid.
func ParseServiceID(s string) (ServiceID, error) {
	project, service, ok := strings.Cut(s, "/")
	if !ok || !ValidName(project) || !ValidName(service) {
		return ServiceID{}, Errorf(CodeInvalid, "%q is not a service: write PROJECT/SERVICE, for example search/query-api", s)
	}
	return ServiceID{Project: project, Service: service}, nil
}

// A ReleaseID names one release: the n-th attempt, counted from 1, to bring a
// version of a service live. Number 0 is a container that served before
// Slipway knew the service. It is comparable and may key a map.
type ReleaseID struct {
	ServiceID
	Number int `json:"number"`
}

// String is the release's id everywhere outside Temporal:
// "search.query-api.17". The zero value is the empty string.
func (id ReleaseID) String() string {
	if id == (ReleaseID{}) {
		return ""
	}
	return id.Key() + "." + strconv.Itoa(id.Number)
}

// ParseReleaseID reads what ReleaseID.String writes. The error has CodeInvalid.
func ParseReleaseID(s string) (ReleaseID, error) {
	bad := Errorf(CodeInvalid, "%q is not a release: write PROJECT.SERVICE.NUMBER, for example search.query-api.17", s)
	part := strings.Split(s, ".")
	if len(part) != 3 || !ValidName(part[0]) || !ValidName(part[1]) {
		return ReleaseID{}, bad
	}
	n, err := strconv.Atoi(part[2])
	if err != nil || n < 0 || strconv.Itoa(n) != part[2] {
		return ReleaseID{}, bad
	}
	return ReleaseID{ServiceID: ServiceID{Project: part[0], Service: part[1]}, Number: n}, nil
}

// IsRelease reports whether s is the id of a release.
func IsRelease(s string) bool {
	_, err := ParseReleaseID(s)
	return err == nil
}

// ContainerName is the name of the release's container on a host. Replicas
// are counted from 0; the first one carries no suffix.
func (id ReleaseID) ContainerName(replica int) string {
	if replica == 0 {
		return id.String()
	}
	return fmt.Sprintf("%s.%d", id, replica)
}

// ParseContainerName is the release that a container is named by, as
// ContainerName does. What runs before green is none of them. The error has
// CodeInvalid.
func ParseContainerName(name string) (ReleaseID, error) {
	release, replica := name, 0
	if i := strings.LastIndex(name, "."); strings.Count(name, ".") == 3 {
		release = name[:i]
		replica, _ = strconv.Atoi(name[i+1:])
	}
	id, err := ParseReleaseID(release)
	if err == nil && (replica < 0 || id.ContainerName(replica) != name) {
		err = Errorf(CodeInvalid, "%q is not the container of a release: write PROJECT.SERVICE.NUMBER, or that and .REPLICA", name)
	}
	return id, err
}

// Labels that every container of Slipway carries.
const (
	LabelProject = "slipway.project"
	LabelService = "slipway.service"
	LabelRelease = "slipway.release" // the release's id
	LabelDigest  = "slipway.digest"  // what was verified: the digest that the tag resolved to

	LabelQuestion = "slipway.question" // Healthcheck.Question: what it may be asked
	LabelSecrets  = "slipway.secrets"  // references to its secrets by variable, as JSON; empty: it has none
)

// Network is the name of the bridge network that Slipway keeps on each host.
const Network = "slipway"
