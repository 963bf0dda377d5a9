package api

import (
	"context"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"slipway"
)

// ProjectPath names a project in a path.
type ProjectPath struct {
	Project string `path:"project"`
}

type becauseBody struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

type stopAllInput struct {
	Idempotency
	Body becauseBody
}

type stopProjectInput struct {
	ProjectPath
	Idempotency
	Body becauseBody
}

type resumeAllInput struct {
	Idempotency
	Reason string `query:"reason" required:"true" minLength:"1" maxLength:"1000"`
}

type resumeProjectInput struct {
	ProjectPath
	Idempotency
	Reason string `query:"reason" required:"true" minLength:"1" maxLength:"1000"`
}

func (s *server) stopAll(ctx context.Context, in *stopAllInput) (*struct{}, error) {
	return nil, s.Releases.StopLine(ctx, "", requestOf(ctx).session.User, in.Body.Reason, in.key(ctx))
}

func (s *server) resumeAll(ctx context.Context, in *resumeAllInput) (*struct{}, error) {
	return nil, s.Releases.ResumeLine(ctx, "", requestOf(ctx).session.User, in.Reason, in.key(ctx))
}

func (s *server) stopProject(ctx context.Context, in *stopProjectInput) (*struct{}, error) {
	if err := s.allow(ctx, in.Project, slipway.RightDecide, "project "+in.Project); err != nil {
		return nil, err
	}
	if _, ok := s.Fleet().Project(in.Project); !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "there is no project %s in the fleet", in.Project)
	}
	return nil, s.Releases.StopLine(ctx, in.Project, requestOf(ctx).session.User, in.Body.Reason, in.key(ctx))
}

// resumeProject takes projects, too, that have left the fleet meanwhile.
func (s *server) resumeProject(ctx context.Context, in *resumeProjectInput) (*struct{}, error) {
	if err := s.allow(ctx, in.Project, slipway.RightDecide, "project "+in.Project); err != nil {
		return nil, err
	}
	return nil, s.Releases.ResumeLine(ctx, in.Project, requestOf(ctx).session.User, in.Reason, in.key(ctx))
}

type listStopsInput struct {
	Project string `query:"project" doc:"only what holds this one"`
}

type listStopsOutput struct {
	Body struct {
		Stops []slipway.Stop `json:"stops"`
	}
}

func (s *server) listStops(ctx context.Context, in *listStopsInput) (*listStopsOutput, error) {
	stops, err := s.stops(ctx, in.Project)
	if err != nil {
		return nil, err
	}
	var out listStopsOutput
	out.Body.Stops = stops
	return &out, nil
}

// stops lists what holds a project (empty: any) that whoever is signed in may
// view; the stop of all is shown to whoever may view one.
func (s *server) stops(ctx context.Context, project string) ([]slipway.Stop, error) {
	line, err := s.Releases.Line(ctx)
	if err != nil {
		return nil, err
	}
	projects, all := s.viewed(ctx)
	stops := []slipway.Stop{}
	for _, stop := range line.Stops {
		shown := project == "" || stop.Project == "" || stop.Project == project
		if mine := stop.Project == "" && (all || len(projects) > 0); shown && (mine || stop.Project != "" && s.may(ctx, stop.Project, slipway.RightView)) {
			stops = append(stops, stop)
		}
	}
	return stops, nil
}

// stopped counts what is stopped, whenever it is asked.
func stopped(releases Releases) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "slipway_line_stopped",
		Help: "How many lines are stopped: of projects, and of all of them. NaN while Temporal does not say.",
	}, func() float64 {
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		line, err := releases.Line(ctx)
		if err != nil {
			return math.NaN()
		}
		return float64(len(line.Stops))
	})
}
