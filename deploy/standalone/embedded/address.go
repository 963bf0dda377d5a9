package embedded

import (
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"

	"slipway"
)

// freeAddress checks that the frontend can listen there: Temporal itself ends
// the whole process when it cannot. It returns the address with its port, which
// for port 0 is one that was free just now.
func freeAddress(listen string) (string, error) {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return "", slipway.Errorf(slipway.CodeInvalid,
			"--temporal-listen is %q; it must be a loopback address and a port, such as 127.0.0.1:7233", listen)
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return "", slipway.Errorf(slipway.CodeInvalid,
			"--temporal-listen is %s, which others could reach; the embedded Temporal has no authentication, so it must be a loopback IP address, such as 127.0.0.1:7233", listen)
	}
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", slipway.Errorf(slipway.CodeConflict,
			"cannot listen on %s for Temporal: %w; stop what listens there, or choose another address with --temporal-listen", listen, err)
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// Ports that Linux does not give to outgoing connections (ip_local_port_range
// begins at 32768): one of those may be taken before Temporal listens on it.
const (
	firstPort = 10000
	lastPort  = 32767
)

// freePorts returns n different ports of the loopback interface that were free
// just now. They are held together until all are found, so none comes twice.
func freePorts(n int) ([]int, error) {
	var ports []int
	var err error
	for tries := 0; len(ports) < n; tries++ {
		if tries == 100*n {
			return nil, fmt.Errorf("find a free port from %d to %d: %w", firstPort, lastPort, err)
		}
		var l net.Listener
		l, err = net.Listen("tcp", loopback(firstPort+rand.IntN(lastPort-firstPort+1))) //nolint:gosec // any that is free will do
		if err != nil {
			continue
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
