package daemon

import (
	"context"
	"reflect"
	"sync"

	"slipway"
	"slipway/drivers/ldap"
	"slipway/drivers/secrets"
)

// directory is the one that the fleet file names now. Without one it knows
// nobody.
type directory struct {
	fleet func() *slipway.Fleet

	mu     sync.Mutex
	config *slipway.LDAP
	ldap   *ldap.Directory
}

// SignIn is that of api.Directory.
func (d *directory) SignIn(ctx context.Context, name, password string) (slipway.Person, error) {
	now, err := d.current()
	if err != nil {
		return slipway.Person{}, err
	}
	return now.SignIn(ctx, name, password)
}

// Find is that of api.Directory.
func (d *directory) Find(ctx context.Context, name string) (slipway.Person, error) {
	now, err := d.current()
	if err != nil {
		return slipway.Person{}, err
	}
	return now.Find(ctx, name)
}

// current is a directory as the fleet file describes it now, with the
// connections that it has while that does not change.
func (d *directory) current() (*ldap.Directory, error) {
	config := d.fleet().Directory.LDAP
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.ldap != nil && !reflect.DeepEqual(config, d.config) {
		d.ldap.Close() // what it is being asked now it still answers
		d.ldap = nil
	}
	if config == nil {
		return nil, slipway.Errorf(slipway.CodeNotFound, "the fleet file names no directory")
	}
	if d.ldap == nil {
		made, err := ldap.New(*config, func(ctx context.Context) (string, error) {
			return secrets.Store{}.Secret(ctx, config.BindPassword.Secret)
		})
		if err != nil {
			return nil, slipway.Errorf(slipway.CodeUnavailable, "the directory cannot be asked: %w", err)
		}
		d.ldap, d.config = made, config
	}
	return d.ldap, nil
}
