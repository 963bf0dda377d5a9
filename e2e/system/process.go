package system

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"path/filepath"

	"slipway/e2e/lab"
)

// A Process is one of the built binaries.
type Process = lab.Program

func (s *System) process(name string, args ...string) *Process {
	return &Process{Name: name, Command: append([]string{s.Bin(name)}, args...), LogFile: filepath.Join(s.Dir, name+".log"), Output: s.options.Output}
}

func dial(ctx context.Context, network, address string) error {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return err
	}
	return conn.Close()
}

func get(ctx context.Context, url string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return nil
}
