package workflows

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// CordonsInput starts Cordons, or goes on with it in a new run.
type CordonsInput struct {
	State slipway.Cordons `json:"state,omitzero"`
	Told  int             `json:"told,omitempty"` // the revision that lanes know
}

// UncordonInput takes the cordon of a host away.
type UncordonInput struct {
	Host string `json:"host"`
	Request
}

// retelling is how long after lanes were told of a change they are told again:
// one that had just begun may not have been in the list of them yet.
const retelling = 10 * time.Second

// Cordons knows which hosts are to be left alone, and tells every lane as often
// as that changes. What follows from it is for each lane to do.
func Cordons(ctx workflow.Context, in CordonsInput) error {
	c := &cordons{Cordons: in.State, told: in.Told}
	if err := c.setup(ctx); err != nil {
		return err
	}
	for {
		renew := func() bool {
			return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx)
		}
		if err := workflow.Await(ctx, func() bool { return c.told < c.Revision || renew() }); err != nil {
			return err
		}
		if c.told < c.Revision {
			if err := c.tell(ctx); err != nil {
				return err
			}
			continue
		}
		return workflow.NewContinueAsNewError(ctx, CordonsType, CordonsInput{State: c.Cordons, Told: c.told})
	}
}

type cordons struct {
	slipway.Cordons
	told int
}

func (c *cordons) setup(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, Status, func() (slipway.Cordons, error) { return c.Cordons, nil })
	if err != nil {
		return fmt.Errorf("set up query: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Cordon, c.cordon, workflow.UpdateHandlerOptions{Validator: c.mayCordon})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Uncordon, c.uncordon, workflow.UpdateHandlerOptions{Validator: c.mayUncordon})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	return c.show(ctx)
}

// tell has every lane know, now and once more a little later. A lane that is
// told twice takes it once; one that is gone need not know.
func (c *cordons) tell(ctx workflow.Context) error {
	for revision, again := c.Revision, 0; again < 2 && revision == c.Revision; again++ {
		if again > 0 {
			if _, err := workflow.AwaitWithTimeout(ctx, retelling, func() bool { return revision != c.Revision }); err != nil {
				return err
			}
		}
		lanes, err := call(ctx, patient(asking("list the services")), central.ListLanes, struct{}{})
		if err != nil {
			return err
		}
		now := c.Cordons
		err = each(ctx, len(lanes), func(ctx workflow.Context, i int) error {
			_ = workflow.SignalExternalWorkflow(ctx, LaneID(lanes[i]), "", Cordoned, now).Get(ctx, nil)
			return ctx.Err()
		})
		if err != nil {
			return err
		}
		c.told = now.Revision
	}
	return nil
}

// mayCordon takes the same request twice, because an answer may have been lost, a
// drain of what is only cordoned, and a removal over all of these and itself,
// but no other reason over the first.
func (c *cordons) mayCordon(in slipway.Cordon) error {
	have, ok := c.Of(in.Host)
	switch {
	case in.Host == "" || in.By == "" || in.Reason == "":
		return refusal(slipway.CodeInvalid, "who cordons a host says which, who it is, and why")
	case !ok, in.Remove && (in.Gone || !have.Gone), !have.Remove && in.Drain && !have.Drain:
		return nil
	case have.By == in.By && have.Reason == in.Reason && have.Drain == in.Drain && have.Remove == in.Remove:
		return nil
	}
	return refusal(slipway.CodeConflict, "host %s is already %s", in.Host, have)
}

func (c *cordons) cordon(ctx workflow.Context, in slipway.Cordon) (slipway.Cordon, error) {
	have, ok := c.Of(in.Host)
	if ok && !in.Remove && (have.Drain || !in.Drain) {
		return have, nil
	}
	workflow.GetLogger(ctx).Info("Host cordoned", "host", in.Host, "by", in.By, "reason", in.Reason, "drain", in.Drain, "remove", in.Remove)
	in.At = workflow.Now(ctx)
	return in, c.set(ctx, in.Host, in)
}

func (c *cordons) mayUncordon(in UncordonInput) error {
	if in.By == "" || in.Reason == "" {
		return refusal(slipway.CodeInvalid, "who uncordons a host says who it is, and why")
	}
	if _, ok := c.Of(in.Host); !ok {
		return refusal(slipway.CodeConflict, "host %s is not cordoned", in.Host)
	}
	return nil
}

func (c *cordons) uncordon(ctx workflow.Context, in UncordonInput) error {
	workflow.GetLogger(ctx).Info("Host uncordoned", "host", in.Host, "by", in.By, "reason", in.Reason)
	return c.set(ctx, in.Host)
}

// set writes what is known of a host anew: one cordon, or none.
func (c *cordons) set(ctx workflow.Context, host string, cordon ...slipway.Cordon) error {
	others := slices.DeleteFunc(slices.Clone(c.Hosts), func(have slipway.Cordon) bool { return have.Host == host })
	c.Hosts = append(others, cordon...)
	c.Revision++
	return c.show(ctx)
}

func (c *cordons) show(ctx workflow.Context) error {
	var text strings.Builder
	text.WriteString("| host | | since |\n| --- | --- | --- |\n")
	for _, have := range c.Hosts {
		fmt.Fprintf(&text, "| %s | %s | %s |\n", have.Host, strings.ReplaceAll(have.String(), "\n", " "), have.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	}
	workflow.SetCurrentDetails(ctx, text.String())
	if err := workflow.UpsertMemo(ctx, map[string]any{CordonsMemo: c.Cordons}); err != nil {
		return fmt.Errorf("write memo: %w", err)
	}
	return nil
}
