package worker

import (
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"slipway"
)

// rules hold services to the fleet file as it is at that moment: an order was
// permitted when it was given, and may have waited since.
type rules struct {
	fleet func() *slipway.Fleet
	data  string // directory of what this process keeps
}

// Permit also follows the symbolic links of directories on this machine: a
// service that may write to one directory could lead the next one anywhere. On
// hosts elsewhere only their names are known.
func (r rules) Permit(service slipway.Service, host string) error {
	fleet := r.fleet()
	if err := fleet.PermitOn(service, host); err != nil {
		return err
	}
	if h, _ := fleet.Host(host); !h.Agent && !strings.HasPrefix(h.Docker, "unix://") {
		return nil
	}
	followed := service
	followed.Container.Volumes = slices.Clone(service.Container.Volumes)
	for i, v := range followed.Container.Volumes {
		if !v.Bind() {
			continue
		}
		real, err := filepath.EvalSymlinks(v.Source)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the engine refuses it, and says so
		}
		if err != nil {
			return slipway.Errorf(slipway.CodeForbidden, "container.volumes: where %q leads on host %s cannot be found out: %w", v.Source, host, err)
		}
		if err := r.ownData(v.Source, real); err != nil {
			return err
		}
		followed.Container.Volumes[i].Source = real
	}
	if err := fleet.PermitOn(followed, host); err != nil { // their names alone were permitted
		return slipway.Errorf(slipway.ErrorCode(err), "a symbolic link on host %s leads out of what is allowed: %w", host, err)
	}
	return nil
}

// ownData refuses what is, contains or is below the directory of this process:
// the key of its sessions is there, and the whole history.
func (r rules) ownData(source, real string) error {
	data, err := filepath.Abs(r.data)
	if err == nil {
		data, err = filepath.EvalSymlinks(data)
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil // nothing is kept yet
	}
	if err != nil {
		return slipway.Errorf(slipway.CodeInternal, "find the directory of this process: %w", err)
	}
	if inside(real, data) || inside(data, real) {
		return slipway.Errorf(slipway.CodeForbidden, "container.volumes: %q is not allowed: Slipway keeps its own data there: no rule of the fleet file opens it", source)
	}
	return nil
}

// inside reports whether a path is the directory or below it.
func inside(name, dir string) bool {
	below, err := filepath.Rel(dir, name)
	return err == nil && filepath.IsLocal(below)
}
