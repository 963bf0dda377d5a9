package main

import (
	"context"
	"net"
	"time"

	"slipway"
	"slipway/drivers/docker"
)

// machineEngine is the Docker Engine that runs on this machine already, or
// nothing.
func machineEngine(ctx context.Context) string {
	const address = "unix:///var/run/docker.sock"
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	engine, err := docker.Dial(slipway.Host{Name: "this machine", Docker: address})
	if err != nil {
		return ""
	}
	defer engine.Close()
	if _, err := engine.Facts(ctx); err != nil {
		return ""
	}
	return address
}

// prefer is the address if nobody listens on it, and nothing otherwise: then
// any free one does.
func prefer(address string) string {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return ""
	}
	l.Close()
	return address
}
