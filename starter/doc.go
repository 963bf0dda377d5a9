// Package starter is the typed client of the workflows: it submits releases,
// passes decisions on, and reads how things stand. Everything it takes and
// returns are types of package slipway, and its errors are slipway errors, so
// that nobody behind it needs to know Temporal.
//
// Errors have CodeUnavailable when Temporal, or a worker, does not answer in
// time. A request may then still be carried out later; sending it again with
// the same idempotency key is always safe.
package starter
