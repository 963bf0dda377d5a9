// Package lab makes the real parts that whole-system tests and the demo run
// on: Docker Engines, registries, and images to put there.
//
// Engines are real dockerd processes of the lab's own, each with its own data,
// socket and range of subnets; they leave the machine's firewall and any
// Docker Engine it already runs alone. Containers are reached at their bridge
// addresses from the machine itself; published ports go through docker-proxy.
//
// Hosts are engines on a network of their own, in network namespaces: each has
// an address, its own firewall, and an edge. They can be cut off, parted, hung,
// filled and rebooted (faults.go).
//
// Everything that a part is made of lies in a directory of its own below the
// system's directory for temporary files, in slipway-lab, locked by the
// process that uses it. Close ends a part; what a crashed process left is
// cleared by the next one that takes the directory.
//
// It needs root, and the Debian packages docker.io, iproute2 and docker-registry.
package lab

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// need says what is missing on the machine, by package.
func need(programs map[string]string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("the lab runs Docker Engines of its own, which takes root: run this as root")
	}
	var missing []string
	for program, debian := range programs {
		if _, err := exec.LookPath(program); err != nil {
			missing = append(missing, fmt.Sprintf("%s (package %s)", program, debian))
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("the lab needs programs that are not here: %s: install them with apt-get", strings.Join(missing, ", "))
	}
	return nil
}
