package ldap

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-ldap/ldap/v3"

	"slipway"
)

const (
	maxIdle  = 4           // connections that wait for the next question
	idleTime = time.Minute // before a server, or a firewall, may have forgotten one
)

// A pool keeps connections for the next question.
type pool struct {
	open func(ctx context.Context, url string) (*ldap.Conn, error)

	mu     sync.Mutex
	idle   []connection
	closed bool
}

type connection struct {
	*ldap.Conn
	url  string
	last time.Time // when it was put back
}

// take returns a connection that has been used before, if there is one.
func (p *pool) take() (connection, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.idle) > 0 {
		c := p.idle[len(p.idle)-1]
		p.idle = p.idle[:len(p.idle)-1]
		if time.Since(c.last) < idleTime && !c.IsClosing() {
			return c, true
		}
		_ = c.Close()
	}
	return connection{}, false
}

func (p *pool) put(c connection) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || len(p.idle) >= maxIdle || c.IsClosing() {
		_ = c.Close()
		return
	}
	c.last = time.Now()
	p.idle = append(p.idle, c)
}

func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	for _, c := range p.idle {
		_ = c.Close()
	}
	p.idle = nil
}

// ask puts a question to the first server that answers. What a server answers,
// good or bad, is the answer; where none does, the error is of CodeUnavailable
// and says what each of them did.
func (d *Directory) ask(ctx context.Context, p *pool, question func(*ldap.Conn) error) error {
	for {
		c, ok := p.take()
		if !ok {
			break
		}
		if err := d.put(ctx, p, c, question); !isNoAnswer(err) || ctx.Err() != nil {
			return late(ctx, err)
		}
	}
	var silent []error
	for _, url := range d.servers.inOrder() {
		opened, err := p.open(ctx, url)
		if err == nil {
			err = d.put(ctx, p, connection{Conn: opened, url: url}, question)
			if !isNoAnswer(err) {
				d.servers.note(url, true)
				return late(ctx, err)
			}
		}
		if _, ok := errors.AsType[*slipway.Error](err); ok {
			return err // the fleet file is wrong, which other servers do not make good
		}
		d.servers.note(url, false)
		silent = append(silent, fmt.Errorf("%s: %w", url, err))
		if ctx.Err() != nil {
			break
		}
	}
	return slipway.Errorf(slipway.CodeUnavailable, "the directory does not answer: %w", oneLine(silent))
}

// put puts the question on one connection, which is closed under it when the
// time is over.
func (d *Directory) put(ctx context.Context, p *pool, c connection, question func(*ldap.Conn) error) error {
	stop := context.AfterFunc(ctx, func() { _ = c.Close() })
	err := question(c.Conn)
	if !stop() || isNoAnswer(err) {
		_ = c.Close()
		return err
	}
	p.put(c)
	return err
}

// late says that the time was over, where that is why there is no answer.
func late(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil && isNoAnswer(err) {
		return slipway.Errorf(slipway.CodeUnavailable, "the directory does not answer in time: %w", err)
	}
	return err
}

// oneLine joins errors with semicolons.
func oneLine(errs []error) error {
	joined := errs[0]
	for _, err := range errs[1:] {
		joined = fmt.Errorf("%w; %w", joined, err)
	}
	return joined
}
