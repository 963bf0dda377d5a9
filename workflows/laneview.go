package workflows

import (
	"fmt"
	"strings"

	"go.temporal.io/sdk/workflow"

	"slipway"
)

func (l *lane) status() slipway.ServiceStatus {
	s := slipway.ServiceStatus{ServiceID: l.service, Live: l.Live, Queue: []string{}, Good: l.Good, Lock: l.Lock, Behind: []slipway.Behind{}, Removal: l.Removal, Stuck: l.Stuck, Stop: l.stopped()}
	if l.Live != nil && len(l.Live.Behind) > 0 {
		s.Behind = l.Live.Behind
	}
	if s.Good == nil {
		s.Good = []slipway.Version{}
	}
	if l.Running != 0 {
		s.Running = l.id(l.Running).String()
	}
	if l.Held != 0 {
		s.Held = l.id(l.Held).String()
	}
	for _, q := range l.Queue {
		s.Queue = append(s.Queue, q.ID.String())
	}
	for _, j := range l.Joins {
		s.Joining = append(s.Joining, j.Host)
	}
	return s
}

func (l *lane) details(ctx workflow.Context) {
	s := l.status()
	text := "Nothing is live."
	if s.Removal != nil {
		text = "Nothing is live: it was " + s.Removal.String() + "."
	}
	if s.Live != nil {
		text = fmt.Sprintf("Live: `%s` (%s, `%s`).", s.Live.Release, s.Live.Tag, slipway.ShortDigest(s.Live.Digest))
	}
	if s.Held != "" {
		text += fmt.Sprintf(" `%s` holds its blue.", s.Held)
	}
	if s.Running != "" {
		text += fmt.Sprintf(" `%s` is on its way.", s.Running)
	}
	text += fmt.Sprintf(" %d in the queue.", len(s.Queue))
	for _, stuck := range s.Stuck {
		text += fmt.Sprintf("\n\n`%s` is **%s**.", stuck.Release, stuck)
	}
	if l.turn() && l.Place.Turn == PlaceWaits {
		text += "\n\nIt waits: " + l.Queue[0].Order.Quotas.Waits(l.service.Project) + "."
	}
	for _, b := range s.Behind {
		text += fmt.Sprintf("\n\n**%s** is behind: %s.", b, b.Error)
	}
	if s.Stop != nil {
		text += fmt.Sprintf("\n\n**Stopped**: %s.", strings.ReplaceAll(s.Stop.String(), "\n", " "))
	}
	for _, host := range s.Joining {
		text += fmt.Sprintf("\n\n**%s** joins when nothing is on its way or held.", host)
	}
	if s.Lock != nil {
		text += fmt.Sprintf("\n\n**Locked** by %s.\n\n> %s", s.Lock.By, strings.ReplaceAll(s.Lock.Reason, "\n", "\n> "))
	}
	workflow.SetCurrentDetails(ctx, text)
}
