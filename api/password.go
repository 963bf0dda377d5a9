package api

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/crypto/bcrypt"

	"slipway"
)

// wrongTime is how long it takes at least to be told that a password is wrong,
// so that the answer does not tell by its time who is there: not which way a
// name was looked up, nor how its password is hashed.
const wrongTime = 500 * time.Millisecond

// passwords checks passwords, a few at a time: a hash takes a processor for as
// long as its cost says, a directory a connection.
type passwords struct {
	people   *people
	hashes   chan struct{}
	binds    chan struct{}
	attempts *attempts
}

func newPasswords(people *people, now func() time.Time) *passwords {
	return &passwords{people: people, hashes: make(chan struct{}, 2), binds: make(chan struct{}, 8), attempts: newAttempts(now)}
}

// check returns whoever has the name and the password. For somebody who is not
// there it takes as long and answers the same. Errors: CodeUnauthenticated,
// CodeTooMany after several wrong passwords, CodeUnavailable.
func (p *passwords) check(ctx context.Context, typed, password, address string) (account, error) {
	name, ok := slipway.UserName(typed)
	if !ok {
		name = "" // all that nobody can be called count as one
	}
	who := attempt{name, address}
	if wait := p.attempts.begin(who); wait > 0 {
		err := slipway.Errorf(slipway.CodeTooMany, "too many wrong passwords: wait %s and try again", wait.Round(time.Second))
		return account{}, delayed{err, wait}
	}
	soonest := time.NewTimer(wrongTime)
	defer soonest.Stop()
	found, err := p.compare(ctx, name, password)
	switch slipway.ErrorCode(err) {
	case "":
		p.attempts.succeeded(who)
		return found, nil
	case slipway.CodeUnavailable: // nothing was guessed
		p.attempts.takeBack(who)
		return account{}, silent(err)
	case slipway.CodeUnauthenticated, slipway.CodeNotFound, slipway.CodeForbidden:
		err = fmt.Errorf("%w (%w)", slipway.Errorf(slipway.CodeUnauthenticated, "the user or the password is wrong"), err)
	}
	select {
	case <-soonest.C:
		return account{}, err
	case <-ctx.Done():
		return account{}, ctx.Err()
	}
}

// compare asks where the name belongs: in the fleet file, or in the directory.
func (p *passwords) compare(ctx context.Context, name, password string) (account, error) {
	user, there := p.people.local(name)
	turns := p.hashes
	if !there && p.people.elsewhere() != nil {
		turns = p.binds
	}
	select {
	case turns <- struct{}{}:
		defer func() { <-turns }()
	case <-ctx.Done():
		return account{}, ctx.Err()
	}
	if turns == p.binds {
		return p.bind(ctx, name, password)
	}
	hash := user.PasswordBcrypt
	if !there {
		hash = standIn(p.people.fleet(), name)
	}
	matches := bcrypt.CompareHashAndPassword([]byte(hash), []byte(password)) == nil
	if !there || !matches || password == "" {
		return account{}, slipway.Errorf(slipway.CodeUnauthenticated, "no user of the fleet file has this name and this password")
	}
	return localAccount(user), nil
}

func (p *passwords) bind(ctx context.Context, name, password string) (account, error) {
	if name == "" || password == "" {
		return account{}, slipway.Errorf(slipway.CodeUnauthenticated, "a name that nobody can have, or no password")
	}
	person, err := p.people.directory.SignIn(ctx, name, password)
	if err != nil {
		return account{}, err
	}
	if _, taken := p.people.local(person.Name); taken { // somebody signed in by another of their names
		return account{}, slipway.Errorf(slipway.CodeUnauthenticated, "%s is a user of the fleet file", person.Name)
	}
	found := directoryAccount(person)
	p.people.remember(found)
	return found, nil
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
