package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/probe"
)

func TestProbeTakesAny2xxForWell(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 204, 299} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		if err := probe.New().Probe(t.Context(), server.URL, time.Second); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		server.Close()
	}
}

func TestProbeSaysWhatCameBack(t *testing.T) {
	t.Parallel()
	hung := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/warming", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "index is\nloading", http.StatusServiceUnavailable)
	})
	mux.HandleFunc("/moved", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/ok", http.StatusFound) })
	mux.HandleFunc("/ok", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/hung", func(http.ResponseWriter, *http.Request) { <-hung })
	mux.HandleFunc("/cut", func(_ http.ResponseWriter, _ *http.Request) { panic(http.ErrAbortHandler) })
	mux.HandleFunc("/endless", func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(500)
		for {
			if _, err := fmt.Fprint(w, strings.Repeat("x", 1024)); err != nil {
				return
			}
		}
	})
	server := httptest.NewServer(mux)
	defer server.Close()
	defer close(hung)
	for path, want := range map[string]string{
		"/warming": "it answered 503 Service Unavailable: index is loading",
		"/moved":   "it answered 302 Found to /ok, which is not followed",
		"/hung":    "no answer within 100ms",
		"/cut":     "EOF",
		"/endless": "it answered 500 Internal Server Error: xxx",
	} {
		err := probe.New().Probe(t.Context(), server.URL+path, 100*time.Millisecond)
		if slipway.ErrorCode(err) != slipway.CodeUnavailable || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got code %q: %v; want %q in it", path, slipway.ErrorCode(err), err, want)
		}
		if err != nil && len(err.Error()) > 512 {
			t.Errorf("%s: the error is %d bytes long", path, len(err.Error()))
		}
	}
}

func TestProbeSaysThatNobodyListens(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	listener.Close()
	if err := probe.New().Probe(t.Context(), url, time.Second); err == nil || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("got %v", err)
	}
}

func TestProbeConnectsAnewEachTime(t *testing.T) {
	connections := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { connections[r.RemoteAddr] = true }))
	defer server.Close()
	p := probe.New()
	for range 3 {
		if err := p.Probe(t.Context(), server.URL, time.Second); err != nil {
			t.Fatal(err)
		}
	}
	if len(connections) != 3 {
		t.Errorf("3 probes used %d connections", len(connections))
	}
}

func TestProbeEndsWithItsContext(t *testing.T) {
	hung := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hung }))
	defer server.Close()
	defer close(hung)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if err := probe.New().Probe(ctx, server.URL, time.Minute); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want the context's error", err)
	}
}
