package activities

import (
	"context"

	"slipway"
)

// ContainerInput names a container of a release on a host.
type ContainerInput struct {
	Host      string `json:"host"`
	Release   string `json:"release"`
	Container string `json:"container"` // the release's own, or the one that ran its command
}

// EvidenceResult says where the evidence is.
type EvidenceResult struct {
	Path string `json:"path"` // on the machine of the worker
	Tail string `json:"tail"` // the last lines of the log
}

// KeepEvidence stores what is left of a container that failed, before it is
// removed, without the values of its secrets. Of containers that no worker has
// made for this release nothing is kept, nor told. Idempotent: it replaces what
// an earlier attempt kept.
func (a *Host) KeepEvidence(ctx context.Context, in ContainerInput) (EvidenceResult, error) {
	engine, err := a.Engines.Engine(in.Host)
	if err != nil {
		return EvidenceResult{}, Failure(err)
	}
	evidence, err := engine.Evidence(ctx, in.Container)
	if err != nil {
		return EvidenceResult{}, Failure(err)
	}
	c := evidence.Container
	id, err := slipway.ParseReleaseID(in.Release)
	if err == nil && (!own(c) || c.Labels[slipway.LabelRelease] != id.String()) {
		err = slipway.Errorf(slipway.CodeForbidden, "container %s on host %s is none of %s: nothing of it is kept", in.Container, in.Host, in.Release)
	}
	if err != nil {
		return EvidenceResult{}, Failure(err)
	}
	as := in.Host
	if c.Name == id.PreDeployName() {
		as = "pre_deploy-" + in.Host
	}
	evidence = a.redactor(ctx, secretsOf(c), c.Environment).evidence(evidence)
	path, err := a.Evidence.Keep(ctx, id.String(), as, evidence)
	if err != nil {
		return EvidenceResult{}, Failure(err)
	}
	return EvidenceResult{Path: path, Tail: lastLines(evidence.Logs, 10, 2000)}, nil
}
