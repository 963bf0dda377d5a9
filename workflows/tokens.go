package workflows

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

// Bounds of what Tokens keeps, which is one memo.
const (
	TokenLimit   = 1000 // tokens that are good
	SessionLimit = 20   // sessions of one person that were ended; one more ends all before
)

// TokensInput starts Tokens, or goes on with it in a new run.
type TokensInput struct {
	State slipway.Standing `json:"state,omitzero"`
}

// RevokeInput ends a token.
type RevokeInput struct {
	ID string `json:"id"`
	By string `json:"by"`
}

// SignOutInput ends a session.
type SignOutInput struct {
	Person  string    `json:"person"`
	Session string    `json:"session"`
	Expires time.Time `json:"expires"` // the latest that it could have lasted
}

// Tokens knows which tokens of machines are good and which sessions of people
// are over, for every API process alike. It has no secrets: tokens are signed
// by the API, and good only if they are known here as well.
func Tokens(ctx workflow.Context, in TokensInput) error {
	t := &tokens{Standing: in.State}
	if err := t.setup(ctx); err != nil {
		return err
	}
	err := workflow.Await(ctx, func() bool {
		return workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx)
	})
	if err != nil {
		return err
	}
	return workflow.NewContinueAsNewError(ctx, TokensType, TokensInput{State: t.Standing})
}

type tokens struct{ slipway.Standing }

func (t *tokens) setup(ctx workflow.Context) error {
	err := workflow.SetQueryHandler(ctx, Status, func() (slipway.Standing, error) { return t.Standing, nil })
	if err != nil {
		return fmt.Errorf("set up query: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Create, t.create, workflow.UpdateHandlerOptions{Validator: t.mayCreate})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	err = workflow.SetUpdateHandlerWithOptions(ctx, Revoke, t.revoke, workflow.UpdateHandlerOptions{Validator: t.mayRevoke})
	if err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	if err = workflow.SetUpdateHandler(ctx, SignOut, t.signOut); err != nil {
		return fmt.Errorf("set up update: %w", err)
	}
	return t.show(ctx)
}

// mayCreate takes the same token twice, because an answer may have been lost.
func (t *tokens) mayCreate(ctx workflow.Context, in slipway.Token) error {
	if _, again := t.Token(in.ID); again {
		return nil
	}
	now := workflow.Now(ctx)
	good := 0
	for _, have := range t.Tokens {
		if !now.Before(have.ExpiresAt) {
			continue
		}
		if good++; have.Name == in.Name && have.Project == in.Project {
			return refusal(slipway.CodeConflict, "there is a token %s already, made by %s: revoke it, or choose another name", in.Name, have.Maker)
		}
	}
	switch {
	case in.ID == "" || in.Maker == "" || !slipway.ValidName(in.Name):
		return refusal(slipway.CodeInvalid, "a token has an id, a name and a maker")
	case good >= TokenLimit:
		return refusal(slipway.CodeTooMany, "there are %d tokens already: revoke some", TokenLimit)
	}
	return nil
}

func (t *tokens) create(ctx workflow.Context, in slipway.Token) (slipway.Token, error) {
	if have, again := t.Token(in.ID); again {
		return have, nil
	}
	t.Tokens = append(t.Tokens, in)
	return in, t.show(ctx)
}

func (t *tokens) mayRevoke(in RevokeInput) error {
	if in.By == "" {
		return refusal(slipway.CodeInvalid, "who revokes says who it is")
	}
	return nil
}

// revoke takes the same request twice.
func (t *tokens) revoke(ctx workflow.Context, in RevokeInput) error {
	if have, ok := t.Token(in.ID); ok {
		workflow.GetLogger(ctx).Info("Token revoked", "token", have.By(), "by", in.By)
	}
	t.Tokens = slices.DeleteFunc(t.Tokens, func(have slipway.Token) bool { return have.ID == in.ID })
	return t.show(ctx)
}

// signOut keeps a session among those that are over until it would have
// expired. Too many of one person become all that they have.
func (t *tokens) signOut(ctx workflow.Context, in SignOutInput) error {
	if t.Ended == nil {
		t.Ended = map[string]slipway.SignOuts{}
	}
	ended := t.Ended[in.Person]
	if ended.Sessions == nil {
		ended.Sessions = map[string]time.Time{}
	}
	ended.Sessions[in.Session] = in.Expires
	if in.Expires.After(ended.Until) {
		ended.Until = in.Expires
	}
	if len(ended.Sessions) > SessionLimit {
		ended.Sessions, ended.Before = nil, workflow.Now(ctx)
	}
	t.Ended[in.Person] = ended
	return t.show(ctx)
}

// show forgets what is over by time, and tells the rest to those who ask.
func (t *tokens) show(ctx workflow.Context) error {
	now := workflow.Now(ctx)
	t.Tokens = slices.DeleteFunc(t.Tokens, func(have slipway.Token) bool { return !now.Before(have.ExpiresAt) })
	maps.DeleteFunc(t.Ended, func(_ string, ended slipway.SignOuts) bool {
		maps.DeleteFunc(ended.Sessions, func(_ string, expires time.Time) bool { return !now.Before(expires) })
		return !now.Before(ended.Until)
	})
	var text strings.Builder
	text.WriteString("| token | project | role | made by | expires |\n| --- | --- | --- | --- | --- |\n")
	for _, have := range t.Tokens {
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", have.Name, have.Project, have.Role, have.Maker, have.ExpiresAt.UTC().Format(time.DateOnly))
	}
	workflow.SetCurrentDetails(ctx, text.String())
	if err := workflow.UpsertMemo(ctx, map[string]any{StandingMemo: t.Standing}); err != nil {
		return fmt.Errorf("write memo: %w", err)
	}
	return nil
}
