package slipway

import "fmt"

// The words for each step, which plans and histories share.

// DoesResolve finds out which digest a tag is.
func DoesResolve(o Order) string { return "resolve " + o.Service.Image + ":" + o.Tag }

// DoesAsk asks an edge for its route.
func DoesAsk(edge string) string { return "ask " + edge + " what it serves" }

// DoesNote writes the end of a release into the audit log. Plans leave it out:
// it is done to nobody.
const DoesNote = "write down how it ended"

// DoesLook asks a host whether it is fit.
func DoesLook(host string) string { return "look at " + host }

// DoesCopy brings an image to where hosts pull from.
func DoesCopy(image Image, plan Plan) string {
	return fmt.Sprintf("copy %s from %s to %s", ShortDigest(image.Digest), plan.Source, plan.Production)
}

// DoesPull brings an image to a host.
func DoesPull(host string) string { return "pull on " + host }

// DoesTryOut starts green up to its first instruction.
func DoesTryOut(host string) string { return "try green out on " + host }

// DoesPreDeploy runs what is to run once before green starts.
func DoesPreDeploy(host string) string { return "run pre_deploy on " + host }

// DoesClear removes the container that ran it.
func DoesClear(host string) string { return "remove what ran on " + host }

// DoesStart starts green.
func DoesStart(host string, replica int) string {
	return "start " + nth("green", replica) + " on " + host
}

// DoesProve probes green until it is ready.
func DoesProve(host string, replica int) string {
	return "prove " + nth("green", replica) + " on " + host
}

// nth is one of several containers, as their names tell them apart.
func nth(what string, replica int) string {
	if replica == 0 {
		return what
	}
	return fmt.Sprintf("%s.%d", what, replica)
}

// DoesDelay lets a host be, on which green is proven, before the next one begins.
func DoesDelay(delay Duration) string { return fmt.Sprintf("wait %s before the next host", delay) }

// DoesGate waits for people.
func DoesGate(g Gate) string { return "gate " + g.Name + " expires" }

// DoesRemind reminds them.
func DoesRemind(g Gate) string { return "remind of gate " + g.Name }

// DoesStage lets an edge know of green.
func DoesStage(edge string) string { return "stage green on " + edge }

// DoesCommit switches.
func DoesCommit(edge string) string { return "point " + edge + " at green" }

// DoesWatchGroup waits whether green is well where it serves, before it comes to
// more hosts. Groups are counted from 1.
func DoesWatchGroup(group int, watch Duration) string {
	return fmt.Sprintf("watch group %d for %s", group, watch)
}

// DoesStop stops a container, which stays to be started again.
func DoesStop(container, host string) string { return "stop " + container + " on " + host }

// DoesRevive starts a container again that was stopped.
func DoesRevive(container, host string) string { return "start " + container + " again on " + host }

// DoesHold keeps blue, so that going back is quick.
func DoesHold(blue string, hold Duration) string { return fmt.Sprintf("hold %s for %s", blue, hold) }

// DoesWatch looks after a host or an edge while blue is held.
func DoesWatch(name string) string { return "watch " + name }

// DoesWatchReplica looks after one of the containers of a host.
func DoesWatchReplica(host string, replica int) string {
	if replica == 0 {
		return DoesWatch(host)
	}
	return fmt.Sprintf("watch replica %d on %s", replica, host)
}

// DoesDrain waits until no request is under way to a release.
func DoesDrain(release, edge string) string { return "drain " + release + " on " + edge }

// DoesForget takes a release out of an edge's table.
func DoesForget(release, edge string) string { return "forget " + release + " on " + edge }

// DoesFind looks at a container that is to be adopted.
func DoesFind(container, host string) string { return "look at " + container + " on " + host }

// DoesProveAt probes a container that is to be adopted.
func DoesProveAt(address, host string) string { return "prove " + address + " on " + host }

// DoesWithdraw ends what an edge sends to a service.
func DoesWithdraw(service ServiceID, edge string) string {
	return "point " + edge + " at nothing for " + service.String()
}

// DoesRemoveRoute takes a service out of an edge's table.
func DoesRemoveRoute(service ServiceID, edge string) string {
	return "remove the route of " + service.String() + " from " + edge
}

// DoesRemove takes a container away.
func DoesRemove(container, host string) string { return "remove " + container + " from " + host }
