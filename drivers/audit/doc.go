// Package audit keeps the audit log on disk: lines of JSON that are appended,
// never changed, and each bound to the one before by its hash.
//
// A directory holds chains, each a directory of its own with files that are
// named by the first number in them. One process writes to a chain at a time;
// after a restart it goes on with the same one. A line is
//
//	{"chain":…,"seq":…,"time":…,"prev":…,…,"hash":…}
//
// where hash is the SHA-256 of the line's text before the comma in front of it,
// and prev the hash of the line before, across files. So a line that was changed,
// removed, inserted or moved is found by [Verify]; a cut end is found by
// comparing with a head that was kept elsewhere.
package audit
