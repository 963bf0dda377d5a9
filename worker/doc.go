// Package worker wires drivers to activities and activities to task queues. It
// is the only place where they meet, and the only one that dials hosts, edges
// and registries: by name, from the fleet as it is at that moment.
package worker
