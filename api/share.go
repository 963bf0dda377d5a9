package api

import (
	"sync"

	"slipway"
)

// What one may have at a time. Each costs the others something for as long as it
// lasts: memory here, or a worker that asks hosts and registries.
const (
	streamsEach = 50 // releases that a person or a machine follows
	looksEach   = 10 // plans and preflights of a project, or of the whole fleet
)

// A share bounds how much of something is under way at a time for each who has a
// part in it.
type share struct {
	atMost int
	full   string // the refusal, a format of who and how many

	mu   sync.Mutex
	used map[string]int
}

func newShare(atMost int, full string) *share {
	return &share{atMost: atMost, full: full, used: map[string]int{}}
}

// take is one more for who, until done is called, once. Errors: CodeTooMany.
func (s *share) take(who string) (done func(), err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.used[who] == s.atMost {
		return nil, slipway.Errorf(slipway.CodeTooMany, s.full, who, s.atMost)
	}
	s.used[who]++
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.used[who]--; s.used[who] == 0 {
			delete(s.used, who)
		}
	}, nil
}
