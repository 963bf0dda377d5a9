// Package ldap finds people and their groups in a directory that speaks LDAP,
// such as OpenLDAP or Active Directory, and checks their passwords by binding
// as them. It asks one server after the other until one answers, follows no
// referrals, and keeps nothing of what it was told but connections.
package ldap

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-ldap/ldap/v3"

	"slipway"
)

// A Directory is one or more servers that hold the same people. It is safe for
// use by several goroutines.
type Directory struct {
	config    slipway.LDAP
	servers   *servers
	searchers *pool // bound as the account that searches
	binders   *pool // bound as whoever signed in last; nothing is read from them
}

// New makes a Directory. It connects to nothing yet. Password gives the
// password of the account that searches, and is asked for each connection.
// Errors: CodeInvalid for a filter that is none.
func New(config slipway.LDAP, password func(context.Context) (string, error)) (*Directory, error) {
	for _, filter := range []string{config.User.Filter, config.Group.Filter} {
		if _, err := ldap.CompileFilter(fill(filter, "a", "a")); err != nil {
			return nil, slipway.Errorf(slipway.CodeInvalid, "directory.ldap: %q is not a filter: %w", filter, err)
		}
	}
	d := &Directory{config: config, servers: newServers(config)}
	d.binders = &pool{open: d.servers.dial}
	d.searchers = &pool{open: func(ctx context.Context, url string) (*ldap.Conn, error) {
		return d.account(ctx, url, password)
	}}
	return d, nil
}

// Close ends the connections that are not in use.
func (d *Directory) Close() {
	d.searchers.close()
	d.binders.close()
}

// account connects and binds as the account that searches.
func (d *Directory) account(ctx context.Context, url string, password func(context.Context) (string, error)) (*ldap.Conn, error) {
	c, err := d.servers.dial(ctx, url)
	if err != nil || d.config.BindDN == "" {
		return c, err
	}
	secret, err := password(ctx)
	if err != nil {
		_ = c.Close()
		return nil, slipway.Errorf(slipway.CodeUnavailable, "the password of the directory's bind_dn cannot be had: %w", err)
	}
	if err := c.Bind(d.config.BindDN, secret); err != nil {
		_ = c.Close()
		if ldap.IsErrorWithCode(err, ldap.LDAPResultInvalidCredentials) {
			return nil, slipway.Errorf(slipway.CodeUnavailable, "the directory %s refuses bind_dn %s: check bind_dn and bind_password in the fleet file", url, d.config.BindDN)
		}
		return nil, err
	}
	return c, nil
}

// SignIn returns the person if the password is theirs. Errors:
// CodeUnauthenticated where it is not, or nobody has the name; CodeUnavailable.
func (d *Directory) SignIn(ctx context.Context, name, password string) (slipway.Person, error) {
	if password == "" { // a bind without one succeeds, as nobody
		return slipway.Person{}, slipway.Errorf(slipway.CodeUnauthenticated, "an empty password is nobody's")
	}
	ctx, cancel := d.bound(ctx)
	defer cancel()
	var found entry
	err := d.look(ctx, func(c *ldap.Conn) (err error) {
		found, err = d.entry(c, name)
		return err
	})
	if slipway.ErrorCode(err) == slipway.CodeNotFound {
		return slipway.Person{}, slipway.Errorf(slipway.CodeUnauthenticated, "%w", err)
	}
	if err != nil {
		return slipway.Person{}, err
	}
	if err := d.bind(ctx, found, password); err != nil {
		return slipway.Person{}, err
	}
	return d.Find(ctx, found.name) // by the name that is theirs, whatever they signed in by
}

// bind proves the password of whoever was found.
func (d *Directory) bind(ctx context.Context, found entry, password string) error {
	dn := found.dn
	if d.config.User.Bind != "" {
		dn = strings.ReplaceAll(d.config.User.Bind, "{name}", ldap.EscapeDN(found.name))
		if !sameDN(dn, found.dn) {
			return slipway.Errorf(slipway.CodeUnauthenticated, "%s is not the entry %s that user.bind makes of the name", found.dn, dn)
		}
	}
	err := d.ask(ctx, d.binders, func(c *ldap.Conn) error { return c.Bind(dn, password) })
	if _, is := refused(err); is {
		return slipway.Errorf(slipway.CodeUnauthenticated, "bind as %s: %w", dn, err)
	}
	return err
}

// Find says who has the name, and in which groups they are now. Errors:
// CodeNotFound, CodeForbidden for somebody in too many groups, CodeUnavailable.
func (d *Directory) Find(ctx context.Context, name string) (slipway.Person, error) {
	ctx, cancel := d.bound(ctx)
	defer cancel()
	var person slipway.Person
	err := d.look(ctx, func(c *ldap.Conn) error {
		found, err := d.entry(c, name)
		if err != nil {
			return err
		}
		groups, err := d.groups(c, found)
		person = slipway.Person{Name: found.name, ID: strings.ToLower(found.dn), Groups: groups}
		return err
	})
	return person, err
}

// look searches, as the account that may.
func (d *Directory) look(ctx context.Context, search func(*ldap.Conn) error) error {
	err := d.ask(ctx, d.searchers, search)
	if code, is := refused(err); is {
		return slipway.Errorf(slipway.CodeUnavailable, "the directory does not let itself be searched (%s): check bind_dn, base_dn and filter in the fleet file: %w", ldap.LDAPResultCodeMap[code], err)
	}
	return err
}

// bound is the time for one look-up at all: each server may take its time once,
// and one of them answer.
func (d *Directory) bound(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, time.Duration(len(d.config.URLs)+1)*d.config.Timeout.Std())
}

// An entry is a person as the directory has them.
type entry struct{ dn, name string }

// entry finds the one entry for a name. Two would be two people, or one whom
// somebody else pretends to be.
func (d *Directory) entry(c *ldap.Conn, typed string) (entry, error) {
	name, ok := slipway.UserName(typed)
	if !ok {
		return entry{}, slipway.Errorf(slipway.CodeNotFound, "nobody can have this name")
	}
	attribute := d.config.User.Name
	answer, err := c.Search(ldap.NewSearchRequest(d.config.User.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
		2, 0, false, fill(d.config.User.Filter, "", ldap.EscapeFilter(name)), []string{attribute}, nil))
	if err != nil && (answer == nil || !ldap.IsErrorWithCode(err, ldap.LDAPResultSizeLimitExceeded)) {
		return entry{}, fmt.Errorf("search the directory for a person: %w", err)
	}
	switch len(answer.Entries) {
	case 0:
		return entry{}, slipway.Errorf(slipway.CodeNotFound, "the directory has nobody called %s", name)
	case 1:
	default:
		return entry{}, slipway.Errorf(slipway.CodeNotFound, "the directory has more than one entry for %s", name)
	}
	found := answer.Entries[0]
	names := found.GetEqualFoldAttributeValues(attribute)
	if len(names) != 1 { // with several, one person could ask and another approve
		return entry{}, slipway.Errorf(slipway.CodeNotFound, "%s has %d values of %s, not one", found.DN, len(names), attribute)
	}
	if name, ok = slipway.UserName(names[0]); !ok {
		return entry{}, slipway.Errorf(slipway.CodeNotFound, "%s is called %q, which is no name that Slipway takes", found.DN, names[0])
	}
	return entry{dn: found.DN, name: name}, nil
}

// fill puts what is escaped already into the placeholders of a filter.
func fill(filter, dn, name string) string {
	return strings.NewReplacer("{dn}", dn, "{name}", name).Replace(filter)
}

func sameDN(a, b string) bool {
	left, err := ldap.ParseDN(a)
	if err != nil {
		return false
	}
	right, err := ldap.ParseDN(b)
	return err == nil && left.EqualFold(right)
}

// isNoAnswer reports whether an error is that no server has answered: a
// connection that failed, or one that says so itself.
func isNoAnswer(err error) bool {
	if _, ours := errors.AsType[*slipway.Error](err); ours || err == nil {
		return false
	}
	e, ok := errors.AsType[*ldap.Error](err)
	return !ok || e.ResultCode >= ldap.ErrorNetwork || slices.Contains(noAnswer, e.ResultCode)
}

// noAnswer are the codes of a server that cannot be asked now.
var noAnswer = []uint16{
	ldap.LDAPResultBusy, ldap.LDAPResultUnavailable, ldap.LDAPResultServerDown, ldap.LDAPResultTimeout,
	ldap.LDAPResultConnectError, ldap.LDAPResultTimeLimitExceeded,
}

// refused is the code with which a server refused to do what it was asked to.
func refused(err error) (code uint16, is bool) {
	e, ok := errors.AsType[*ldap.Error](err)
	if !ok || slipway.ErrorCode(err) != slipway.CodeInternal {
		return 0, false
	}
	return e.ResultCode, true
}
