// Package client speaks Slipway's HTTP API for the command line.
//
// Its errors are slipway errors with the code that the server gave, or
// CodeUnavailable when the server did not answer. Problems of a service file
// come back as spec.Errors, so that they read the same wherever they were
// found.
//
// Everything that changes something carries an idempotency key and is sent
// again while the server does not answer: a server that restarts in the middle
// does the work once, and the caller learns of it.
package client
