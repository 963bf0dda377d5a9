package docker

import "context"

// Ping asks for nothing but an answer. An engine that hangs takes the request
// and says nothing, so it lasts as long as ctx does.
func (e *Engine) Ping(ctx context.Context) error {
	_, err := e.client.Ping(ctx)
	return e.fail(ctx, "ping", err)
}
