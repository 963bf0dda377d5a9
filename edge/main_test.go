package edge_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"testing"

	"slipway/edge"
)

// asEdge makes the test binary be an edge: a process of its own, which tests
// can kill.
const asEdge = "SLIPWAY_EDGE_TEST_PROCESS"

// asActivated makes it one that systemd gave sockets.
const asActivated = "SLIPWAY_EDGE_TEST_ACTIVATED"

// asContainer makes it a container of a release: a process of its own, too, that
// serves at an address.
const asContainer = "SLIPWAY_EDGE_TEST_CONTAINER"

// started is what an edge prints when it is the one that serves.
const started = "started"

func TestMain(m *testing.M) {
	if address := os.Getenv(asContainer); address != "" {
		fmt.Fprintln(os.Stderr, http.ListenAndServe(address, container(release(1))))
		os.Exit(1)
	}
	if os.Getenv(asEdge) != "" {
		if os.Getenv(asActivated) != "" {
			_ = os.Setenv("LISTEN_PID", strconv.Itoa(os.Getpid())) // which systemd knows before the program begins
		}
		var options edge.Options
		err := json.Unmarshal([]byte(os.Args[1]), &options)
		if err == nil {
			err = edge.Start(options)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println(started)
		select {} // until a signal
	}
	os.Exit(m.Run())
}
