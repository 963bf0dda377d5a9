package slipway

import (
	"regexp"
	"strings"
)

// LDAP says how people are found in a directory that speaks LDAP, such as
// OpenLDAP or Active Directory.
type LDAP struct {
	URLs         []string  `json:"urls"` // ldaps://host[:port] or ldap://host[:port]; the first that answers is asked
	StartTLS     bool      `json:"start_tls,omitempty"`
	CA           string    `json:"ca,omitempty"`           // file of certificates to trust; empty: the system's
	BindDN       string    `json:"bind_dn,omitempty"`      // of the account that searches; empty: searches are anonymous
	BindPassword Value     `json:"bind_password,omitzero"` // a reference to a secret
	Timeout      Duration  `json:"timeout"`                // of a connection, and of each request
	User         LDAPUser  `json:"user"`
	Group        LDAPGroup `json:"group"`
}

// LDAPUser says how a person is found.
type LDAPUser struct {
	BaseDN string `json:"base_dn"`
	Filter string `json:"filter"`         // with {name} for who signs in
	Name   string `json:"name"`           // the attribute that holds the one name that a person is known by
	Bind   string `json:"bind,omitempty"` // what to bind as, with {name}; empty: the DN of the entry that was found
}

// LDAPGroup says how the groups of a person are found.
type LDAPGroup struct {
	BaseDN string `json:"base_dn"`
	Filter string `json:"filter"` // with {dn} for a member's DN, or {name} for a person's name
	Name   string `json:"name"`   // the attribute that roles and gates call a group by
	Nested bool   `json:"nested"` // groups that are members of groups are looked for, too
}

// Defaults of LDAP, for what RFC 2307bis and RFC 4519 call people and groups.
const (
	DefaultLDAPTimeout     = Duration(5e9)
	DefaultLDAPUserFilter  = "(&(objectClass=person)(uid={name}))"
	DefaultLDAPUserName    = "uid"
	DefaultLDAPGroupFilter = "(|(member={dn})(uniqueMember={dn}))"
	DefaultLDAPGroupName   = "cn"
)

// UserNamePattern is what people's names look like. Directories compare names
// without regard to case, to width, and to what Unicode calls compatible; with
// these letters alone two names that look different are different, and each
// person has one.
const UserNamePattern = `[a-z0-9]([a-z0-9._@-]{0,62}[a-z0-9])?`

var userNamePattern = regexp.MustCompile(`^` + UserNamePattern + `$`)

// UserName is the one form of the name that somebody typed, in lower case. Ok
// is false for what nobody can be called.
func UserName(typed string) (name string, ok bool) {
	for i := range len(typed) {
		if typed[i] > 0x7e { // before ToLower, which makes a k of the sign for Kelvin
			return "", false
		}
	}
	name = strings.ToLower(typed)
	return name, userNamePattern.MatchString(name)
}
