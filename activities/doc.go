// Package activities holds the side effects of a release, one idempotent
// activity each. Host is what happens on one Docker host and all that an agent
// registers; Central is the rest: registries, edges, and what is looked up.
//
// An activity may run twice, or have run without its answer arriving: each
// says in its comment why that does no harm. Errors are classified here, once:
// see Failure. The package declares the small interfaces it needs; package
// worker puts drivers behind them.
package activities
