package api

import (
	"context"
	"encoding/base64"
	"time"

	"slipway"
)

type auditInput struct {
	Project string    `query:"project"`
	Service string    `query:"service" doc:"PROJECT/SERVICE"`
	User    string    `query:"user" doc:"exactly, as the entries have it"`
	Action  string    `query:"action" doc:"such as release.submit; with a dot at its end all that begin so, such as service."`
	Request string    `query:"request" doc:"X-Request-Id of an answer: its intent and its outcome"`
	Since   time.Time `query:"since" doc:"from this time on"`
	Limit   int       `query:"limit" minimum:"1" maximum:"1000" default:"100"`
	Page    string    `query:"page" doc:"next_page of the list before"`
}

type auditOutput struct {
	Body struct {
		Entries  []slipway.AuditEntry `json:"entries"`
		NextPage string               `json:"next_page" doc:"empty at the end"`
	}
}

// audit lists what was written on this machine, the latest first. Operators of
// the whole fleet see all of it. Others see the entries of projects that they
// may view, and addresses where they may operate the project.
func (s *server) audit(ctx context.Context, in *auditInput) (*auditOutput, error) {
	filter := slipway.AuditFilter{User: in.User, Action: in.Action, Request: in.Request, Since: in.Since, Limit: in.Limit}
	page, err := base64.RawURLEncoding.DecodeString(in.Page)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "page is not the next_page of another list")
	}
	filter.Page = string(page)
	if in.Service != "" {
		if filter.Service, err = slipway.ParseServiceID(in.Service); err != nil {
			return nil, err
		}
	}
	if in.Project != "" && !slipway.ValidName(in.Project) {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%q is not the name of a project", in.Project)
	}
	filter.Projects = s.auditedProjects(ctx, in.Project)
	var out auditOutput
	out.Body.Entries, filter.Page, err = s.Audit.List(filter)
	if err != nil {
		return nil, err
	}
	out.Body.NextPage = base64.RawURLEncoding.EncodeToString([]byte(filter.Page))
	for i, e := range out.Body.Entries {
		if !s.may(ctx, e.Project, slipway.RightOperate) {
			out.Body.Entries[i].Address = ""
		}
	}
	return &out, nil
}

// auditedProjects are those whose entries whoever is signed in sees, of one
// project or (empty) of all; nil: also the entries of none.
func (s *server) auditedProjects(ctx context.Context, project string) []string {
	projects := []string{}
	switch {
	case project != "":
		if s.may(ctx, project, slipway.RightView) {
			projects = append(projects, project)
		}
	case s.may(ctx, "", slipway.RightOperate):
		return nil
	default:
		for _, p := range s.Fleet().Projects {
			if s.may(ctx, p.Name, slipway.RightView) {
				projects = append(projects, p.Name)
			}
		}
	}
	return projects
}

type anchorOutput struct{ Body slipway.AuditAnchor }

// anchor is what Temporal keeps of the audit logs of all processes.
func (s *server) anchor(ctx context.Context, _ *struct{}) (*anchorOutput, error) {
	anchor, err := s.Releases.Anchored(ctx)
	if slipway.ErrorCode(err) == slipway.CodeNotFound {
		return &anchorOutput{Body: slipway.AuditAnchor{Heads: []slipway.AuditHead{}}}, nil
	}
	if err != nil {
		return nil, err
	}
	return &anchorOutput{Body: anchor}, nil
}
