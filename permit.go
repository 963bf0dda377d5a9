package slipway

import (
	"maps"
	"path"
	"slices"
	"strings"
)

// Permit holds svc to what its project may ask, as the fleet file says it:
// host names of routes, directories, devices and ports of a host, capabilities,
// secrets. What is not listed is denied. Its errors have CodeForbidden and name
// the field of the service file and the rule of the fleet file; a project that
// is not there is CodeInvalid.
func (f *Fleet) Permit(svc Service) error {
	project, ok := f.Project(svc.Project)
	if !ok {
		return Errorf(CodeInvalid, "project %q is not in the fleet file", svc.Project)
	}
	if svc.Route != nil {
		if err := f.permitRoute(project, svc.Route.Host); err != nil {
			return err
		}
	}
	c := svc.Container
	for _, v := range c.Volumes {
		if err := f.permitVolume(project, v); err != nil {
			return err
		}
	}
	for _, name := range c.CapAdd {
		if !slices.Contains(project.Allow.CapAdd, name) {
			return denied(project, "container.cap_add", name, "cap_add", project.Allow.CapAdd)
		}
	}
	for _, d := range c.Devices {
		if path.Clean(d.Source) != d.Source || !slices.Contains(project.Allow.Devices, d.Source) {
			return denied(project, "container.devices", d.Source, "devices", project.Allow.Devices)
		}
	}
	for _, p := range c.Ports {
		if !slices.Contains(project.Allow.Ports, p.On()) {
			return denied(project, "container.ports", p.On(), "ports", project.Allow.Ports)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.Environment)) { // the same error every time
		ref := c.Environment[name].Secret
		if ref != "" && !slices.ContainsFunc(project.Allow.Secrets, func(pattern string) bool { return matchSecret(pattern, ref) }) {
			return denied(project, "container.environment."+name, ref, "secrets", project.Allow.Secrets)
		}
	}
	return nil
}

// PermitOn is Permit, for a host that svc is about to run on: it must be one of
// the project's.
func (f *Fleet) PermitOn(svc Service, host string) error {
	if err := f.Permit(svc); err != nil {
		return err
	}
	project, _ := f.Project(svc.Project) // Permit has found it
	h, ok := f.Host(host)
	if !ok {
		return Errorf(CodeNotFound, "host %q is not in the fleet file", host)
	}
	return permitHost(project, h)
}

func permitHost(project Project, h Host) error {
	if !project.Hosts.Selects(h) {
		return Errorf(CodeForbidden, "hosts: %q is not one of project %q: hosts of the project in the fleet file decide", h.Name, project.Name)
	}
	return nil
}

func denied(project Project, field, asked, rule string, list []string) error {
	return Errorf(CodeForbidden, "%s: %q is not allowed: allow.%s of project %q in the fleet file lists %s", field, asked, rule, project.Name, orNothing(list))
}

func (f *Fleet) permitRoute(project Project, host string) error {
	claims := func(p Project) bool {
		return slices.ContainsFunc(p.Routes, func(pattern string) bool { return matchHost(pattern, host) })
	}
	if claims(project) {
		return nil
	}
	if len(project.Routes) > 0 {
		return Errorf(CodeForbidden, "route.host: %q is not allowed: routes of project %q in the fleet file lists %s", host, project.Name, orNothing(project.Routes))
	}
	for _, other := range f.Projects {
		if other.Name != project.Name && claims(other) {
			return Errorf(CodeForbidden, "route.host: %q belongs to project %q: see its routes in the fleet file", host, other.Name)
		}
	}
	return nil
}

// matchHost matches "a.example.com" exactly and "*.example.com" for one or
// more labels in front.
func matchHost(pattern, host string) bool {
	if suffix, ok := strings.CutPrefix(pattern, "*"); ok {
		return strings.HasSuffix(host, suffix) && len(host) > len(suffix)
	}
	return pattern == host
}

// matchSecret matches a reference exactly, or any continuation of a prefix
// before "*".
func matchSecret(pattern, ref string) bool {
	if file, ok := strings.CutPrefix(ref, "file://"); ok && path.Clean(file) != file {
		return false // "file:///secrets/search/../shop/key" is no way out
	}
	if prefix, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(ref, prefix)
	}
	return pattern == ref
}

func orNothing(list []string) string {
	if len(list) == 0 {
		return "nothing"
	}
	return strings.Join(list, ", ")
}
