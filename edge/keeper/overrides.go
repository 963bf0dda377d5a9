package keeper

import (
	"crypto/rand"
	"slices"
	"time"

	"slipway"
	"slipway/edge/disk"
)

const (
	maxOverrides = 1000        // that are kept, if nobody ever asks for them: the earliest go
	loan         = time.Minute // for which overrides are lent to one who asks
)

// overrides are the generations that Slipway did not write, until it has written
// them down. They are kept with the table, so each is there if and only if the
// traffic follows it.
type overrides struct {
	kept []slipway.Override
	lent map[string]lending // by id; a restart forgets it, and then two may write the same
}

type lending struct {
	by    string
	until time.Time
}

// with are the overrides after a write: one more where it was no release that
// wrote.
func (o *overrides) with(before, after slipway.RouteState) []slipway.Override {
	if after.Generation == before.Generation || after.Generation == 0 || slipway.IsRelease(after.By) {
		return o.kept
	}
	more := append(slices.Clone(o.kept), slipway.Override{
		ID: rand.Text(), ServiceID: after.ServiceID, Release: after.Active, Before: before.Active,
		Generation: after.Generation, By: after.By, Reason: after.Reason, At: after.ChangedAt,
	})
	return more[max(0, len(more)-maxOverrides):]
}

// Take lends the overrides to whoever asks, except those that are lent to
// somebody else.
func (k *Keeper) Take(req slipway.TakeRequest) ([]slipway.Override, error) {
	if req.By == "" {
		return nil, slipway.Errorf(slipway.CodeInvalid, "overrides: say who will write them down")
	}
	k.writing.Lock()
	defer k.writing.Unlock()
	if k.retired {
		return nil, slipway.Errorf(slipway.CodeUnavailable, "overrides: another slipway-edge has taken over here: ask again")
	}
	now, taken := time.Now(), []slipway.Override{}
	for _, one := range k.overrides.kept {
		if l := k.overrides.lent[one.ID]; l.by != req.By && now.Before(l.until) {
			continue
		}
		if k.overrides.lent == nil {
			k.overrides.lent = map[string]lending{}
		}
		k.overrides.lent[one.ID] = lending{by: req.By, until: now.Add(loan)}
		taken = append(taken, one)
	}
	return taken, nil
}

// Taken forgets overrides that are written down. It may be repeated.
func (k *Keeper) Taken(req slipway.TakenRequest) error {
	k.writing.Lock()
	defer k.writing.Unlock()
	if k.retired {
		return slipway.Errorf(slipway.CodeUnavailable, "overrides: another slipway-edge has taken over here: ask again")
	}
	left := slices.DeleteFunc(slices.Clone(k.overrides.kept), func(o slipway.Override) bool { return slices.Contains(req.IDs, o.ID) })
	if len(left) == len(k.overrides.kept) {
		return nil
	}
	if err := k.dir.Save(disk.State{Table: k.Table(), Overrides: left}); err != nil {
		return slipway.Errorf(slipway.CodeUnavailable, "overrides: that they are written down is not on the edge's disk: %w", err)
	}
	k.overrides.kept = left
	for _, id := range req.IDs {
		delete(k.overrides.lent, id)
	}
	return nil
}
