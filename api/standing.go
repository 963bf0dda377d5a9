package api

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"slipway"
)

// Tokens is what the API asks of the workflow that knows which tokens are good
// and which sessions are over; *starter.Client is one.
type Tokens interface {
	Standing(ctx context.Context) (slipway.Standing, error)
	CreateToken(ctx context.Context, token slipway.Token) (slipway.Token, error)
	RevokeToken(ctx context.Context, id, by string) error
	EndSession(ctx context.Context, person, session string, expires time.Time) error
}

const (
	standingTime   = time.Second            // for which what is good is taken to stay so
	outdatedTime   = 30 * time.Second       // for which it is, while nobody can say
	standingRetry  = time.Second            // between questions that are not answered
	standingWait   = 5 * time.Second        // for an answer that a request cannot do without
	standingGlance = 200 * time.Millisecond // for one that it can
)

// standing is what Tokens knew at most a moment ago. What this process changes
// it knows at once; another one, standingTime later.
type standing struct {
	read  func(context.Context) (slipway.Standing, error)
	clock func() time.Time

	asking singleflight.Group
	mu     sync.Mutex
	last   slipway.Standing
	at     time.Time // when last was read
	turn   int       // grows with each change by this process
	err    error     // of the latest reading
	tried  time.Time // when that was
}

// now returns what is good now. While nobody answers it is what was good before,
// without delay. Errors: CodeUnavailable, when nobody has been able to say for
// outdatedTime.
func (s *standing) now(ctx context.Context) (slipway.Standing, error) {
	s.mu.Lock()
	last, age, err := s.last, s.clock().Sub(s.at), s.err
	waits := err != nil && s.clock().Sub(s.tried) < standingRetry
	s.mu.Unlock()
	if age < standingTime {
		return last, nil
	}
	patience := standingWait
	if age < outdatedTime {
		patience = standingGlance
	}
	if !waits {
		err = s.refresh(ctx, patience)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil || s.clock().Sub(s.at) < outdatedTime {
		return s.last, nil
	}
	return slipway.Standing{}, err
}

// refresh reads once for all who ask at the same time, and has each of them wait
// for as long as they can.
func (s *standing) refresh(ctx context.Context, patience time.Duration) error {
	answer := s.asking.DoChan("", func() (any, error) {
		asked, cancel := context.WithTimeout(context.WithoutCancel(ctx), standingWait)
		defer cancel()
		return nil, s.ask(asked)
	})
	tired := time.NewTimer(patience)
	defer tired.Stop()
	select {
	case a := <-answer:
		return a.Err
	case <-ctx.Done():
		return ctx.Err()
	case <-tired.C:
		return slipway.Errorf(slipway.CodeUnavailable, "Temporal does not answer in time about tokens")
	}
}

func (s *standing) ask(ctx context.Context) error {
	s.mu.Lock()
	began, turn := s.clock(), s.turn
	s.mu.Unlock()
	read, err := s.read(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err, s.tried = err, s.clock()
	switch {
	case err == nil && turn == s.turn:
		s.last, s.at = read, began
	case err == nil: // it may have been read before the change
		s.last, s.at = read, time.Time{}
	}
	return err
}

// forget has the next request read again, after a change.
func (s *standing) forget() {
	s.asking.Forget("")
	s.mu.Lock()
	defer s.mu.Unlock()
	s.at, s.err = time.Time{}, nil
	s.turn++
}
