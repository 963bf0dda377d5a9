package api

import (
	"time"

	"slipway"
)

// calendar is all windows and freezes that concern releases of a service as it
// is planned.
func (s *server) calendar(svc slipway.Service, plan slipway.Plan) slipway.Calendar {
	hosts := make([]string, len(plan.Hosts))
	for i, h := range plan.Hosts {
		hosts[i] = h.Name
	}
	return s.Fleet().Calendar(svc.ServiceID, svc.Windows, svc.Freezes, hosts)
}

// shut is what would keep an order from switching now; nil: nothing.
func (s *server) shut(order slipway.Order) *slipway.Wait {
	return s.calendar(order.Service, order.Plan).Shut(s.Now())
}

// tooLong refuses an order that would wait for a window beyond its time.
func (s *server) tooLong(order slipway.Order) error {
	wait := s.shut(order)
	switch {
	case wait == nil || wait.Until != nil && wait.Until.Sub(s.Now()) <= slipway.WindowPatience:
		return nil
	case wait.Until == nil:
		return slipway.Errorf(slipway.CodeConflict, "%s may not switch now (%s), and nobody knows until when: release it when that is over; two people break the glass, beginning with slipway release --break-glass --reason TEXT", order.Service.ServiceID, wait.Reason)
	}
	return slipway.Errorf(slipway.CodeConflict, "%s may not switch before %s (%s), which is more than %d days from now: release it then; two people break the glass, beginning with slipway release --break-glass --reason TEXT",
		order.Service.ServiceID, wait.Until.UTC().Format("2006-01-02 15:04 UTC"), wait.Reason, slipway.WindowPatience/(24*time.Hour))
}

// shutFor is what would keep the next release of a service from switching now,
// as far as what is live tells.
func (s *server) shutFor(status slipway.ServiceStatus) *slipway.Wait {
	if status.Live == nil {
		return nil
	}
	return s.calendar(status.Live.Service, status.Live.Plan).Shut(s.Now())
}
