package embedded

import (
	"fmt"
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

// freePorts returns n different ports of the loopback interface that were free
// just now. They are held together until all are found, so none comes twice.
func freePorts(n int) ([]int, error) {
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", loopback(0))
		if err != nil {
			return nil, fmt.Errorf("find a free port: %w", err)
		}
		defer l.Close()
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports, nil
}

func loopback(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }
