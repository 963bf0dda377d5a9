package agents_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"slipway"
	"slipway/deploy/standalone/agents"
	"slipway/drivers/slipwayedge/mtls/mtlstest"
)

// temporal stands in for the embedded one: it has one piece of work for
// everybody, and remembers which is done.
type temporal struct {
	workflowservice.UnimplementedWorkflowServiceServer
	done chan string
}

func (t *temporal) PollActivityTaskQueue(_ context.Context, in *workflowservice.PollActivityTaskQueueRequest) (*workflowservice.PollActivityTaskQueueResponse, error) {
	return &workflowservice.PollActivityTaskQueueResponse{TaskToken: []byte("work of " + in.GetTaskQueue().GetName())}, nil
}

func (t *temporal) RespondActivityTaskCompleted(_ context.Context, in *workflowservice.RespondActivityTaskCompletedRequest) (*workflowservice.RespondActivityTaskCompletedResponse, error) {
	t.done <- string(in.GetTaskToken())
	return &workflowservice.RespondActivityTaskCompletedResponse{}, nil
}

// A street is a door with Temporal behind it, and a CA that it trusts.
type street struct {
	t         *testing.T
	address   string
	authority *mtlstest.Authority
	done      chan string
}

func newStreet(t *testing.T) street {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := street{t: t, authority: mtlstest.NewAuthority(t), done: make(chan string, 1)}
	behind := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(behind, &temporal{done: s.done})
	go func() { _ = behind.Serve(listener) }()
	t.Cleanup(behind.Stop)
	door, err := agents.Open(agents.Options{
		Listen: "127.0.0.1:0", TLS: s.authority.Issue("door", time.Now().Add(time.Hour)), Temporal: listener.Addr().String(), Namespace: "slipway",
		Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = door.Close() })
	s.address = door.Address()
	return s
}

// as is a client with the certificate of that name.
func (s street) as(name string, authority *mtlstest.Authority) workflowservice.WorkflowServiceClient {
	s.t.Helper()
	files := authority.Issue(name, time.Now().Add(time.Hour))
	pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
	if err != nil {
		s.t.Fatal(err)
	}
	ca, err := os.ReadFile(s.authority.File)
	if err != nil {
		s.t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	conn, err := grpc.NewClient(s.address, grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, Certificates: []tls.Certificate{pair}, RootCAs: roots,
	})))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	return workflowservice.NewWorkflowServiceClient(conn)
}

func poll(t *testing.T, c workflowservice.WorkflowServiceClient, namespace, queue string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	task, err := c.PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{Namespace: namespace, TaskQueue: &taskqueue.TaskQueue{Name: queue}})
	return task.GetTaskToken(), err
}

func TestAnAgentDoesTheWorkOfItsHost(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	h1 := s.as("h1", s.authority)
	token, err := poll(t, h1, "slipway", "host/h1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h1.RespondActivityTaskCompleted(t.Context(), &workflowservice.RespondActivityTaskCompletedRequest{Namespace: "slipway", TaskToken: token}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("work of host/h1", <-s.done); diff != "" {
		t.Errorf("Temporal hears of other work (-want +got):\n%s", diff)
	}
}

func TestAnAgentDoesNothingElse(t *testing.T) {
	t.Parallel()
	s := newStreet(t)
	h1, h2 := s.as("h1", s.authority), s.as("h2", s.authority)
	others, err := poll(t, h2, "slipway", "host/h2")
	if err != nil {
		t.Fatal(err)
	}
	done := func(token []byte) error {
		_, err := h1.RespondActivityTaskCompleted(t.Context(), &workflowservice.RespondActivityTaskCompletedRequest{Namespace: "slipway", TaskToken: token})
		return err
	}
	for name, refused := range map[string]struct {
		err  error
		want codes.Code
	}{
		"another host's work":    {second(poll(t, h1, "slipway", "host/h2")), codes.PermissionDenied},
		"the central work":       {second(poll(t, h1, "slipway", "slipway")), codes.PermissionDenied},
		"another namespace":      {second(poll(t, h1, "temporal-system", "host/h1")), codes.PermissionDenied},
		"an answer for another":  {done(others), codes.NotFound},
		"an answer made up":      {done([]byte("work of host/h1")), codes.NotFound},
		"to start a workflow":    {second(h1.StartWorkflowExecution(t.Context(), &workflowservice.StartWorkflowExecutionRequest{Namespace: "slipway"})), codes.PermissionDenied},
		"to signal one":          {second(h1.SignalWorkflowExecution(t.Context(), &workflowservice.SignalWorkflowExecutionRequest{Namespace: "slipway"})), codes.PermissionDenied},
		"to read a history":      {second(h1.GetWorkflowExecutionHistory(t.Context(), &workflowservice.GetWorkflowExecutionHistoryRequest{Namespace: "slipway"})), codes.PermissionDenied},
		"a name that is no host": {second(poll(t, s.as("No Host", s.authority), "slipway", "host/No Host")), codes.PermissionDenied},
		"another CA":             {second(poll(t, s.as("h1", mtlstest.NewAuthority(t)), "slipway", "host/h1")), codes.Unavailable},
	} {
		if got := status.Code(refused.err); got != refused.want {
			t.Errorf("%s: got %v, want %s", name, refused.err, refused.want)
		}
	}
	select {
	case token := <-s.done:
		t.Errorf("Temporal was told that %q is done", token)
	default:
	}
}

func TestADoorNeedsGoodFiles(t *testing.T) {
	t.Parallel()
	if _, err := agents.Open(agents.Options{Listen: "127.0.0.1:0", TLS: slipway.TLS{CA: "/no/ca.pem", Cert: "/no/cert.pem", Key: "/no/key.pem"}}); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Errorf("got %v, want invalid", err)
	}
}

func second[T any](_ T, err error) error { return err }
