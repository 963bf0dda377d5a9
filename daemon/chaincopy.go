package daemon

import (
	"context"
	"encoding/json"
	"time"

	"slipway"
	"slipway/drivers/audit"
)

// chainCopy is how far one chain is copied.
type chainCopy struct {
	name   string
	reader audit.Reader // of what was not sent yet
	there  audit.Position
	sent   []sending // that may not have arrived, the earliest first

	unread, unkept bool // its lines cannot be read; its position cannot be written
}

// sending is a batch that was sent.
type sending struct {
	to     audit.Position
	at     time.Time
	oldest int64 // as in copier
}

// chain is how far a chain is copied, as it is known here or on disk.
func (c *copier) chain(name string) *chainCopy {
	if c.chains[name] == nil {
		at, err := c.position(name)
		if err != nil {
			c.logger.Error("Position of a copy of the audit log not read: it begins anew", "copy", c.to.Name, "chain", name, "error", err)
		}
		c.chains[name] = &chainCopy{name: name, there: at, reader: c.log.Read(name, at)}
	}
	return c.chains[name]
}

// send sends the next lines of a chain. An error is of the collector.
func (c *copier) send(ctx context.Context, chain *chainCopy) (n int, err error) {
	if len(chain.sent) >= copyAhead {
		return 0, nil
	}
	before := chain.reader
	lines, err := chain.reader.Next(c.batch)
	if slipway.ErrorCode(err) == slipway.CodeConflict && chain.there.Seq > 0 {
		c.logger.Error("Audit chain is not what was copied of it: it is copied anew", "copy", c.to.Name, "chain", chain.name, "error", err)
		chain.there, chain.sent = audit.Position{}, nil
		chain.reader = c.log.Read(chain.name, chain.there)
		lines, err = chain.reader.Next(c.batch)
	}
	c.note(chain, &chain.unread, err)
	if len(lines) == 0 {
		return 0, nil
	}
	oldest := timeOf(lines[0])
	c.oldest.CompareAndSwap(0, oldest)
	ctx, cancel := context.WithTimeout(ctx, c.patience)
	defer cancel()
	if err := c.collector.Send(ctx, lines); err != nil {
		chain.reader = before
		return 0, err
	}
	chain.sent = append(chain.sent, sending{to: chain.reader.Position(), at: time.Now(), oldest: oldest})
	return len(lines), nil
}

// settle takes note of what has arrived by now.
func (c *copier) settle(chain *chainCopy, now time.Time) {
	n := 0
	for n < len(chain.sent) && now.Sub(chain.sent[n].at) >= c.collector.Settles() {
		n++
	}
	if n == 0 {
		return
	}
	if c.failing {
		c.logger.Info("Audit log copied again", "copy", c.to.Name, "late", c.lag().Round(time.Second))
	}
	c.failing, c.pause, c.batch = false, copyInterval, min(2*c.batch, copyBatch)
	chain.there, chain.sent = chain.sent[n-1].to, chain.sent[n:]
	c.note(chain, &chain.unkept, c.keep(chain.name, chain.there))
}

// note says that something is wrong with the files of a chain, once. Other
// chains are copied all the same.
func (c *copier) note(chain *chainCopy, wrong *bool, err error) {
	if err != nil {
		c.failures.Inc()
		c.oldest.CompareAndSwap(0, time.Now().UnixNano())
		if !*wrong {
			c.logger.Error("Audit chain not copied: it is tried again", "copy", c.to.Name, "chain", chain.name, "error", err)
		}
	}
	*wrong = err != nil
}

// timeOf is when a line was written; of one that is no entry, now.
func timeOf(line []byte) int64 {
	var e struct {
		Time time.Time `json:"time"`
	}
	if json.Unmarshal(line, &e) != nil || e.Time.IsZero() {
		return time.Now().UnixNano()
	}
	return e.Time.UnixNano()
}
