package worker

import (
	"reflect"
	"sync"

	"slipway"
	"slipway/activities"
	"slipway/drivers/slipwayedge"
)

// edges are the edges of the fleet, dialled as hosts are.
type edges struct {
	fleet func() *slipway.Fleet
	mu    sync.Mutex
	known map[string]knownEdge
}

type knownEdge struct {
	edge   slipway.Edge
	client *slipwayedge.Client
}

// Edge is that of activities.Edges.
func (e *edges) Edge(name string) (activities.EdgeAdmin, error) {
	c, err := e.client(name)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func (e *edges) client(name string) (*slipwayedge.Client, error) {
	edge, ok := e.fleet().Edge(name)
	if !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "edge %q is not in the fleet file", name)
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if have, ok := e.known[name]; ok && reflect.DeepEqual(have.edge, edge) {
		return have.client, nil
	}
	client, err := slipwayedge.New(edge)
	if err != nil {
		return nil, err
	}
	if e.known == nil {
		e.known = map[string]knownEdge{}
	}
	e.known[name] = knownEdge{edge: edge, client: client}
	return client, nil
}
