package worker

import (
	"reflect"
	"sync"

	"slipway"
	"slipway/activities"
	"slipway/drivers/docker"
)

// hosts are the Docker Engines of the fleet. An engine is dialled when it is
// first asked for, and again when its entry in the fleet file has changed.
type hosts struct {
	fleet  func() *slipway.Fleet
	agent  *Agent // of the one host that this worker is on; nil for the worker of all others
	mu     sync.Mutex
	dialed map[string]dialed
}

type dialed struct {
	host   slipway.Host
	engine *docker.Engine
}

func (h *hosts) Engine(name string) (activities.Engine, error) {
	host, ok := h.fleet().Host(name)
	if !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "host %q is not in the fleet file", name)
	}
	switch {
	case h.agent != nil && name != h.agent.Host:
		return nil, slipway.Errorf(slipway.CodeNotFound, "this is the agent of host %s, and serves no other: host %s is not its business", h.agent.Host, name)
	case h.agent != nil:
		host.Docker = h.agent.Docker
	case host.Agent:
		return nil, slipway.Errorf(slipway.CodeNotFound, "host %s has an agent: only that reaches its Docker Engine", name)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if have, ok := h.dialed[name]; ok && reflect.DeepEqual(have.host, host) {
		return have.engine, nil
	}
	engine, err := docker.Dial(host)
	if err != nil {
		return nil, err
	}
	if h.dialed == nil {
		h.dialed = map[string]dialed{}
	}
	h.dialed[name] = dialed{host: host, engine: engine} // calls on an old one end by themselves
	return engine, nil
}

func (h *hosts) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, d := range h.dialed {
		_ = d.engine.Close() // only idle connections are given up
	}
}
