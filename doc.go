// Package slipway is the vocabulary of Slipway, a release orchestrator for
// plain Docker hosts: services and what they ask of a host, the fleet they run
// on, releases and how they end, the routes of an edge, and the rules that
// hold between them.
//
// The package has no technology in it: it imports the standard library only,
// touches no clock, no network and no file, and everything in it may be used
// inside workflow code. Text becomes these types once, at the border (package
// spec for files, package api for HTTP), and nothing but these types crosses
// from one layer to the next:
//
//	service.yaml ─ spec ─▶ Service ─ api ─ starter ─▶ workflows ─▶ activities ─▶ drivers
//
// The types that end up in a workflow's history (Service, Plan, Release, Route
// and their parts) are a stored format. Fields may be added; a field is never
// renamed, reused or given another meaning.
package slipway
