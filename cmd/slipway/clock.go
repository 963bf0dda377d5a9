package main

import (
	"fmt"
	"time"
)

// clock is a time as people here read it.
func clock(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.Local().Format("2006-01-02 15:04:05")
}

// clockOf is clock for what may not have happened yet.
func clockOf(t *time.Time) string {
	if t == nil {
		return "-"
	}
	return clock(*t)
}

// seconds is a duration with as many digits as tell people something.
func seconds(d time.Duration) string {
	switch {
	case d < 0:
		return "0 s" // two clocks that differ
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	default:
		return d.Round(time.Second).String()
	}
}
