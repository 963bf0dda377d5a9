package audit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"slipway"
)

const (
	defaultSize = 16 << 20 // bytes of a file
	batchSize   = 512      // entries that share one fsync, at most
	owedRetry   = time.Second
)

// Options say where a log is and how it is written.
type Options struct {
	Dir     string           // of all chains; made if it is missing
	Part    string           // of Slipway that writes it, such as slipway-api: the begin of the chain's name
	MaxSize int64            // bytes of a file, after which the next one begins; 0: 16 MiB
	Logger  *slog.Logger     // nil: slog.Default()
	Now     func() time.Time // nil: time.Now
}

// A Log is a chain that this process writes. It is safe for use by several
// goroutines: what they append at the same time shares one fsync.
type Log struct {
	Options
	chain string // its name
	place string
	lock  *os.File

	queue   chan *pending
	closing chan struct{}
	closed  chan struct{}
	close   sync.Once
	head    atomic.Pointer[slipway.AuditHead]
	broken  atomic.Pointer[error] // why the last attempt to write failed; nil: it did not

	w    writer               // of the goroutine in run alone, as is owed
	owed []slipway.AuditEntry // outcomes and events that could not be written yet
}

// pending is an entry whose writer waits.
type pending struct {
	entry   slipway.AuditEntry
	settled bool // its writer tries again: nothing is kept of it
	done    chan error
}

// Open goes on with a chain of this part that no other process writes, or
// begins one. A last line that a crash has torn is cut off, kept beside the
// chain in a file named torn-…, and an entry says so. A chain that is damaged in
// another way is left as it is; an entry in the next one says so.
func Open(o Options) (*Log, error) {
	if o.MaxSize == 0 {
		o.MaxSize = defaultSize
	}
	if o.Logger == nil {
		o.Logger = slog.Default()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Log{Options: o, queue: make(chan *pending, batchSize), closing: make(chan struct{}), closed: make(chan struct{})}
	var err error
	if l.place, err = Place(o.Dir); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the directory of the audit log: %w", err)
	}
	found, err := l.acquire()
	if err != nil {
		return nil, errors.Join(err, l.release())
	}
	l.moved()
	go l.run()
	for _, e := range found {
		if err := l.Append(context.Background(), e); err != nil {
			l.Logger.Error("Audit log not written", "action", e.Action, "detail", e.Detail, "error", err)
		}
	}
	return l, nil
}

// Place names this machine and a directory, for heads.
func Place(dir string) (string, error) {
	host, err := os.Hostname()
	if err != nil {
		return "", fmt.Errorf("find the name of this machine: %w", err)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return "", fmt.Errorf("find the directory of the audit log: %w", err)
	}
	return host + ":" + dir, nil
}

// Append returns when the entry is on disk. An error says that it is not: what
// was to be done may then not be done. Outcomes and events are of what has
// happened already; they are kept in memory until they can be written, before
// anything else, and an error says only that this is so.
//
// When ctx ends first, the entry may be written all the same.
func (l *Log) Append(ctx context.Context, e slipway.AuditEntry) error {
	return l.append(ctx, &pending{entry: e})
}

func (l *Log) append(ctx context.Context, p *pending) error {
	p.entry.Time, p.done = l.Now().UTC(), make(chan error, 1)
	select {
	case <-l.closing:
		return errors.New("the audit log is closed")
	default:
	}
	select {
	case l.queue <- p:
	case <-l.closed:
		return errors.New("the audit log is closed")
	case <-ctx.Done():
		return fmt.Errorf("wait for the audit log: %w", ctx.Err())
	}
	select {
	case err := <-p.done:
		return err
	case <-l.closed:
		select {
		case err := <-p.done:
			return err
		default:
			return errors.New("the audit log is closed")
		}
	case <-ctx.Done():
		return fmt.Errorf("wait for the audit log: %w", ctx.Err())
	}
}

// Head is how far the chain has come on disk.
func (l *Log) Head() slipway.AuditHead { return *l.head.Load() }

// Err is why nothing can be written, or nil.
func (l *Log) Err() error {
	if err := l.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// Close writes what waits and gives the chain free. Its error names how many
// outcomes and events are lost.
func (l *Log) Close() error {
	l.close.Do(func() { close(l.closing) })
	<-l.closed
	var err error
	if len(l.owed) > 0 {
		err = fmt.Errorf("%d outcomes and events are not in the audit log: %w", len(l.owed), l.Err())
	}
	return errors.Join(err, l.w.close(), l.release())
}

func (l *Log) release() error {
	if l.lock == nil {
		return nil
	}
	err := l.lock.Close()
	l.lock = nil
	return err
}

// run writes, until the log is closed.
func (l *Log) run() {
	defer close(l.closed)
	tick := time.NewTicker(owedRetry)
	defer tick.Stop()
	for {
		select {
		case p := <-l.queue:
			l.commit(l.gather(p))
		case <-tick.C:
			if len(l.owed) > 0 || l.Err() != nil {
				l.commit(nil) // nothing but what is owed: it also finds out whether there is room again
			}
		case <-l.closing:
			for len(l.queue) > 0 {
				l.commit(l.gather(<-l.queue))
			}
			if len(l.owed) > 0 {
				l.commit(nil)
			}
			return
		}
	}
}

// gather takes what waits besides p.
func (l *Log) gather(p *pending) []*pending {
	batch := []*pending{p}
	for len(batch) < batchSize {
		select {
		case p := <-l.queue:
			batch = append(batch, p)
		default:
			return batch
		}
	}
	return batch
}
