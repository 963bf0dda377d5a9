package edge

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"

	"github.com/caddyserver/caddy/v2"

	"slipway"
	"slipway/edge/disk"
	"slipway/edge/handover"
)

// Options are what an edge is started with. An address is host:port, or
// systemd:NAME for a socket that systemd opened.
type Options struct {
	Data     string        // data directory; made if there is none
	HTTP     string        // address for requests
	Admin    string        // address of the administration; unix:PATH, too
	AdminTLS *slipway.TLS  // needed where the administration is not on a Unix socket; CA signs clients
	Takeover bool          // take the place of the edge that runs on the data directory, if one does
	Linger   time.Duration // how long, after another has taken over, what is still open may go on
	// PreviewKey is the file with the key of previews; empty: there are none.
	PreviewKey string

	HTTPS   string // address for requests over TLS; empty: none
	CertDir string // with certificates of one's own, see package certificates
	Issuer  string // of others: "internal", "acme", or the URL of an ACME directory; empty: none
}

// Start starts the edge in this process, which can hold one. The table is
// being served when it returns. It goes on until SIGTERM or an interrupt, which
// end the process: requests under way are given 10 s, then WebSockets are cut.
func Start(o Options) error {
	// What the edge makes, the admin socket above all, is its owner's alone
	// from the moment it exists.
	syscall.Umask(0o077)
	// Caddy would leave its instance ID in the home directory.
	if err := os.Setenv("XDG_DATA_HOME", o.Data); err != nil {
		return err
	}
	app := &App{options: o}
	if err := app.run(); err != nil {
		app.predecessor.Abandon()
		return err
	}
	return nil
}

func (a *App) run() error {
	if err := a.open(a.options); err != nil {
		return err
	}
	// Caddy listens by itself with SO_REUSEPORT: beside another process on the
	// same address it would get some of the connections, and say nothing.
	var descriptors []int
	for _, s := range a.requests {
		fd, err := s.descriptor()
		if err != nil {
			return err
		}
		descriptors = append(descriptors, fd)
	}
	text, err := json.Marshal(config(a.options, descriptors))
	if err != nil {
		return err
	}
	caddy.RegisterModule(a)
	caddy.TrapSignals()
	err = caddy.Load(text, true)
	for _, fd := range descriptors { // Caddy listens on copies
		err = errors.Join(err, syscall.Close(fd))
	}
	if err != nil {
		return err
	}
	return a.begin()
}

// open takes what only one process can have, from a predecessor where one is.
func (a *App) open(o Options) (err error) {
	if o.Takeover {
		if a.predecessor, err = handover.Take(heirPath(o.Data)); err != nil {
			return err
		}
	}
	if lock := a.predecessor.File(lockName); lock != nil {
		a.dir = disk.Adopt(o.Data, lock)
	} else if a.dir, err = disk.Open(o.Data); err != nil {
		return err
	}
	for _, door := range [][2]string{{"http", o.HTTP}, {"https", o.HTTPS}} {
		if door[1] == "" {
			continue
		}
		s, err := listen(door[0], door[1], a.predecessor)
		if err != nil {
			return err
		}
		a.requests = append(a.requests, s)
	}
	if a.entry, err = listen("admin", o.Admin, a.predecessor); err != nil {
		return err
	}
	if a.entry.Addr().Network() != "unix" && o.AdminTLS == nil {
		return fmt.Errorf("administration on %s: it is served over TCP with mutual TLS only", o.Admin)
	}
	if a.heir, err = listen("takeover", "unix:"+heirPath(o.Data), a.predecessor); err != nil {
		return err
	}
	a.heir.keepPath(true) // a successor listens there, too
	return nil
}

// begin makes this process the edge, once it serves.
func (a *App) begin() error {
	resume, _ := a.keeper.Pause() // until the directory is this process's alone
	defer resume()
	if err := a.predecessor.Confirm(); err != nil {
		return err
	}
	a.entry.keepPath(false)
	go a.outlive()
	return nil
}
