package slipway

import (
	"slices"
	"time"
)

// An AuditKind says what an entry of the audit log is about.
type AuditKind string

// The kinds.
const (
	AuditIntent  AuditKind = "intent"  // somebody is about to do it, and may; written before it is done
	AuditOutcome AuditKind = "outcome" // what came of an intent, which has the same request
	AuditRefused AuditKind = "refused" // somebody wanted it, and it was not begun
	AuditEvent   AuditKind = "event"   // a machine did or found it, without a request
)

// AuditOK is the Code of an outcome that is no error.
const AuditOK Code = "ok"

// An AuditEntry is one line of the audit log. It holds no secret: of files only
// names and hashes, of passwords and tokens nothing.
//
// Chain, Seq, Prev and Hash are the log's own; whoever writes an entry leaves
// them empty.
type AuditEntry struct {
	Chain string    `json:"chain"` // whose line it is: one process writes to a chain at a time
	Seq   uint64    `json:"seq"`   // from 1, without a gap
	Time  time.Time `json:"time"`  // by the clock of the machine, which may have been set back
	Prev  string    `json:"prev"`  // Hash of the line before; of the first one, 64 zeros
	Kind  AuditKind `json:"kind"`

	// What, on what, and why.
	Action  string            `json:"action"` // stable, such as release.submit
	Project string            `json:"project,omitempty"`
	Service string            `json:"service,omitempty"`
	Release string            `json:"release,omitempty"`
	Gate    string            `json:"gate,omitempty"`
	Edge    string            `json:"edge,omitempty"`
	Reason  string            `json:"reason,omitempty"`
	Before  map[string]string `json:"before,omitempty"`
	After   map[string]string `json:"after,omitempty"` // as it is wanted, or as it is found

	// Who, and from where.
	User    string `json:"user,omitempty"` // of a refused sign-in the one that was tried; empty for a machine
	Via     string `json:"via,omitempty"`  // how they signed in: token, cookie, password
	Address string `json:"address,omitempty"`
	Request string `json:"request,omitempty"` // the same for all that is about one thing; X-Request-Id of a request
	Key     string `json:"key,omitempty"`     // of a request that may be sent again: a hash of its idempotency key

	// What came of it.
	Code   Code   `json:"code,omitempty"` // ok, or as the request was answered; empty for an intent
	Detail string `json:"detail,omitempty"`
	Count  int    `json:"count,omitempty"` // how many refusals alike it stands for; 0: one

	Hash string `json:"hash"` // SHA-256 of the line up to here, in hexadecimal
}

// An AuditHead is how far a chain had come. A line before it that is changed,
// or gone, is found out by it.
type AuditHead struct {
	Chain string    `json:"chain"`
	Place string    `json:"place"` // machine and directory of its files, as "machine:/directory"
	Seq   uint64    `json:"seq"`
	Hash  string    `json:"hash"`
	At    time.Time `json:"at"`
}

// AuditAnchor is what is kept of the audit log where whoever can change its
// files cannot: in Temporal.
type AuditAnchor struct {
	Heads []AuditHead `json:"heads"`         // of each chain some, in the order of their numbers; the latest is always there
	Odd   []AuditHead `json:"odd,omitempty"` // heads that a chain cannot have had after those before: it was cut, or written anew
}

const (
	maxHeads = 64  // of one chain, before every second of the older ones is given up
	maxOdd   = 100 // of contradictions; the first ones say it all
)

// Take takes over a head, unless it contradicts one that is there: a chain only
// grows. Taking it again changes nothing. Older heads stay, fewer the older they
// are, so that a chain that was written anew and then went on is found out too.
func (a *AuditAnchor) Take(h AuditHead) {
	last, ok := a.Latest(h.Chain)
	switch {
	case ok && h.Seq == last.Seq && h.Hash == last.Hash:
	case ok && h.Seq <= last.Seq:
		if len(a.Odd) < maxOdd {
			a.Odd = append(a.Odd, h)
		}
	default:
		a.Heads = append(a.Heads, h)
		a.thin(h.Chain)
	}
}

// Latest is the last head of a chain.
func (a *AuditAnchor) Latest(chain string) (AuditHead, bool) {
	for _, h := range slices.Backward(a.Heads) {
		if h.Chain == chain {
			return h, true
		}
	}
	return AuditHead{}, false
}

// thin gives up every second of a chain's heads but the latest half, when there
// are too many.
func (a *AuditAnchor) thin(chain string) {
	count := 0
	for _, h := range a.Heads {
		if h.Chain == chain {
			count++
		}
	}
	if count <= maxHeads {
		return
	}
	nth := 0
	a.Heads = slices.DeleteFunc(a.Heads, func(h AuditHead) bool {
		if h.Chain != chain {
			return false
		}
		nth++
		return nth <= maxHeads/2 && nth%2 == 0
	})
}

// An AuditCopy is a collector of logs that each process sends, too, what it
// writes to its audit log.
type AuditCopy struct {
	Name  string `json:"name"`
	URL   string `json:"url"`             // http:// or https://; syslog+tls://host:port, syslog+tcp:// or syslog+udp://
	TLS   *TLS   `json:"tls,omitempty"`   // of https and syslog+tls; an empty CA: whom the system trusts; without Cert and Key this side shows none
	Token *Value `json:"token,omitempty"` // of http and https: a reference to the bearer token
}

// AuditFilter narrows a list of entries. The zero filter is all of them.
type AuditFilter struct {
	Projects []string  // of one of these; nil: of any, and those of none
	Service  ServiceID // of this service, its project included
	User     string
	Action   string // exactly this one, or with a dot at its end all that begin so
	Request  string
	Since    time.Time
	Limit    int    // 0: 100
	Page     string // as the list before returned it; empty: the first
}

// Takes reports whether an entry is in the list.
func (f AuditFilter) Takes(e AuditEntry) bool {
	prefix := len(f.Action) > 0 && f.Action[len(f.Action)-1] == '.'
	return (f.Projects == nil || e.Project != "" && slices.Contains(f.Projects, e.Project)) &&
		(f.Service == ServiceID{} || f.Service == ServiceID{Project: e.Project, Service: e.Service}) &&
		(f.User == "" || f.User == e.User) &&
		(f.Action == "" || f.Action == e.Action || prefix && len(e.Action) > len(f.Action) && e.Action[:len(f.Action)] == f.Action) &&
		(f.Request == "" || f.Request == e.Request) &&
		(f.Since.IsZero() || !e.Time.Before(f.Since))
}
