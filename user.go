package slipway

import "slices"

// A User is a person of the fleet file.
type User struct {
	Name           string   `json:"name"`
	PasswordBcrypt string   `json:"password_bcrypt,omitempty"`
	Groups         []string `json:"groups,omitempty"`
}

// A Person is somebody whom a directory knows, as it knows them now.
type Person struct {
	Name   string   // as UserName has it
	ID     string   // of the entry: another one under the same name is somebody else
	Groups []string // sorted
}

// A Role is a set of rights, in one project or in the whole fleet.
type Role string

// The roles, each with the rights of those before it where it says so.
const (
	Viewer   Role = "viewer"   // sees
	Releaser Role = "releaser" // also releases, aborts, rolls back, locks
	Approver Role = "approver" // also decides gates
	Operator Role = "operator" // everything in the project, and its hosts and edges
	Admin    Role = "admin"    // everything
)

// Roles are all roles, the weakest first.
var Roles = []Role{Viewer, Releaser, Approver, Operator, Admin}

// A Right is the permission to do one kind of thing.
type Right string

// The rights.
const (
	RightView    Right = "view"
	RightRelease Right = "release" // release, abort, roll back, lock, accept
	RightDecide  Right = "decide"  // approve and reject
	RightOperate Right = "operate" // adopt, remove; hosts, edges, the Temporal UI
)

// roleRights is the one table of what each role may do.
var roleRights = map[Role][]Right{
	Viewer:   {RightView},
	Releaser: {RightView, RightRelease},
	Approver: {RightView, RightRelease, RightDecide},
	Operator: {RightView, RightRelease, RightDecide, RightOperate},
	Admin:    {RightView, RightRelease, RightDecide, RightOperate},
}

// Has reports whether the role has the right.
func (r Role) Has(right Right) bool { return slices.Contains(roleRights[r], right) }

// May reports whether a member of groups has the right in the named project.
// Roles of the fleet hold in every project; with project "" only those count.
func (f *Fleet) May(groups []string, project string, right Right) bool {
	if granted(f.Roles, groups, right) {
		return true
	}
	p, ok := f.Project(project)
	return ok && granted(p.Roles, groups, right)
}

func granted(roles map[Role][]string, groups []string, right Right) bool {
	for role, members := range roles {
		if !role.Has(right) {
			continue
		}
		for _, group := range groups {
			if slices.Contains(members, group) {
				return true
			}
		}
	}
	return false
}

// Counting are those of the groups that any role of the project, or of the whole
// fleet, is given to.
func (f *Fleet) Counting(groups []string, project string) []string {
	p, _ := f.Project(project)
	var counting []string
	for _, group := range groups {
		for _, role := range Roles {
			if slices.Contains(p.Roles[role], group) || slices.Contains(f.Roles[role], group) {
				counting = append(counting, group)
				break
			}
		}
	}
	return counting
}

// InRole reports whether a member of groups has this role, or one above it, in
// the project or in the whole fleet. It is how a gate's approvers are found.
func (f *Fleet) InRole(groups []string, project string, role Role) bool {
	p, _ := f.Project(project)
	from := max(0, slices.Index(Roles, role))
	for _, has := range Roles[from:] {
		for _, group := range groups {
			if slices.Contains(p.Roles[has], group) || slices.Contains(f.Roles[has], group) {
				return true
			}
		}
	}
	return false
}
