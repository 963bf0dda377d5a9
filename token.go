package slipway

import (
	"slices"
	"strings"
	"time"
)

// A Token is what everybody may know of one that a machine signs in with. The
// token itself is shown once, and kept nowhere.
type Token struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`    // unique in its project
	Project   string    `json:"project"` // empty: the whole fleet
	Role      Role      `json:"role"`    // the most that it may; never more than Maker may
	Maker     string    `json:"made_by"`
	CreatedAt time.Time `json:"created_at"`
	ExpiresAt time.Time `json:"expires_at"`
}

// TokenRoles are the roles that a token can have. Gates are for people.
var TokenRoles = []Role{Viewer, Releaser, Operator}

// Covers reports whether the token's role has the right in the project. To
// decide is none of the rights of a token.
func (t Token) Covers(project string, right Right) bool {
	return (t.Project == "" || t.Project == project) && right != RightDecide && t.Role.Has(right)
}

// By is whom the token acts as: "token:ci of ann".
func (t Token) By() string { return tokenPrefix + t.Name + " of " + t.Maker }

const tokenPrefix = "token:" // names of people have no colon

// PersonOf is the person who answers for what was done by: themselves, or the
// maker of a token. Who makes a token does not become somebody else by it.
func PersonOf(by string) string {
	if token, ok := strings.CutPrefix(by, tokenPrefix); ok {
		if _, maker, ok := strings.Cut(token, " of "); ok {
			return maker
		}
	}
	return by
}

// Standing says which tokens are good, and which sessions were ended before
// their time.
type Standing struct {
	Tokens []Token             `json:"tokens,omitempty"` // those that are neither revoked nor expired
	Ended  map[string]SignOuts `json:"ended,omitempty"`  // by person
}

// SignOuts are the sessions of one person that are over.
type SignOuts struct {
	Sessions map[string]time.Time `json:"sessions,omitempty"` // by id: when they would have expired
	Before   time.Time            `json:"before,omitzero"`    // all that began before are over, too
	Until    time.Time            `json:"until,omitzero"`     // when the last of those would have expired
}

// Token finds a good token by its id.
func (s Standing) Token(id string) (Token, bool) {
	i := slices.IndexFunc(s.Tokens, func(t Token) bool { return t.ID == id })
	if i < 0 {
		return Token{}, false
	}
	return s.Tokens[i], true
}

// Over reports whether a session was ended before its time.
func (s Standing) Over(person, session string, began time.Time) bool {
	ended := s.Ended[person]
	_, over := ended.Sessions[session]
	return over || !began.After(ended.Before) && !ended.Before.IsZero()
}
