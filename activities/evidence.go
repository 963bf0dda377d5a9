package activities

import (
	"cmp"
	"context"
)

// ContainerInput names a container of a release on a host.
type ContainerInput struct {
	Host      string            `json:"host"`
	Release   string            `json:"release"`
	Container string            `json:"container"`
	As        string            `json:"as,omitempty"`      // what it is kept as, beside the hosts; empty: the host
	Secrets   map[string]string `json:"secrets,omitempty"` // references by variable; their values are not kept
}

// EvidenceResult says where the evidence is.
type EvidenceResult struct {
	Path string `json:"path"` // on the machine of the worker
	Tail string `json:"tail"` // the last lines of the log
}

// KeepEvidence stores what is left of a container that failed, before it is
// removed, without the values of its secrets. Idempotent: it replaces what an earlier attempt kept.
func (a *Host) KeepEvidence(ctx context.Context, in ContainerInput) (EvidenceResult, error) {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return EvidenceResult{}, Failure(err)
	}
	evidence, err := engine.Evidence(ctx, in.Container)
	if err != nil {
		return EvidenceResult{}, Failure(err)
	}
	evidence = a.redactor(ctx, in.Secrets, evidence.Container.Environment).evidence(evidence)
	path, err := a.Evidence.Keep(ctx, in.Release, cmp.Or(in.As, in.Host), evidence)
	if err != nil {
		return EvidenceResult{}, Failure(err)
	}
	return EvidenceResult{Path: path, Tail: lastLines(evidence.Logs, 10, 2000)}, nil
}
