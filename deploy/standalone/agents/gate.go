// Package agents is the door through which the agents of hosts reach the
// embedded Temporal, which itself listens on loopback only. Agents show a
// certificate whose common name is their host. The door opens for what the
// worker of one task queue needs, on the queue of that host, and for nothing
// else: whoever takes over a host can neither read other hosts' work, nor
// answer for them, nor start, signal or see a workflow.
package agents

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"

	"go.temporal.io/api/workflowservice/v1"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"slipway"
	"slipway/workflows"
)

// A gate decides what passes.
type gate struct {
	namespace string
	// key seals the tokens by which agents speak of a piece of work, so that each
	// can only speak of its own. It lives as long as the process: an agent whose
	// token is refused after a restart does the work again.
	key []byte
}

func newGate(namespace string) *gate {
	g := &gate{namespace: namespace, key: make([]byte, sha256.Size)}
	_, _ = rand.Read(g.key) // it never fails
	return g
}

// admit lets a call pass, or refuses it.
func (g *gate) admit(ctx context.Context, in any, call *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	host, err := caller(ctx)
	if err != nil {
		return nil, err
	}
	if asks, ok := in.(interface{ GetNamespace() string }); ok && asks.GetNamespace() != g.namespace {
		return nil, refused("host %s: an agent works in namespace %s", host, g.namespace)
	}
	switch in := in.(type) {
	case *workflowservice.GetSystemInfoRequest, *workflowservice.DescribeNamespaceRequest:
		return next(ctx, in)
	case *workflowservice.ShutdownWorkerRequest:
		return &workflowservice.ShutdownWorkerResponse{}, nil // it is about caches of workflows, and names queues
	case *workflowservice.RecordWorkerHeartbeatRequest:
		return &workflowservice.RecordWorkerHeartbeatResponse{}, nil // what a worker says of itself, which nobody reads here
	case *workflowservice.PollActivityTaskQueueRequest:
		if queue := in.GetTaskQueue().GetName(); queue != workflows.HostQueue(host) {
			return nil, refused("the certificate is that of host %s, which may not take work from %q", host, queue)
		}
		out, err := next(ctx, in)
		if task, ok := out.(*workflowservice.PollActivityTaskQueueResponse); ok && len(task.GetTaskToken()) > 0 {
			task.TaskToken = g.seal(host, task.GetTaskToken())
		}
		return out, err
	case *workflowservice.RecordActivityTaskHeartbeatRequest, *workflowservice.RespondActivityTaskCompletedRequest,
		*workflowservice.RespondActivityTaskFailedRequest, *workflowservice.RespondActivityTaskCanceledRequest:
		opened, err := g.opened(host, in.(proto.Message))
		if err != nil {
			return nil, err
		}
		return next(ctx, opened)
	}
	return nil, refused("host %s: %s is not for agents", host, call.FullMethod)
}

// opened is the message with the token that Temporal gave out, if it was given
// to that host.
func (g *gate) opened(host string, in proto.Message) (proto.Message, error) {
	out := proto.Clone(in).ProtoReflect()
	field := out.Descriptor().Fields().ByName("task_token")
	sealed := out.Get(field).Bytes()
	at := len(sealed) - sha256.Size
	if at < 0 || !hmac.Equal(sealed, g.seal(host, sealed[:at])) {
		return nil, status.Errorf(codes.NotFound, "host %s: this work was not given to it, or too long ago", host)
	}
	out.Set(field, protoreflect.ValueOfBytes(sealed[:at]))
	return out.Interface(), nil
}

// seal puts a proof behind the token that it was given to that host.
func (g *gate) seal(host string, token []byte) []byte {
	proof := hmac.New(sha256.New, g.key)
	proof.Write([]byte(host + "\x00"))
	proof.Write(token)
	return proof.Sum(append([]byte(nil), token...))
}

// caller is the host whose certificate the other side has shown. TLS has
// checked that it is one of the CA's.
func caller(ctx context.Context) (string, error) {
	from, _ := peer.FromContext(ctx)
	if from != nil {
		if info, ok := from.AuthInfo.(credentials.TLSInfo); ok && len(info.State.VerifiedChains) > 0 {
			if name := info.State.VerifiedChains[0][0].Subject.CommonName; slipway.ValidName(name) {
				return name, nil
			}
		}
	}
	return "", refused("the common name of an agent's certificate is the name of its host")
}

func refused(format string, args ...any) error {
	return status.Errorf(codes.PermissionDenied, format, args...)
}
