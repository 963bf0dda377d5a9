package api

import (
	"context"
	"encoding/base64"
	"slices"

	"slipway"
	"slipway/starter"
)

// A ReleasePath names a release in a path.
type ReleasePath struct {
	ID string `path:"id" example:"search.query-api.17"`
}

type releaseOutput struct{ Body slipway.Release }

func (s *server) getRelease(ctx context.Context, in *ReleasePath) (*releaseOutput, error) {
	id, err := s.release(ctx, in.ID, slipway.RightView)
	if err != nil {
		return nil, err
	}
	release, err := s.Releases.Release(ctx, id)
	if err != nil {
		return nil, err
	}
	return &releaseOutput{Body: release}, nil
}

type listReleasesInput struct {
	Project string `query:"project"`
	Service string `query:"service" doc:"PROJECT/SERVICE"`
	Phase   string `query:"phase" enum:"queued,verifying,replicating,preflight,deploying,probing,awaiting_approval,switching,watching,holding,stuck,undoing,removing,ended"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
	Page    string `query:"page" doc:"next_page of the list before"`
}

type listReleasesOutput struct {
	Body struct {
		Releases []slipway.Release `json:"releases"`
		NextPage string            `json:"next_page" doc:"empty at the end"`
	}
}

func (s *server) listReleases(ctx context.Context, in *listReleasesInput) (*listReleasesOutput, error) {
	filter := starter.Filter{Phase: slipway.Phase(in.Phase), Limit: in.Limit}
	if in.Project != "" && !slipway.ValidName(in.Project) {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%q is not the name of a project", in.Project)
	}
	if in.Project != "" {
		filter.Projects = []string{in.Project}
	}
	if in.Service != "" {
		id, err := slipway.ParseServiceID(in.Service)
		if err != nil {
			return nil, err
		}
		filter.Service = id
	}
	page, err := base64.RawURLEncoding.DecodeString(in.Page)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "page is not the next_page of another list")
	}
	filter.Page = string(page)
	var out listReleasesOutput
	out.Body.Releases, filter.Page, err = s.visible(ctx, filter)
	if err != nil {
		return nil, err
	}
	out.Body.NextPage = base64.RawURLEncoding.EncodeToString([]byte(filter.Page)) // a token of Temporal's is no text
	return &out, nil
}

// visible lists the releases that whoever is signed in may view. It asks for no
// others: how long that takes, and whether another page follows, says nothing of
// them.
func (s *server) visible(ctx context.Context, filter starter.Filter) ([]slipway.Release, string, error) {
	mine, all := s.viewed(ctx)
	switch {
	case all:
	case filter.Projects == nil:
		filter.Projects = append([]string{}, mine...)
	default:
		filter.Projects = slices.DeleteFunc(filter.Projects, func(name string) bool { return !slices.Contains(mine, name) })
	}
	return s.Releases.Releases(ctx, filter)
}

// viewed are the projects that whoever is signed in may view; all says that
// those which are in the fleet no more are among them.
func (s *server) viewed(ctx context.Context) (projects []string, all bool) {
	if s.may(ctx, "", slipway.RightView) {
		return nil, true
	}
	for _, p := range s.Fleet().Projects {
		if s.may(ctx, p.Name, slipway.RightView) {
			projects = append(projects, p.Name)
		}
	}
	return projects, false
}
