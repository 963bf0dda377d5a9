package engine

import (
	"fmt"
	"os"
	"os/exec"
	"testing"

	"slipway/e2e/lab"
)

// buildDir holds the binaries that tests run, built once for all of them.
var buildDir string

// way is how the engines of this process are reached.
var way = lab.Way(os.Getenv(wayVariable))

const wayVariable = "SLIPWAY_ENGINE_WAY"

// TestMain runs every test over a socket and over TLS, with the same arguments:
// what a driver does must not depend on the way to an engine. That of an agent is
// a socket, on another machine; that of SSH, slower by a process for each
// connection, is for make matrix. To run one way only, name it in the environment.
func TestMain(m *testing.M) {
	if way == "" {
		os.Exit(each(lab.Unix, lab.TCP))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "slipway-engine-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		buildDir = dir
		return m.Run()
	}())
}

// each runs this program once for each way, and returns the worst status.
func each(ways ...lab.Way) int {
	worst := 0
	for _, way := range ways {
		fmt.Println("== over", way)
		cmd := exec.Command(os.Args[0], os.Args[1:]...)
		cmd.Env = append(os.Environ(), wayVariable+"="+string(way))
		cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			fmt.Println("over", way, "it failed:", err)
			worst = max(worst, cmd.ProcessState.ExitCode(), 1)
		}
	}
	return worst
}
