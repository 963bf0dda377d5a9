package system

import (
	"path/filepath"
	"strings"

	"slipway/e2e/lab"
)

// Proxies are what Slipway reaches the rest through, with Options.Proxied.
// Hosts pull through Production as well.
type Proxies struct {
	Docker, Source, Production, Edge *lab.Proxy
}

// between starts the proxies.
func (s *System) between() error {
	for _, p := range []struct {
		proxy **lab.Proxy
		start func() (*lab.Proxy, error)
	}{
		{&s.Between.Docker, func() (*lab.Proxy, error) {
			return lab.SocketProxy(s.Dir, "docker-proxy.sock", strings.TrimPrefix(s.docker, "unix://"))
		}},
		{&s.Between.Edge, func() (*lab.Proxy, error) {
			return lab.SocketProxy(s.Dir, "edge-proxy.sock", filepath.Join(s.Dir, "edge.sock"))
		}},
		{&s.Between.Source, func() (*lab.Proxy, error) { return lab.TCPProxy(s.Source.Address()) }},
		{&s.Between.Production, func() (*lab.Proxy, error) { return lab.TCPProxy(s.Production.Address()) }},
	} {
		proxy, err := p.start()
		if err != nil {
			return err
		}
		*p.proxy = proxy
		s.closers = append(s.closers, proxy)
	}
	return nil
}

// addresses are where a fleet file says that everything is.
func (s *System) addresses() (at struct{ docker, edge, source, production string }) {
	at.docker, at.edge = s.docker, "unix://"+filepath.Join(s.Dir, "edge.sock")
	at.source, at.production = s.Source.URL(), s.Production.URL()
	if s.options.Proxied {
		at.docker, at.edge = "unix://"+s.Between.Docker.Address(), "unix://"+s.Between.Edge.Address()
		at.source, at.production = "http://"+s.Between.Source.Address(), "http://"+s.Between.Production.Address()
	}
	return at
}
