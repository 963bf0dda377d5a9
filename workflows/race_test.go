//go:build race

package workflows_test

// racing is whether the race detector runs: then everything takes eight times
// as long, and a sweep is to show what it does once.
const racing = true
