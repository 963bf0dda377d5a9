package api

import (
	"context"
	"encoding/base64"

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
	Phase   string `query:"phase" enum:"queued,verifying,replicating,preflight,deploying,probing,awaiting_approval,switching,watching,holding,undoing,removing,ended"`
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
	filter := starter.Filter{Project: in.Project, Phase: slipway.Phase(in.Phase), Limit: in.Limit}
	if in.Project != "" && !slipway.ValidName(in.Project) {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%q is not the name of a project", in.Project)
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
	out.Body.Releases, page, err = s.visible(ctx, filter)
	if err != nil {
		return nil, err
	}
	out.Body.NextPage = base64.RawURLEncoding.EncodeToString(page) // a token of Temporal's is no text
	return &out, nil
}

// maxPages bounds how many pages of other people's releases one request reads
// through.
const maxPages = 20

// visible lists the releases that whoever is signed in may view. A list may be
// shorter than asked for although another one follows.
func (s *server) visible(ctx context.Context, filter starter.Filter) (_ []slipway.Release, page []byte, err error) {
	visible := []slipway.Release{}
	switch mine, all := s.viewed(ctx); {
	case all:
	case len(mine) == 0:
		return visible, nil, nil
	case len(mine) == 1 && filter.Project == "":
		filter.Project = mine[0]
	}
	for range maxPages {
		found, next, err := s.Releases.Releases(ctx, filter)
		if err != nil {
			return nil, nil, err
		}
		for _, release := range found {
			if s.may(ctx, release.Project, slipway.RightView) {
				visible = append(visible, release)
			}
		}
		if filter.Page = next; next == "" || len(visible) > 0 {
			break
		}
	}
	return visible, []byte(filter.Page), nil
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
