package ldap

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"slipway"
)

// Bounds of what is asked for one person.
const (
	maxDepth  = 16     // of groups in groups; what is deeper does not count
	maxGroups = 20_000 // of one person
	pageSize  = 500    // entries in one answer; servers refuse more than 1,000
	batch     = 50     // members that one search looks for
)

// nobody stands in a filter for a name that a group does not have.
const nobody = `\00`

// groups are the names of the groups that a person is in, directly or through
// other groups. It ends on loops, since it follows each group once.
func (d *Directory) groups(c *ldap.Conn, person entry) ([]string, error) {
	followed := map[string]bool{}
	names := map[string]bool{}
	members := []string{fill(d.config.Group.Filter, ldap.EscapeFilter(person.dn), ldap.EscapeFilter(person.name))}
	for depth := 0; len(members) > 0 && depth < maxDepth; depth++ {
		var above []string
		for some := range slices.Chunk(members, batch) {
			err := d.search(c, "(|"+strings.Join(some, "")+")", func(group *ldap.Entry) error {
				if key := strings.ToLower(group.DN); !followed[key] {
					followed[key] = true
					above = append(above, fill(d.config.Group.Filter, ldap.EscapeFilter(group.DN), nobody))
				}
				for _, name := range group.GetEqualFoldAttributeValues(d.config.Group.Name) {
					names[name] = true
				}
				if len(followed) > maxGroups {
					return slipway.Errorf(slipway.CodeForbidden, "%s is in more than %d groups: narrow directory.ldap.group in the fleet file", person.name, maxGroups)
				}
				return nil
			})
			if err != nil {
				return nil, err
			}
		}
		if members = above; !d.config.Group.Nested {
			break
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// search reads groups page by page.
func (d *Directory) search(c *ldap.Conn, filter string, each func(*ldap.Entry) error) error {
	page := ldap.NewControlPaging(pageSize)
	for {
		answer, err := c.Search(ldap.NewSearchRequest(d.config.Group.BaseDN, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases,
			0, 0, false, filter, []string{d.config.Group.Name}, []ldap.Control{page}))
		if err != nil {
			return fmt.Errorf("search the directory for groups: %w", err)
		}
		for _, found := range answer.Entries {
			if err := each(found); err != nil {
				return err
			}
		}
		next, ok := ldap.FindControl(answer.Controls, ldap.ControlTypePaging).(*ldap.ControlPaging)
		if !ok || len(next.Cookie) == 0 {
			return nil
		}
		page.SetCookie(next.Cookie)
	}
}
