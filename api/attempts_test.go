package api_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"slipway"
)

// from tries to sign in from an address, as a proxy on this machine says.
func (s *site) from(address, user, password string) answer {
	s.t.Helper()
	r := s.request("POST", "/api/v1/login", map[string]string{"user": user, "password": password})
	r.Header.Set("X-Forwarded-For", "198.51.100.1, "+address)
	return s.send(r)
}

// guess lets many try at the same time, and counts the answers by status.
func (s *site) guess(n int, try func(i int) answer) map[int]int {
	s.t.Helper()
	answers := make(chan int)
	for i := range n {
		go func() { answers <- try(i).StatusCode }()
	}
	statuses := map[int]int{}
	for range n {
		statuses[<-answers]++
	}
	return statuses
}

func TestSignIn_ANameIsNotGuessedFromManyAddresses(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.later(0)
	if a := s.from("192.0.2.1", "rita", password); a.StatusCode != http.StatusOK {
		t.Fatal(a.body)
	}
	got := s.guess(40, func(i int) answer { return s.from(fmt.Sprintf("203.0.113.%d", i), "rita", "wrong") })
	if got[http.StatusUnauthorized] != 20 || got[http.StatusTooManyRequests] != 20 {
		t.Errorf("%v", got)
	}
	if a := s.from("203.0.113.99", "RITA", password); a.StatusCode != http.StatusTooManyRequests {
		t.Errorf("from somewhere else, in another case: %d %s", a.StatusCode, a.body)
	}
	if a := s.from("192.0.2.1", "rita", password); a.StatusCode != http.StatusOK {
		t.Errorf("rita is shut out where she always is: %d %s", a.StatusCode, a.body)
	}
	if a := s.from("203.0.113.99", "vera", password); a.StatusCode != http.StatusOK {
		t.Errorf("somebody else is: %d %s", a.StatusCode, a.body)
	}
	s.later(16 * time.Minute)
	if a := s.from("203.0.113.99", "rita", password); a.StatusCode != http.StatusOK {
		t.Errorf("a quarter of an hour later: %d %s", a.StatusCode, a.body)
	}
}

func TestSignIn_OnePasswordIsNotTriedOnManyNames(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.later(0)
	if a := s.from("192.0.2.1", "rita", password); a.StatusCode != http.StatusOK {
		t.Fatal(a.body)
	}
	got := s.guess(70, func(i int) answer { return s.from("192.0.2.1", fmt.Sprintf("user%d", i), "summer") })
	if got[http.StatusUnauthorized] != 50 || got[http.StatusTooManyRequests] != 20 {
		t.Errorf("%v", got)
	}
	if a := s.from("192.0.2.1", "rita", password); a.StatusCode != http.StatusOK {
		t.Errorf("who is known there waits for others: %d %s", a.StatusCode, a.body)
	}
	if a := s.from("2001:db8::1", "user1", "wrong"); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("elsewhere: %d", a.StatusCode)
	}
}

// The address is believed only from this machine, and a network that one
// customer has counts as one.
func TestSignIn_AddressesAreNotMadeUp(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.later(0)
	got := s.guess(60, func(i int) answer {
		return s.from(fmt.Sprintf("2001:db8:1:2::%x", i+1), fmt.Sprintf("user%d", i), "summer")
	})
	if got[http.StatusTooManyRequests] != 10 {
		t.Errorf("%v", got)
	}
}

// In virtual time, where nothing but waiting takes any: an answer must not tell by
// its time whether somebody is there. What a hash takes goes by in it.
func TestSignIn_TakesAsLongForWhoIsNotThere(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		for _, user := range []string{"rita", "nobody", "*)(uid=*"} {
			begin := time.Now()
			if a := s.from("192.0.2.1", user, "wrong"); a.problem(t).Code != slipway.CodeUnauthenticated {
				t.Fatal(a.body)
			}
			if took := time.Since(begin); took != 500*time.Millisecond {
				t.Errorf("%q: it took %s", user, took)
			}
		}
	})
}
