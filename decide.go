package slipway

import "slices"

// Takes returns nil if the decision counts for the release: its gate is open,
// it is about what the release is, and by a person who neither asked for it nor
// has decided there before. Whether they are one of the approvers is not known
// here. The error is an *Error.
func (r *Release) Takes(d Decision) error {
	i := slices.IndexFunc(r.Gates, func(g GateState) bool { return g.Name == d.Gate })
	switch {
	case d.Verdict != Approve && d.Verdict != Reject:
		return Errorf(CodeInvalid, "a decision is %q or %q, not %q", Approve, Reject, d.Verdict)
	case d.By == "":
		return Errorf(CodeInvalid, "a decision says who decides")
	case i < 0:
		return Errorf(CodeNotFound, "%s has no gate %q", r.ID, d.Gate)
	}
	g := r.Gates[i]
	decided := func(have Decision) bool { return PersonOf(have.By) == PersonOf(d.By) }
	switch {
	case g.State != GateOpen:
		return Errorf(CodeConflict, "gate %s of %s is %s, not open", g.Name, r.ID, g.State)
	case PersonOf(d.By) == PersonOf(r.RequestedBy):
		return Errorf(CodeForbidden, "%s asked for %s and cannot decide on it", d.By, r.ID)
	case d.Verdict == Reject && d.Reason == "":
		return Errorf(CodeInvalid, "a rejection needs a reason")
	case d.Digest != r.Digest || d.Settings != r.Settings:
		return Errorf(CodeConflict, "the decision is about another digest or other settings than %s has", r.ID)
	case slices.ContainsFunc(g.Decisions, decided):
		return Errorf(CodeConflict, "%s has decided gate %s already", d.By, g.Name)
	}
	return nil
}
