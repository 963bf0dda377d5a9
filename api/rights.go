package api

import (
	"context"

	"slipway"
)

// needs says for each right what it is for, and the weakest role that has it.
var needs = map[slipway.Right]struct {
	act  string
	role slipway.Role
}{
	slipway.RightRelease: {"release, restart, abort, go back or lock", slipway.Releaser},
	slipway.RightDecide:  {"decide, or stop the line,", slipway.Approver},
	slipway.RightOperate: {"adopt or remove services, or operate hosts and edges", slipway.Operator},
}

// may reports whether whoever is signed in has the right in the project.
func (s *server) may(ctx context.Context, project string, right slipway.Right) bool {
	return requestOf(ctx).session.may(s.Fleet(), project, right)
}

// allow returns nil if whoever is signed in has the right in the project. To
// those who may not even view it, what they asked for does not exist.
func (s *server) allow(ctx context.Context, project string, right slipway.Right, what string) error {
	switch {
	case !s.may(ctx, project, slipway.RightView):
		requestOf(ctx).hidden = true
		return slipway.Errorf(slipway.CodeNotFound, "there is no %s", what)
	case !s.may(ctx, project, right):
		return slipway.Errorf(slipway.CodeForbidden, "%s may not %s in project %s: that takes the role %s",
			requestOf(ctx).session.User, needs[right].act, project, needs[right].role)
	}
	return nil
}

// release names the release of a path, if whoever is signed in has the right.
func (s *server) release(ctx context.Context, text string, right slipway.Right) (slipway.ReleaseID, error) {
	id, err := slipway.ParseReleaseID(text)
	if err != nil {
		return id, slipway.Errorf(slipway.CodeNotFound, "there is no release %s", text)
	}
	return id, s.allow(ctx, id.Project, right, "release "+text)
}

// service names the service of a path, if whoever is signed in has the right.
func (s *server) service(ctx context.Context, project, service string, right slipway.Right) (slipway.ServiceID, error) {
	id, err := slipway.ParseServiceID(project + "/" + service)
	if err != nil {
		return id, slipway.Errorf(slipway.CodeNotFound, "there is no service %s/%s", project, service)
	}
	return id, s.allow(ctx, id.Project, right, "service "+id.String())
}
