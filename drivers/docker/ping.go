package docker

import "context"

// Ping asks for nothing but an answer. An engine that hangs takes the request
// and says nothing, so it lasts as long as ctx does. What is asked for is the
// version, which dockerd does not know without its containerd: while that hangs,
// dockerd answers what is called a ping, and starts and stops nothing.
func (e *Engine) Ping(ctx context.Context) error {
	_, err := e.client.ServerVersion(ctx)
	return e.fail(ctx, "ping", err)
}
