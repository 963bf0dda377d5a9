package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"
)

// await asks the engine until it answers 200 with a body that is good.
func (e *Engine) await(ctx context.Context, path string, good func(body []byte) bool) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for {
		body, err := e.request(ctx, http.MethodGet, path)
		if err == nil && good(body) {
			return nil
		}
		if err == nil {
			err = errors.New("it does not say yet what it should")
		}
		select {
		case <-e.daemon.ended:
			return fmt.Errorf("dockerd ended; the end of its log: %s", e.logEnd())
		case <-ctx.Done():
			return fmt.Errorf("ask dockerd for %s: %w; the end of its log: %s", path, err, e.logEnd())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func (e *Engine) request(ctx context.Context, method, path string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, method, "http://docker"+path, nil)
	if err != nil {
		return nil, err
	}
	resp, err := e.api.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= 300 {
		return nil, errors.New(resp.Status)
	}
	return io.ReadAll(resp.Body)
}

// logEnd is the last 2 kB of what dockerd wrote.
func (e *Engine) logEnd() string {
	text, err := os.ReadFile(e.Log())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2048):])
}
