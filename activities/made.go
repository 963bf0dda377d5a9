package activities

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"

	"slipway"
)

// What an activity is given comes through Temporal: which container, what to ask
// it, at which address, and which secrets it has. What a container was made with
// is written on it, by a worker that was shown the order. So nothing is run in a
// container, and nothing that it says is told, but by what is written there: who
// could choose the command would work in production, and who could choose the
// reference would find out the secret, by what is replaced in a text of their own.

// secretsLabel is what is written on a container about its secrets.
func secretsLabel(refs map[string]string) string {
	if len(refs) == 0 {
		return ""
	}
	text, err := json.Marshal(refs)
	if err != nil { // they are texts
		panic(err)
	}
	return string(text)
}

// secretsOf are the references to the secrets of a container, by variable.
func secretsOf(c slipway.ContainerState) map[string]string {
	var refs map[string]string
	if json.Unmarshal([]byte(c.Labels[slipway.LabelSecrets]), &refs) != nil { // it has none
		return nil
	}
	return refs
}

// own reports whether a worker has made the container for a release.
func own(c slipway.ContainerState) bool {
	release := c.Labels[slipway.LabelRelease]
	return release != "" && (c.Name == release || strings.HasPrefix(c.Name, release+"."))
}

// mayBeAsked refuses to run a command in a container that was not made with it.
func mayBeAsked(c slipway.ContainerState, check slipway.Healthcheck) error {
	if !own(c) || c.Labels[slipway.LabelQuestion] != check.Question() {
		return fmt.Errorf("the command is not the one that it was made with, which is %q: nothing is run", c.Labels[slipway.LabelQuestion])
	}
	return nil
}

// answersFor reports whether what came back over the network is what the
// container was to be asked, and where.
func (a *Host) answersFor(c slipway.ContainerState, host string, target WatchedTarget) bool {
	if !own(c) || c.Labels[slipway.LabelQuestion] != target.Check.Question() {
		return false
	}
	if address, _, err := net.SplitHostPort(target.Address); err == nil && c.Address != "" && address == c.Address {
		return true
	}
	at, _ := a.Fleet().Host(host)
	return c.HostPort != 0 && target.Address == slipway.HostPort(at.Address, c.HostPort)
}
