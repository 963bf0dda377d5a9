package client

import (
	"context"
	"net/http"
	"time"

	"slipway"
)

// A Look asks how hosts are: those of a service, or all; or one of them.
type Look struct {
	ServiceFile string `json:"service_file,omitempty"`
	Tag         string `json:"tag,omitempty"`
	Host        string `json:"host,omitempty"`
}

// Preflight says how hosts are. It waits longer than for other answers, because
// the server asks them first.
func (c *Client) Preflight(ctx context.Context, look Look) (slipway.PreflightReport, error) {
	var report slipway.PreflightReport
	err := c.call(ctx, request{method: http.MethodPost, path: "/preflight", body: look, longer: 20 * time.Second}, &report)
	return report, err
}
