package api

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"slipway"
)

// A Directory knows people beside those of the fleet file; drivers/ldap is one.
// Names are as slipway.UserName has them.
type Directory interface {
	// SignIn returns the person if the password is theirs. Errors:
	// CodeUnauthenticated, CodeUnavailable.
	SignIn(ctx context.Context, name, password string) (slipway.Person, error)
	// Find says who has the name, and in which groups they are now. Errors:
	// CodeNotFound, CodeForbidden for somebody who cannot be told, CodeUnavailable.
	Find(ctx context.Context, name string) (slipway.Person, error)
}

const (
	knownTime  = 30 * time.Second // for which somebody's groups are taken for granted
	silentTime = 2 * time.Second  // for which a directory that did not answer is not asked about somebody again
	maxKnown   = 10_000           // people kept in memory
)

// people are all who can sign in: users of the fleet file, and those whom the
// directory knows. A name in the fleet file is never asked of the directory, so
// that nobody there can become one of those who mend things when it is down.
type people struct {
	fleet     func() *slipway.Fleet
	directory Directory // nil: there are only those of the fleet file
	now       func() time.Time

	asking singleflight.Group
	mu     sync.Mutex
	known  map[string]known
}

// An account is a person, and by what they are recognised: another password of
// a user, or another entry under the same name, is another account.
type account struct {
	slipway.Person
	credential string // of sessions
	entry      string // of tokens, which outlive a password
}

// known is what the directory said of somebody, and when.
type known struct {
	account
	err   error // why it said nothing; account is then as it was before, since at
	at    time.Time
	tried time.Time
}

func newPeople(c Config) *people {
	return &people{fleet: c.Fleet, directory: c.Directory, now: c.Now, known: map[string]known{}}
}

// local finds a user of the fleet file.
func (p *people) local(name string) (slipway.User, bool) {
	users := p.fleet().Directory.Users
	i := slices.IndexFunc(users, func(u slipway.User) bool { return u.Name == name })
	if i < 0 {
		return slipway.User{}, false
	}
	return users[i], true
}

// elsewhere is where people are looked for who are not in the fleet file; nil
// where that names no directory.
func (p *people) elsewhere() Directory {
	if p.fleet().Directory.LDAP == nil {
		return nil
	}
	return p.directory
}

func localAccount(u slipway.User) account {
	return account{slipway.Person{Name: u.Name, Groups: u.Groups}, "password " + u.PasswordBcrypt, "user"}
}

func directoryAccount(p slipway.Person) account {
	return account{p, "entry " + p.ID, "entry " + p.ID}
}

// find says who has a name, as the directory knew them at most knownTime ago.
// Errors: CodeNotFound; CodeForbidden; CodeUnavailable when the directory has
// not answered for so long.
func (p *people) find(ctx context.Context, name string) (account, error) {
	return p.lookUp(ctx, name, knownTime)
}

// findNow is find, with the directory asked again.
func (p *people) findNow(ctx context.Context, name string) (account, error) {
	return p.lookUp(ctx, name, 0)
}

func (p *people) lookUp(ctx context.Context, name string, old time.Duration) (account, error) {
	if user, ok := p.local(name); ok {
		return localAccount(user), nil
	}
	if p.elsewhere() == nil {
		return account{}, slipway.Errorf(slipway.CodeNotFound, "nobody is called %s", name)
	}
	now := p.now()
	p.mu.Lock()
	last, ok := p.known[name]
	p.mu.Unlock()
	switch {
	case ok && last.credential != "" && now.Sub(last.at) < old:
		return last.account, nil
	case ok && last.err != nil && now.Sub(last.tried) < silentTime:
		return account{}, last.err
	}
	// One question for all who ask at the same time. It has bounds of its own,
	// and is not for the first of them to take back.
	found, err, _ := p.asking.Do(name, func() (any, error) { return p.ask(context.WithoutCancel(ctx), name) })
	if err != nil {
		return account{}, err
	}
	return found.(account), nil
}

// ask asks the directory, and keeps what it says.
func (p *people) ask(ctx context.Context, name string) (account, error) {
	person, err := p.directory.Find(ctx, name)
	if err == nil && person.Name != name { // known by another name meanwhile
		err = slipway.Errorf(slipway.CodeNotFound, "nobody is called %s any more", name)
	}
	switch slipway.ErrorCode(err) {
	case "":
		p.remember(directoryAccount(person))
		return directoryAccount(person), nil
	case slipway.CodeUnavailable:
		err = silent(err)
		p.mu.Lock()
		defer p.mu.Unlock()
		last := p.known[name]
		last.err, last.tried = err, p.now()
		p.makeRoom()
		p.known[name] = last
	default:
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.known, name)
	}
	return account{}, err
}

// remember keeps what the directory has just said of somebody.
func (p *people) remember(a account) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.makeRoom()
	p.known[a.Name] = known{account: a, at: p.now()}
}

// makeRoom forgets what is old, and something when that is not enough.
func (p *people) makeRoom() {
	if len(p.known) < maxKnown {
		return
	}
	for name, k := range p.known {
		if p.now().Sub(k.at) > knownTime {
			delete(p.known, name)
		}
	}
	for name := range p.known {
		if len(p.known) < maxKnown {
			return
		}
		delete(p.known, name)
	}
}

// silent is what people read when the directory does not answer; why is for the
// log, since it names servers.
func silent(why error) error {
	return fmt.Errorf("%w (%w)", slipway.Errorf(slipway.CodeUnavailable,
		"the directory does not answer, so nobody can say who you are and what you may do; users of the fleet file can sign in all the same"), why)
}
