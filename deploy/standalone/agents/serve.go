package agents

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"

	"go.temporal.io/api/proxy"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"slipway"
	"slipway/drivers/slipwayedge/mtls"
)

// Options say where agents come in and where they are led.
type Options struct {
	Listen    string      // address for agents
	TLS       slipway.TLS // certificate and key of this side, and the CA of agents'
	Temporal  string      // address of the embedded Temporal
	Namespace string      // the only one that agents may work in
	Log       *slog.Logger
}

// A Door is open for agents until it is closed.
type Door struct {
	server   *grpc.Server
	temporal *grpc.ClientConn
	listener net.Listener
}

// Open starts to listen.
func Open(o Options) (*Door, error) {
	config, err := mtls.Server(o.TLS, o.Log)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "--agents-tls-cert, --agents-tls-key, --agents-client-ca: %w", err)
	}
	listener, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeConflict, "cannot listen on %s for agents: %w; stop what listens there, or choose another address with --agents-listen", o.Listen, err)
	}
	temporal, err := grpc.NewClient(o.Temporal, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("lead agents to Temporal: %w", err)
	}
	service, err := proxy.NewWorkflowServiceProxyServer(proxy.WorkflowServiceProxyOptions{Client: workflowservice.NewWorkflowServiceClient(temporal)})
	if err != nil {
		listener.Close()
		return nil, fmt.Errorf("lead agents to Temporal: %w", err)
	}
	server := grpc.NewServer(grpc.Creds(credentials.NewTLS(speakingHTTP2(config))), grpc.UnaryInterceptor(newGate(o.Namespace).admit))
	workflowservice.RegisterWorkflowServiceServer(server, service)
	go func() { _ = server.Serve(listener) }() // it ends with Close
	return &Door{server: server, temporal: temporal, listener: listener}, nil
}

// Address is where agents come in.
func (d *Door) Address() string { return d.listener.Addr().String() }

// Close cuts off all agents.
func (d *Door) Close() error {
	d.server.Stop()
	return d.temporal.Close()
}

// speakingHTTP2 is the configuration with what gRPC asks of it, also where it
// is made anew for each connection.
func speakingHTTP2(config *tls.Config) *tls.Config {
	made := config.GetConfigForClient
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		current, err := made(hello)
		if err != nil {
			return nil, err
		}
		current = current.Clone()
		current.NextProtos = []string{"h2"}
		return current, nil
	}
	return config
}
