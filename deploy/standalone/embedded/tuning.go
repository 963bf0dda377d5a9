package embedded

import (
	"time"

	"go.temporal.io/server/common/dynamicconfig"
)

// tuning is where this server differs from Temporal's defaults, which are made
// for clusters with hundreds of shards and many tenants.
var tuning = dynamicconfig.StaticClient{
	// A shard's queues are read at most so often per second. The default of 20
	// puts 50 ms between two steps of a workflow when there are few shards.
	dynamicconfig.TransferProcessorMaxPollRPS.Key():   pollRPS,
	dynamicconfig.TimerProcessorMaxPollRPS.Key():      pollRPS,
	dynamicconfig.VisibilityProcessorMaxPollRPS.Key(): pollRPS,
	dynamicconfig.OutboundProcessorMaxPollRPS.Key():   pollRPS,

	// One process polls every queue: partitions would only be forwarded to one
	// another.
	dynamicconfig.MatchingNumTaskqueueReadPartitions.Key():  1,
	dynamicconfig.MatchingNumTaskqueueWritePartitions.Key(): 1,

	// A large project must not hold up a small one's tasks.
	dynamicconfig.MatchingEnableFairness.Key(): true,

	// The limits protect a shared database from its tenants. This one has a
	// single tenant and a file.
	dynamicconfig.FrontendPersistenceMaxQPS.Key():                    10_000,
	dynamicconfig.HistoryPersistenceMaxQPS.Key():                     45_000,
	dynamicconfig.MatchingPersistenceMaxQPS.Key():                    10_000,
	dynamicconfig.FrontendMaxNamespaceVisibilityRPSPerInstance.Key(): 200,

	// Everyone who releases a service at the same moment sends an update to the
	// same lane. The default of 10 turns the eleventh away.
	dynamicconfig.WorkflowExecutionMaxInFlightUpdates.Key(): 100,

	// A namespace and its search attributes are usable right after they are made.
	dynamicconfig.NamespaceCacheRefreshInterval.Key():           500 * time.Millisecond,
	dynamicconfig.ForceSearchAttributesCacheRefreshOnRead.Key(): true,
}

const pollRPS = 200
