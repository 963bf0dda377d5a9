package edge

import (
	"context"
	"crypto/tls"
	"fmt"
	"strings"

	"github.com/caddyserver/caddy/v2"
	"github.com/caddyserver/caddy/v2/modules/caddytls"
	"github.com/caddyserver/certmagic"

	"slipway/edge/certificates"
)

func init() {
	caddy.RegisterModule(&Permission{})
	caddy.RegisterModule(&OwnCertificates{})
}

// A Permission is a Caddy module that lets certificates be issued for the host
// names of the table, as it is at the moment, and for no others.
type Permission struct{ app *App }

// CaddyModule names the module.
func (*Permission) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "tls.permission.slipway", New: func() caddy.Module { return new(Permission) }}
}

// Provision finds the App.
func (p *Permission) Provision(ctx caddy.Context) (err error) {
	p.app, err = theApp(ctx)
	return err
}

// CertificateAllowed says whether a service has the host name.
func (p *Permission) CertificateAllowed(_ context.Context, name string) error {
	if p.app.options.Issuer == "" {
		return fmt.Errorf("%w: certificates come from files only", caddytls.ErrPermissionDenied)
	}
	for _, state := range p.app.keeper.Table() {
		if state.Route.Canonical().Host == strings.ToLower(name) {
			return nil
		}
		for _, target := range state.Targets {
			if target.Route.Canonical().Host == strings.ToLower(name) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: no service has the host name", caddytls.ErrPermissionDenied)
}

// OwnCertificates are a Caddy module that gives the operator's certificates.
type OwnCertificates struct{ files *certificates.Files }

// CaddyModule names the module.
func (*OwnCertificates) CaddyModule() caddy.ModuleInfo {
	return caddy.ModuleInfo{ID: "tls.get_certificate.slipway", New: func() caddy.Module { return new(OwnCertificates) }}
}

// Provision finds the directory.
func (o *OwnCertificates) Provision(ctx caddy.Context) error {
	app, err := theApp(ctx)
	if err != nil {
		return err
	}
	if app.options.CertDir != "" {
		o.files = certificates.New(app.options.CertDir, ctx.Slogger())
	}
	return nil
}

// GetCertificate returns the certificate for the name that a client asks for;
// nil, and no error, where an issuer may have one.
func (o *OwnCertificates) GetCertificate(_ context.Context, hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	if o.files == nil {
		return nil, nil
	}
	return o.files.Find(hello.ServerName), nil
}

// theApp is the App, which is provisioned first if it is not yet.
func theApp(ctx caddy.Context) (*App, error) {
	app, err := ctx.App("slipway")
	if err != nil {
		return nil, err
	}
	return app.(*App), nil
}

var (
	_ caddy.Provisioner           = (*Permission)(nil)
	_ caddytls.OnDemandPermission = (*Permission)(nil)
	_ caddy.Provisioner           = (*OwnCertificates)(nil)
	_ certmagic.Manager           = (*OwnCertificates)(nil)
)
