// Package disk keeps an edge's table on disk, so that what was acknowledged
// survives kill -9, power loss, and a damaged file.
//
// The table is written whole, twice: into table.json and table.copy.json, each
// with a checksum and both with the same sequence number. A write that was cut
// short leaves at least one of them whole, and damage to either leaves the
// other, which holds the last acknowledged table and not the one before it: an
// old table could route to containers that are gone.
package disk
