package main

import (
	"fmt"
	"io"
	"time"

	"slipway"
)

// progressEvery is how often a log hears how far a pull has come.
const progressEvery = 10 * time.Second

// lines shows a release in a log: one line for each change.
type lines struct {
	out      io.Writer
	said     map[string]string // about what → the last line
	progress time.Time         // when it was last said
}

func (l *lines) show(release slipway.Release) {
	if l.said == nil {
		l.said = map[string]string{}
		l.progress = time.Now()
	}
	stands := string(release.Phase)
	if release.Stuck != nil {
		stands += ": " + indent(release.Reason)
	}
	l.say(release.ID, "", stands)
	for _, h := range release.Hosts {
		text := string(h.Phase)
		if h.Error != "" {
			text += ": " + indent(h.Error)
		}
		l.say(release.ID, "host "+h.Name, text)
	}
	for _, e := range release.Edges {
		if e.Active != "" {
			l.say(release.ID, "edge "+e.Name, "serves "+e.Active)
		}
	}
	switch {
	case release.Waits != nil:
		l.say(release.ID, "waits:", release.Waits.String())
	case l.said["waits:"] != "":
		l.say(release.ID, "waits:", "no more")
	}
	for _, g := range release.Gates {
		l.say(release.ID, "gate "+g.Name, gateText(g))
	}
	l.showProgress(release)
}

func (l *lines) say(id, about, text string) {
	if l.said[about] == text {
		return
	}
	l.said[about] = text
	if about != "" {
		text = about + " " + text
	}
	fmt.Fprintln(l.out, printable(id+": "+text))
}

func (l *lines) showProgress(release slipway.Release) {
	if time.Since(l.progress) < progressEvery {
		return
	}
	l.progress = time.Now()
	if release.Progress != "" {
		l.say(release.ID, "under way:", release.Progress)
	}
	for _, h := range release.Hosts {
		if h.Progress != "" {
			l.say(release.ID, "pull on "+h.Name, h.Progress)
		}
	}
}

func (l *lines) close() {}
