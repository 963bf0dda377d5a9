package spec

// unique knows where each of what may be there once was first given.
type unique map[string]string

// add reports a name that was there before.
func (u unique) add(v value, name string) {
	if name == "" {
		return // missing or wrong, and reported
	}
	if first, ok := u[name]; ok {
		v.bad("%s is %s already; give each its own", quote(name), first)
		return
	}
	u[name] = v.field
}
