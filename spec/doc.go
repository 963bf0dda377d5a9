// Package spec reads the two files that people write: service.yaml, by
// developers, and fleet.yaml, by operators. It is the border where text becomes
// the types of package slipway, once, with every default filled in.
//
// Reading is strict. An unknown key is an error, since a typo in a limit or in
// a gate must not pass for its absence; so is a key given twice. Keys that begin
// with "x-" are ignored, and anchors, aliases and merge keys work, because
// people paste from Compose files. Nothing is interpolated: "${X}" is those
// four characters.
//
// All problems of a file are reported at once, each with its line, its field,
// what was found and what would be right:
//
//	service.yaml:7: container.enviroment: unknown key; did you mean environment?
//
// The tables of keys (serviceKeys, containerKeys, fleetKeys and so on) are the
// reference of what is accepted; docs/files.md is checked against them.
package spec
