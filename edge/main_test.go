package edge_test

import (
	"fmt"
	"os"
	"testing"

	"slipway/edge"
)

// asEdge makes the test binary be an edge: a process of its own, which tests
// can kill.
const asEdge = "SLIPWAY_EDGE_TEST_PROCESS"

func TestMain(m *testing.M) {
	if os.Getenv(asEdge) != "" {
		if err := edge.Start(edge.Options{Data: os.Args[1], HTTP: os.Args[2], Socket: os.Args[3]}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		select {} // until a signal
	}
	os.Exit(m.Run())
}
