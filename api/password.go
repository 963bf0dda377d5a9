package api

import (
	"context"
	"time"

	"golang.org/x/crypto/bcrypt"

	"slipway"
)

// passwords checks passwords, a few at a time: each takes a processor for as
// long as its hash's cost says.
type passwords struct {
	turns    chan struct{}
	attempts *attempts
}

func newPasswords(now func() time.Time) *passwords {
	return &passwords{turns: make(chan struct{}, 2), attempts: newAttempts(now)}
}

// check returns the user if the password is theirs. For a user that is not
// there it takes as long and answers the same. Errors: CodeUnauthenticated, and
// CodeTooMany after several wrong passwords from one address.
func (p *passwords) check(ctx context.Context, fleet *slipway.Fleet, name, password, address string) (slipway.User, error) {
	who := attempt{name, address}
	if wait := p.attempts.begin(who); wait > 0 {
		err := slipway.Errorf(slipway.CodeTooMany, "too many wrong passwords: wait %s and try again", wait.Round(time.Second))
		return slipway.User{}, delayed{err, wait}
	}
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return slipway.User{}, ctx.Err()
	}
	user, there := findUser(fleet, name)
	hash := user.PasswordBcrypt
	if !there {
		hash = standIn(fleet, name)
	}
	matches := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	if !there || !matches || password == "" {
		return slipway.User{}, slipway.Errorf(slipway.CodeUnauthenticated, "the user or the password is wrong")
	}
	p.attempts.succeeded(who)
	return user, nil
}

// standIn is the hash to compare with for a user that is not there: one of
// somebody else's, so that it costs what hashes of this fleet cost, and the
// same one each time.
func standIn(fleet *slipway.Fleet, name string) string {
	users := fleet.Directory.Users
	if len(users) == 0 {
		return "" // nobody can sign in; there is nobody to tell apart
	}
	sum := 0
	for _, b := range []byte(name) {
		sum += int(b)
	}
	return users[sum%len(users)].PasswordBcrypt
}
