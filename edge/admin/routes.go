package admin

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"time"

	"slipway"
)

// maxBody is far more than any request needs.
const maxBody = 1 << 20

// maxDrain bounds a long poll; whoever wants to wait longer asks again.
const maxDrain = time.Hour

func (a *api) table(*http.Request) (any, error) { return a.keeper.Table(), nil }

func (a *api) route(r *http.Request) (any, error) {
	id, err := service(r)
	if err != nil {
		return nil, err
	}
	return a.keeper.Route(id), nil
}

func (a *api) unstage(req slipway.UnstageRequest) (slipway.RouteState, error) {
	return a.keeper.Unstage(req.ServiceID, req.Release)
}

func (a *api) remove(r *http.Request) (any, error) {
	id, err := service(r)
	if err != nil {
		return nil, err
	}
	generation, err := strconv.ParseUint(r.URL.Query().Get("generation"), 10, 64)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "generation is %q: give the number that the route was last seen at", r.URL.Query().Get("generation"))
	}
	if err := a.keeper.Remove(id, generation); err != nil {
		return a.keeper.Route(id), err
	}
	return slipway.RouteState{ServiceID: id}, nil
}

func (a *api) take(r *http.Request) (any, error) {
	var req slipway.TakeRequest
	if err := decode(r.Body, &req); err != nil {
		return nil, err
	}
	return a.keeper.Take(req)
}

func (a *api) taken(r *http.Request) (any, error) {
	var req slipway.TakenRequest
	if err := decode(r.Body, &req); err != nil {
		return nil, err
	}
	return []slipway.Override{}, a.keeper.Taken(req)
}

func (a *api) drain(r *http.Request) (any, error) {
	id, err := service(r)
	if err != nil {
		return nil, err
	}
	query := r.URL.Query()
	timeout, err := time.ParseDuration(query.Get("timeout"))
	if err != nil || timeout < 0 || timeout > maxDrain {
		return nil, slipway.Errorf(slipway.CodeInvalid, "timeout is %q: give a duration up to %s, for example 30s", query.Get("timeout"), maxDrain)
	}
	inFlight := a.drainer.Drain(r.Context(), slipway.DrainRequest{
		ServiceID: id, Release: query.Get("release"), Upstream: query.Get("upstream"), Timeout: timeout,
	})
	if inFlight > 0 && r.Context().Err() != nil {
		return nil, slipway.Errorf(slipway.CodeUnavailable, "the edge is stopping: ask again when it is back")
	}
	return map[string]int{"in_flight": inFlight}, nil
}

// A request is one that changes the table. All of them embed the
// slipway.ServiceID that they are about.
type request interface {
	Key() string
	String() string
}

// write makes a handler of a request.
func write[R request](do func(R) (slipway.RouteState, error)) answer {
	return func(r *http.Request) (any, error) {
		id, err := service(r)
		if err != nil {
			return nil, err
		}
		var req R
		if err := decode(r.Body, &req); err != nil {
			return nil, err
		}
		if req.Key() != id.Key() {
			return nil, slipway.Errorf(slipway.CodeInvalid, "the body is about %s, the address about %s", req, id)
		}
		return do(req)
	}
}

// decode reads one JSON value and refuses fields that it does not know: a
// newer Slipway must not be half understood.
func decode(body io.Reader, into any) error {
	d := json.NewDecoder(io.LimitReader(body, maxBody))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, more := d.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one JSON value, or more than 1 MiB")
		}
	}
	if err != nil {
		return slipway.Errorf(slipway.CodeInvalid, "request body: %w", err)
	}
	return nil
}

func service(r *http.Request) (slipway.ServiceID, error) {
	return slipway.ParseServiceID(r.PathValue("project") + "/" + r.PathValue("service"))
}
