package slipway

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Preview is what a release would do, and what is worth knowing before it
// does.
type Preview struct {
	ServiceID
	Image       Image        `json:"image"`
	Live        string       `json:"live"` // the release that serves; empty: none does
	Steps       []Step       `json:"steps"`
	Differences []Difference `json:"differences"` // to what serves
	Warnings    []string     `json:"warnings"`
	Waits       *Wait        `json:"waits,omitempty"` // what would keep it from switching now; nil: nothing
}

// A Difference is something that the release changes. Of settings only the keys
// are shown, because values may be anybody's business.
type Difference struct {
	What string `json:"what"` // "image", "label NAME", or the key of a setting: "container.mem_limit"
	Live string `json:"live,omitempty"`
	Then string `json:"then,omitempty"`
}

// Differences compares what is asked for with blue, whose image may be nil
// where it is not known. Without blue everything is new, and nothing is listed.
func (o Outlook) Differences(live *Image) []Difference {
	differences := []Difference{}
	if o.Blue == nil {
		return differences
	}
	if o.Blue.Digest != o.Image.Digest {
		differences = append(differences, Difference{"image", o.Blue.Tag + " " + o.Blue.Digest, o.Order.Tag + " " + o.Image.Digest})
	}
	if live != nil {
		for _, name := range changed(live.Labels, o.Image.Labels) {
			differences = append(differences, Difference{"label " + name, live.Labels[name], o.Image.Labels[name]})
		}
	}
	before, after := keys(o.Blue.Service), keys(o.Order.Service)
	if a := o.Blue.Adopted; a != nil { // nobody knows how it was started
		differences = append(differences, Difference{"container", a.Container + ", started outside of Slipway", "as the service file says"})
		before = after
	}
	for _, key := range changed(before, after) {
		d := Difference{key, "given", "changed"}
		switch {
		case before[key] == "":
			d.Live, d.Then = "", "given"
		case after[key] == "":
			d.Then = ""
		}
		differences = append(differences, d)
	}
	names := func(hosts []PlanHost) string {
		var out []string
		for _, h := range hosts {
			out = append(out, h.Name)
		}
		return strings.Join(out, ", ")
	}
	if before, after := names(o.Blue.Plan.Hosts), names(o.Order.Plan.Hosts); before != after {
		differences = append(differences, Difference{"hosts it runs on", before, after})
	}
	return differences
}

// changed lists the keys whose values differ, in order.
func changed(a, b map[string]string) []string {
	all := maps.Clone(a)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, b)
	return slices.DeleteFunc(slices.Sorted(maps.Keys(all)), func(key string) bool { return a[key] == b[key] })
}

// keys are the settings of a service by key. An environment variable is one
// setting, whether its value is given or a secret.
func keys(s Service) map[string]string {
	text, err := json.Marshal(s)
	if err != nil { // a Service holds nothing that JSON cannot carry
		panic(err)
	}
	var tree map[string]any
	if err := json.Unmarshal(text, &tree); err != nil { // it was JSON a moment ago
		panic(err)
	}
	out := map[string]string{}
	flatten("", tree, out)
	return out
}

func flatten(prefix string, tree map[string]any, out map[string]string) {
	for key, value := range tree {
		if below, ok := value.(map[string]any); ok && prefix != "container.environment." {
			flatten(prefix+key+".", below, out)
			continue
		}
		out[prefix+key] = fmt.Sprint(value)
	}
}

// Warnings say what may surprise whoever releases. Facts are those of the
// plan's hosts, in their order.
func (o Outlook) Warnings(facts []HostFacts) []string {
	warnings := []string{}
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }
	svc, plan := o.Order.Service, o.Order.Plan
	if o.Blue != nil && o.Blue.Adopted != nil {
		if a := o.Blue.Adopted; a.Retire {
			warn("%s on %s was adopted with --retire: it is stopped and removed when this release has taken its place", a.Container, a.Host)
		} else {
			warn("%s on %s was adopted: it is left running when this release has taken its place, and gets no traffic any more", a.Container, a.Host)
		}
	}
	o.warnOfTakeover(warn)
	o.warnOfNoReturn(warn)
	o.warnOfGroups(warn)
	for _, v := range svc.Container.Volumes {
		if n := svc.PerHost(); n > 1 && !v.ReadOnly {
			warn("%d containers of each host write to the volume %s at the same time, and order: stop_first does not keep those apart", n, v.Source)
		}
	}
	if len(plan.Hosts) == 1 {
		warn("it runs on one host, %s: when that is away, so is the service", plan.Hosts[0].Name)
	}
	if svc.Healthcheck.AsksNothing() {
		warn("there is no health check: what has run for %s counts as ready, unless its image has a HEALTHCHECK; write healthcheck: {exec: [COMMAND]} or {tcp: PORT}", svc.Healthcheck.StartPeriod)
	}
	if svc.Healthcheck.Path == DefaultHealthPath {
		warn("the health check is the default, GET %s: any page there counts as ready; write healthcheck: {path: …}", DefaultHealthPath)
	}
	if svc.Strategy.BlueGreen.Hold == 0 {
		warn("hold is 0s: what serves now goes at once, and going back takes a new release")
	}
	for _, b := range o.Behind {
		if b.Cordoned {
			warn("%s is %s: it is left out until it is uncordoned", b, b.Error)
			continue
		}
		if b.Joins {
			warn("%s joins the service (%s)", b, b.Error)
			continue
		}
		if b.Unfit {
			warn("%s does not fit (%s): it is left out until it does", b, b.Error)
			continue
		}
		warn("%s does not answer (%s): it is left out until it does", b, b.Error)
	}
	if svc.Strategy.BlueGreen.SpareEdges(len(plan.Edges)) > 0 {
		warn("edges that do not answer are left out: until they are caught up they may send people to the version before")
	}
	for _, e := range plan.Edges {
		if len(e.Hosts) == 1 && len(plan.Hosts) > 1 && !plan.detour(e) && svc.Strategy.BlueGreen.SpareHosts(len(plan.Hosts)) > 0 {
			warn("while %s does not answer, edge %s has nowhere to send requests: give the other hosts a range of ports, ports: 20000-20999", e.Hosts[0], e.Name)
		}
	}
	for _, f := range o.Preflight(facts) {
		if f.Severity != Quarantine {
			warn("%s", f)
		}
	}
	for i, f := range facts {
		if f.Platform != "" && !f.LiveRestore { // without a platform, the host did not answer
			warn("Docker on %s runs without live-restore: containers stop when it restarts; set \"live-restore\": true in its daemon.json", plan.Hosts[i].Name)
		}
	}
	return warnings
}

// detour reports whether an edge could send its traffic to hosts that are not
// its own.
func (p Plan) detour(e PlanEdge) bool {
	return slices.ContainsFunc(p.Hosts, func(h PlanHost) bool { return h.Publish && !slices.Contains(e.Hosts, h.Name) })
}

// warnOfTakeover says what the order in which versions start and stop means.
func (o Outlook) warnOfTakeover(warn func(string, ...any)) {
	svc := o.Order.Service
	if o.Stops() {
		warn("%s is stopped to take over, and started again to go back: while the Docker Engine of a host hangs, neither is possible", o.Blue.Release)
	}
	switch first := svc.Strategy.BlueGreen.StopFirst; {
	case o.Blue == nil:
	case first:
		text := fmt.Sprintf("nothing serves from when %s is stopped until this is proven: at most %s (stop_grace_period and deploy_timeout)",
			o.Blue.Release, o.Blue.Service.Container.StopGracePeriod+svc.Strategy.BlueGreen.DeployTimeout)
		if o.Blue.Gap > 0 {
			text += fmt.Sprintf("; when %s took over it was %s", o.Blue.Release, o.Blue.Gap)
		}
		if svc.Route != nil {
			text += "; the edges answer 502 meanwhile"
		}
		warn("%s; going back takes as long", text)
	default:
		if svc.Route == nil {
			warn("both versions run for a moment: what they consume may be handled by either; strategy: {blue_green: {order: stop_first}} keeps them apart")
		}
		for _, v := range svc.Container.Volumes {
			both := func(w Volume) bool { return w.Source == v.Source && !w.ReadOnly }
			if !v.ReadOnly && slices.ContainsFunc(o.Blue.Service.Container.Volumes, both) {
				warn("both versions write to the volume %s while they run side by side; strategy: {blue_green: {order: stop_first}} keeps them apart", v.Source)
			}
		}
	}
}

// warnOfNoReturn says what a failure means once pre_deploy has begun.
func (o Outlook) warnOfNoReturn(warn func(string, ...any)) {
	if !o.PreDeploys() || !o.Order.Service.PreDeploy.PointOfNoReturn {
		return
	}
	text := "pre_deploy is a point of no return: what fails once it has begun is not undone, but held as it is until somebody says slipway accept, or slipway abort"
	if o.Stops() && o.Order.Service.Strategy.BlueGreen.StopFirst {
		text += "; " + o.Blue.Release + " is stopped by then, so nothing may serve so long"
	}
	warn("%s", text)
}

// warnOfGroups says what a failure means where not all groups go back.
func (o Outlook) warnOfGroups(warn func(string, ...any)) {
	if last := len(o.Groups()) - 1; o.GoesBackAlone(last) {
		warn("a group after the first that fails goes back alone (on_failure: group): the groups before it keep the new version, and both serve until somebody says slipway accept, or slipway abort")
	}
}

// Unfit is why a host cannot take so many containers of the plan; nil if it can.
// The error has CodeInvalid for a host of another kind, CodeTooMany for a full
// one.
func (p Plan) Unfit(h PlanHost, facts HostFacts, containers int) error {
	if facts.Platform != p.Platform {
		return Errorf(CodeInvalid, "host %s is %s, but the release is for %s", h.Name, facts.Platform, p.Platform)
	}
	if !h.Publish {
		return nil
	}
	taken := 0
	for _, port := range facts.Ports {
		if port >= h.Ports.First && port <= h.Ports.Last {
			taken++
		}
	}
	if left := h.Ports.Last - h.Ports.First + 1 - taken; left > 0 && left < containers {
		return Errorf(CodeTooMany, "host %s: %d of the ports %d-%d are left, but replicas wants %d: remove some containers, or give the host more ports", h.Name, left, h.Ports.First, h.Ports.Last, containers)
	} else if left <= 0 {
		return Errorf(CodeTooMany, "host %s: every port of %d-%d is taken by a container: remove some, or give the host more ports", h.Name, h.Ports.First, h.Ports.Last)
	}
	return nil
}
