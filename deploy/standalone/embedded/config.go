package embedded

import (
	"net"
	"strconv"
	"time"

	"go.temporal.io/server/common/cluster"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/common/primitives"
)

// historyShards is fixed for the life of a database, so it allows for one that
// grows; more of them cost idle work and gain nothing on one machine.
const historyShards = 4

// serverConfig is what a Temporal server otherwise reads from YAML: one cluster
// of one host, everything in one SQLite file, no archive.
func serverConfig(address, dataDir string) (*config.Config, error) {
	services, err := services(address)
	if err != nil {
		return nil, err
	}
	off := config.ArchivalNamespaceDefaults{
		History:    config.HistoryArchivalNamespaceDefaults{State: "disabled"},
		Visibility: config.VisibilityArchivalNamespaceDefaults{State: "disabled"},
	}
	return &config.Config{
		Global: config.Global{
			Membership: config.Membership{MaxJoinDuration: 30 * time.Second, BroadcastAddress: "127.0.0.1"},
		},
		Persistence: config.Persistence{
			DefaultStore:     sqlite.PluginName,
			VisibilityStore:  sqlite.PluginName,
			NumHistoryShards: historyShards,
			DataStores: map[string]config.DataStore{
				sqlite.PluginName: {SQL: sqlConfig(databaseFile(dataDir))},
			},
		},
		ClusterMetadata: &cluster.Config{
			FailoverVersionIncrement: 10,
			MasterClusterName:        "active",
			CurrentClusterName:       "active",
			ClusterInformation: map[string]cluster.ClusterInformation{
				"active": {Enabled: true, InitialFailoverVersion: 1, RPCAddress: address},
			},
		},
		DCRedirectionPolicy: config.DCRedirectionPolicy{Policy: "noop"},
		Services:            services,
		Archival: config.Archival{
			History:    config.HistoryArchival{State: "disabled"},
			Visibility: config.VisibilityArchival{State: "disabled"},
		},
		NamespaceDefaults: config.NamespaceDefaults{Archival: off},
		PublicClient:      config.PublicClient{HostPort: address},
	}, nil
}

// services gives the frontend its address and the rest, to which only the
// server itself connects, free ports of the loopback interface.
func services(address string) (map[string]config.Service, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.Atoi(portText)
	if err != nil {
		return nil, err
	}
	service := func(ip string, port int) config.Service {
		return config.Service{RPC: config.RPC{BindOnIP: ip, GRPCPort: port}}
	}
	return map[string]config.Service{
		string(primitives.FrontendService): service(host, port),
		string(primitives.HistoryService):  service("127.0.0.1", ports[0]),
		string(primitives.MatchingService): service("127.0.0.1", ports[1]),
		string(primitives.WorkerService):   service("127.0.0.1", ports[2]),
	}, nil
}
