package engine

import (
	"flag"
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

// streams are the tests in which a request lasts, or carries more than an
// answer: what may go wrong on one way to an engine and not on another.
const streams = "Exit|Ended|Pull|Logs|Command|Hangs|NotThere"

// TestMain runs every test over a socket and those of streams over TLS, too. To
// run all of them over one way, name it in the environment, as make matrix does
// for each: what a driver does must not depend on the way to an engine. That of
// an agent is a socket, on another machine.
func TestMain(m *testing.M) {
	if way == "" {
		flag.Parse()
		over := []string{}
		if flag.Lookup("test.run").Value.String() == "" {
			over = []string{"-test.run", streams}
		}
		os.Exit(max(run(lab.Unix), run(lab.TCP, over...)))
	}
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "slipway-engine-")
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer os.RemoveAll(dir)
		buildDir = dir
		status := m.Run()
		if err := shared.lab.close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = max(status, 1)
		}
		return status
	}())
}

// run runs this program once more over one way, and returns its status.
func run(way lab.Way, more ...string) int {
	fmt.Println("== over", way)
	cmd := exec.Command(os.Args[0], append(os.Args[1:], more...)...)
	cmd.Env = append(os.Environ(), wayVariable+"="+string(way))
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		fmt.Println("over", way, "it failed:", err)
		return max(cmd.ProcessState.ExitCode(), 1)
	}
	return 0
}
