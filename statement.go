package slipway

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"time"
)

// A Statement is something that is said in a way that holds against whoever
// can write to Temporal: signed, with a type of its own, so that one kind never
// passes for another.
type Statement interface {
	Type() string   // as the signature's header has it
	Signer() KeyUse // whose keys count for it
}

// A Seal is what a signature says beside its statement.
type Seal struct {
	ID    string    // of this statement and no other
	Key   string    // that signed it
	At    time.Time // when it was signed
	Until time.Time // as long as it entitles to anything; afterwards it only proves what was
}

// An OrderStatement is what the API signs when somebody has ordered a release.
// It says all that a release may do, so that whoever carries it out needs
// nothing else: the tag, which a worker resolves itself, and everything around
// the image by hash and by the parts that edges and hosts are held to.
type OrderStatement struct {
	ServiceID
	Kind        ReleaseKind `json:"kind"`
	Image       string      `json:"image"` // the repository
	Tag         string      `json:"tag"`
	Settings    string      `json:"settings"` // Service.SettingsHash
	Plan        string      `json:"plan"`     // Plan.Identity
	Hosts       []string    `json:"hosts"`
	Edges       []string    `json:"edges"`
	Route       *Route      `json:"route,omitempty"`
	Port        int         `json:"port,omitempty"`
	Gates       []Gate      `json:"gates,omitempty"`
	Groups      []PlanGroup `json:"groups,omitempty"` // none: all hosts at once
	Adopt       *Adoption   `json:"adopt,omitempty"`
	RequestedBy string      `json:"requested_by"`
	Reason      string      `json:"reason,omitempty"`
	Force       bool        `json:"force,omitempty"`
	Windows     []Window    `json:"windows,omitempty"` // of the service; those of the fleet are in each fleet file
	Freezes     []Window    `json:"freezes,omitempty"`
	Patience    Duration    `json:"patience,omitempty"`
	BreakGlass  bool        `json:"break_glass,omitempty"`
	Delays      Duration    `json:"delays,omitempty"` // all in all, between hosts
}

// Type is that of orders.
func (OrderStatement) Type() string { return "slipway-order" }

// Signer is the API, which knows who asks and what they may.
func (OrderStatement) Signer() KeyUse { return APIKey }

// Statement is what is signed of an order.
func (o Order) Statement() OrderStatement {
	s := OrderStatement{
		ServiceID:   o.Service.ServiceID,
		Kind:        o.Kind,
		Image:       o.Service.Image,
		Tag:         o.Tag,
		Settings:    o.Service.SettingsHash(),
		Plan:        o.Plan.Identity(),
		Hosts:       []string{},
		Edges:       []string{},
		Route:       o.Service.Route,
		Port:        o.Service.Container.Port,
		Gates:       o.Service.Gates,
		Groups:      o.Plan.Groups,
		Adopt:       o.Adopt,
		RequestedBy: o.RequestedBy,
		Reason:      o.Reason,
		Force:       o.Force,
		Windows:     o.Service.Windows,
		Freezes:     o.Service.Freezes,
		Patience:    o.Patience,
		BreakGlass:  o.BreakGlass,
		Delays:      Outlook{Order: o}.delays(),
	}
	for _, h := range o.Plan.Hosts {
		s.Hosts = append(s.Hosts, h.Name)
	}
	for _, e := range o.Plan.Edges {
		s.Edges = append(s.Edges, e.Name)
	}
	return s
}

// Group is the group of hosts, from 1, with which an edge switches.
func (s OrderStatement) Group(edge string) int {
	return 1 + max(slices.IndexFunc(s.Groups, func(g PlanGroup) bool { return slices.Contains(g.Edges, edge) }), 0)
}

// LastGroup is the group with which the release has switched.
func (s OrderStatement) LastGroup() int { return max(len(s.Groups), 1) }

// orderPatience is how long an order may wait for its turn, beside the time
// that its gates give people, its groups to be watched and its hosts to be let be,
// and what it may wait for a window.
const orderPatience = 24 * time.Hour

// Lasts is how long the order counts: a copy of it that somebody has kept
// releases nothing later.
func (s OrderStatement) Lasts() time.Duration {
	lasts := orderPatience + s.Patience.Std() + s.Delays.Std()
	for _, g := range s.Gates {
		lasts += g.Expires.Std()
	}
	for _, g := range s.Groups {
		lasts += g.Watch.Std()
	}
	return lasts
}

// A DecisionStatement is what the API signs when somebody has decided a gate:
// the verdict, and everything that it is about.
type DecisionStatement struct {
	Release     string  `json:"release"`
	Order       string  `json:"order"` // the ID of the order's seal
	Gate        string  `json:"gate"`
	Verdict     Verdict `json:"decision"`
	By          string  `json:"by"`
	Reason      string  `json:"reason,omitempty"`
	Digest      string  `json:"digest"`
	Settings    string  `json:"settings"`
	Plan        string  `json:"plan"`
	RequestedBy string  `json:"requested_by"`
}

// Type is that of decisions.
func (DecisionStatement) Type() string { return "slipway-decision" }

// Signer is the API, which knows who decides and what they may.
func (DecisionStatement) Signer() KeyUse { return APIKey }

// A RequestStatement is what the API signs when somebody asks something of a
// release that is there already.
type RequestStatement struct {
	ServiceID
	Act     string `json:"act"`               // abort, accept, rollback, remove or remove_host
	Release string `json:"release,omitempty"` // empty: whichever release of the service has it in hand
	By      string `json:"by"`
	Reason  string `json:"reason,omitempty"`

	Host  string   `json:"host,omitempty"`  // that is to be removed, with no service named
	Edges []string `json:"edges,omitempty"` // that go with it
}

// ActRemoveHost is the act of taking a host out for good, with its edges.
const ActRemoveHost = "remove_host"

// Type is that of requests.
func (RequestStatement) Type() string { return "slipway-request" }

// Signer is the API, which knows who asks and what they may.
func (RequestStatement) Signer() KeyUse { return APIKey }

// RequestLasts is how long a request counts: longer than a release takes to
// undo what is in its way.
const RequestLasts = time.Hour

// An ImageStatement is what a worker signs when it has resolved the tag of an
// order in the registry: from then on the digest is part of the order.
type ImageStatement struct {
	Order  string `json:"order"`  // the ID of the order's seal
	Digest string `json:"digest"` // what the tag is
	Image  string `json:"image"`  // Image.Identity: the digests below it, too
}

// Type is that of images.
func (ImageStatement) Type() string { return "slipway-image" }

// Signer is the worker that asked the registry.
func (ImageStatement) Signer() KeyUse { return WorkerKey }

// A ContainerStatement is what a worker signs when it has started a container
// for an order, or found the one that is to be adopted: what may be said to an
// edge about where a release can be reached.
type ContainerStatement struct {
	Order    string `json:"order"` // the ID of the order's seal
	Release  string `json:"release"`
	Host     string `json:"host"`
	Name     string `json:"name"`
	Digest   string `json:"digest"`
	Address  string `json:"address"`             // on the host's bridge network
	HostPort int    `json:"host_port,omitempty"` // published on the host's address; 0: none

	ID    string            `json:"id,omitempty"`    // Docker's, of one that is adopted
	Reach map[string]string `json:"reach,omitempty"` // of one that is adopted: host:port, by edge
}

// Type is that of containers.
func (ContainerStatement) Type() string { return "slipway-container" }

// Signer is the worker that started it.
func (ContainerStatement) Signer() KeyUse { return WorkerKey }

// WitnessLasts is how long what a worker has seen is of use: at least as long
// as any order, because how long that counts is said by the order itself.
const WitnessLasts = 10 * 365 * 24 * time.Hour

// Identity is a hash of what the plan says of hosts, edges and registries. The
// hash of the fleet file is not in it: that changes with every user.
func (p Plan) Identity() string {
	p.Fleet = ""
	return identity(p)
}

// Identity is a hash of the chain of digests, and of what follows from it. It
// stays what it is by whatever tag the image was found, and with a signature.
func (i Image) Identity() string {
	i.Tag, i.Signature = "", ""
	return identity(i)
}

func identity(v any) string {
	text, err := json.Marshal(v)
	if err != nil { // it holds nothing that JSON cannot carry
		panic(err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}
