package e2e

import (
	"time"

	"slipway"
)

// A shape is a kind of release that things are killed in.
type shape struct {
	name    string
	more    string   // of the service file
	env     []string // of the image
	outcome slipway.Outcome
	person  person // what somebody does meanwhile
	points  []point
}

// A person does something when a release has come so far.
type person struct {
	when slipway.Phase
	who  string
	args func(c cellRun) []string
}

// around is before, and after, each of these activities as the history has it.
func around(activities ...string) []point {
	var points []point
	for _, a := range activities {
		points = append(points, said(a+" scheduled"), said(a+" completed"))
	}
	return points
}

// onWires is during each of these requests: before and after its effect.
func onWires(wires ...wire) []point {
	var points []point
	for _, w := range wires {
		points = append(points, unsent(w), unanswered(w))
	}
	return points
}

func all(groups ...[]point) []point {
	var points []point
	for _, g := range groups {
		points = append(points, g...)
	}
	return points
}

var (
	takingOver = shape{
		name: "goes live, hold 0", more: "strategy: {blue_green: {hold: 0s, drain_timeout: 2s}}\n", env: []string{"READY_MS=100"}, outcome: slipway.Live,
		points: all(
			around("VerifyImage", "HostFacts", "ReadRoute", "ReplicateImage", "PullImage", "StartGreen", "ProbeGreen",
				"StageTarget", "CommitTarget", "DrainTarget", "UnstageTarget", "RemoveContainer"),
			onWires(
				toRegistry("resolve the tag", source, "GET", "/manifests/"),
				toDocker("look at the host", "GET", "/info"),
				toEdge("read"),
				toRegistry("copy the manifest", production, "PUT", "/manifests/"),
				toDocker("pull", "POST", "/images/create"),
				toDocker("create green", "POST", "/containers/create"),
				toDocker("start green", "POST", "/start"),
				toEdge("stage"), toEdge("commit"), toEdge("drain"), toEdge("unstage"),
				toDocker("stop blue", "POST", "/stop"),
				toDocker("remove blue", "DELETE", ""),
			),
			[]point{
				unsent(toDocker("await green's exit", "POST", "/wait")), // while it is proven
				said("workflow started"), said("report sent"),
				laneSaid("update accepted"), laneSaid("child initiated"), laneSaid("child started"), laneSaid("signal reported"),
			},
		),
	}
	goingBack = shape{
		name: "held, then rolled back", more: "strategy: {blue_green: {hold: 10m, drain_timeout: 2s}}\n", outcome: slipway.RolledBack,
		person: person{slipway.Holding, "ann", func(c cellRun) []string {
			return []string{"rollback", "search/" + c.service, "--reason", "users see errors"}
		}},
		points: all(
			[]point{
				said("WatchHost scheduled"), said("WatchEdge scheduled"), said("wait begun"),
				said("signal rollback"), said("wait broken off"), said("WatchHost cancelled"),
			},
			around("RestoreTarget", "DrainTarget", "UnstageTarget", "RemoveContainer"),
			onWires(toEdge("restore"), toEdge("unstage"), toDocker("stop green", "POST", "/stop")),
		),
	}
	holding = shape{
		name: "held until the time is up", more: "strategy: {blue_green: {hold: 1s, drain_timeout: 2s}}\n", outcome: slipway.Live,
		points: []point{said("wait begun"), later("wait begun", 300*time.Millisecond), later("wait begun", 900*time.Millisecond), said("wait over"), said("DrainTarget scheduled")},
	}
	undoing = shape{
		name: "never ready, undone", more: "strategy: {blue_green: {deploy_timeout: 1s}}\n", env: []string{"READY_MS=never"}, outcome: slipway.RolledBack,
		points: all(
			[]point{later("ProbeGreen scheduled", 500*time.Millisecond), said("ProbeGreen failed")},
			around("KeepEvidence", "RemoveContainer"),
			onWires(toDocker("read green's log", "GET", "/logs"), toDocker("remove green", "DELETE", "")),
		),
	}
	waiting = shape{
		name: "waits at a gate, approved", outcome: slipway.Live,
		more: "strategy: {blue_green: {hold: 0s, drain_timeout: 2s}}\ngates: [{name: go, approvers: {role: approver}}]\n",
		person: person{slipway.AwaitingApproval, "bob", func(c cellRun) []string {
			return []string{"approve", c.id, "--gate", "go"}
		}},
		points: []point{said("wait begun"), later("wait begun", 50*time.Millisecond), said("update accepted"), said("wait broken off")},
	}
	// switching is where the edge is killed: every step of its protocol.
	switching = shape{
		name: takingOver.name, more: takingOver.more, outcome: slipway.Live,
		points: onWires(toEdge("read"), toEdge("stage"), toEdge("commit"), toEdge("drain"), toEdge("unstage")),
	}
	restoring = shape{
		name: goingBack.name, more: goingBack.more, outcome: slipway.RolledBack, person: goingBack.person,
		points: onWires(toEdge("restore"), toEdge("unstage")),
	}
	// anything is where all is stopped at once.
	anything = shape{
		name: takingOver.name, more: takingOver.more, outcome: slipway.Live,
		points: []point{
			said("VerifyImage scheduled"), unanswered(toDocker("pull", "POST", "/images/create")), unanswered(toDocker("create green", "POST", "/containers/create")),
			said("ProbeGreen scheduled"), unsent(toEdge("commit")), unanswered(toEdge("commit")), unanswered(toDocker("stop blue", "POST", "/stop")),
		},
	}
)
