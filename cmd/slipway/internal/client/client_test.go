package client

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/spec"
)

var id = slipway.ReleaseID{ServiceID: slipway.ServiceID{Project: "search", Service: "query-api"}, Number: 2}

func serve(t *testing.T, handler http.HandlerFunc) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	c, err := New(Options{URL: server.URL, Token: "secret", Patience: Patience{Quiet: 50 * time.Millisecond, Retry: time.Millisecond}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestServerURLHasOneForm(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"http://127.0.0.1:8400":       "http://127.0.0.1:8400",
		"HTTP://Slipway.example.com/": "http://slipway.example.com",
		"https://example.com/slipway": "https://example.com/slipway",
		"127.0.0.1:8400":              "",
		"unix:///run/slipway.sock":    "",
		"https://ann:pw@example.com":  "",
		"https://example.com/?a=b":    "",
	} {
		got, err := ServerURL(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("ServerURL(%q) = %q, %v; want %q", in, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("the error shows the password: %v", err)
		}
	}
}

func TestAnswersThatAreNotSlipwaysAreNotTakenForIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		want   slipway.Code
	}{
		"a page in its place":    {200, "<html>", slipway.CodeInternal},
		"another API":            {200, `{"id": 7}`, slipway.CodeInternal},
		"another release":        {200, `{"id": "search.query-api.3"}`, slipway.CodeInternal},
		"a redirect":             {302, "", slipway.CodeInternal},
		"a proxy that asks who":  {401, "<html>", slipway.CodeUnauthenticated},
		"a proxy that refuses":   {403, "", slipway.CodeForbidden},
		"a proxy on its own":     {502, "<html>", slipway.CodeUnavailable},
		"a proxy out of time":    {504, "", slipway.CodeUnavailable},
		"a page that is not":     {404, "404 page not found", slipway.CodeInternal},
		"a problem of another's": {500, `{"title": "oops"}`, slipway.CodeInternal},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.status)
				fmt.Fprint(w, test.body)
			})
			_, err := c.Release(t.Context(), id)
			if got := slipway.ErrorCode(err); got != test.want {
				t.Errorf("got %q (%v), want %q", got, err, test.want)
			}
		})
	}
}

func TestProblemsOfAServiceFileComeBackAsTheyAre(t *testing.T) {
	t.Parallel()
	want := spec.Errors{{File: "service.yaml", Line: 7, Field: "container.prot", Message: "unknown key"}}
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusUnprocessableEntity)
		fmt.Fprint(w, `{"title": "Unprocessable Entity", "detail": "…", "code": "invalid",
			"errors": [{"file": "service.yaml", "line": 7, "field": "container.prot", "message": "unknown key"}]}`)
	})
	_, _, err := c.Submit(t.Context(), Order{})
	got, _ := errors.AsType[spec.Errors](err)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Errorf("the code is %q", slipway.ErrorCode(err))
	}
}

func TestAChangeIsSentAgainUnderTheSameKey(t *testing.T) {
	t.Parallel()
	var keys []string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		keys = append(keys, r.Header.Get("Idempotency-Key"))
		if len(keys) < 3 {
			w.WriteHeader(http.StatusBadGateway)
		}
	})
	c.patience.Retry = 10 * time.Second
	if err := c.Abort(t.Context(), id, "wrong tag"); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 3 || keys[0] == "" || keys[0] != keys[1] || keys[1] != keys[2] {
		t.Errorf("the keys were %q", keys)
	}
	if err := c.Abort(t.Context(), id, "wrong tag"); err != nil || keys[3] == keys[0] {
		t.Errorf("another abort has the same key (%v)", err)
	}
}

func TestADecisionOutlastsARestartFromItsFirstLookOn(t *testing.T) {
	t.Parallel()
	requests := 0
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if requests++; requests < 3 {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		fmt.Fprintf(w, `{"id": %q, "phase": "awaiting_approval"}`, id)
	})
	c.patience.Retry = 10 * time.Second
	if r, err := c.ReleaseToDecide(t.Context(), id); err != nil || r.Phase != slipway.AwaitingApproval {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAStreamThatFallsSilentIsOpenedAgain(t *testing.T) {
	t.Parallel()
	var streams atomic.Int32
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		phase := "probing"
		if streams.Add(1) > 1 {
			phase = "ended"
		}
		fmt.Fprintf(w, ": welcome\n\nevent: phase\ndata: {\"id\": \"search.query-api.2\",\ndata: \"phase\": %q}\n\n", phase)
		w.(http.Flusher).Flush()
		<-r.Context().Done() // and not another word
	})
	var seen []slipway.Phase
	err := c.Watch(t.Context(), id, func(r slipway.Release) bool {
		seen = append(seen, r.Phase)
		return false
	})
	if diff := cmp.Diff([]slipway.Phase{slipway.Probing, slipway.Ended}, seen); diff != "" || err != nil {
		t.Error(diff, err)
	}
}

func TestALongSilenceDoesNotUseThePatienceUp(t *testing.T) {
	t.Parallel()
	const patience = 300 * time.Millisecond
	var requests atomic.Int32
	c := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		switch n := requests.Add(1); {
		case n == 1: // held, with nothing new for longer than the patience
			fmt.Fprint(w, "data: {\"id\": \"search.query-api.2\", \"phase\": \"holding\"}\n\n")
			beat := time.NewTicker(patience / 30)
			defer beat.Stop()
			for until := time.Now().Add(patience + patience/10); time.Now().Before(until); <-beat.C {
				fmt.Fprint(w, ": nothing new\n\n")
				w.(http.Flusher).Flush()
			}
		case n < 4: // the server restarts
			w.WriteHeader(http.StatusBadGateway)
		default:
			fmt.Fprint(w, "data: {\"id\": \"search.query-api.2\", \"phase\": \"ended\"}\n\n")
		}
	})
	c.patience.Watch = patience
	c.patience.Quiet = 10 * time.Second
	var told []string
	c.notice = func(text string) { told = append(told, text) }
	if err := c.Watch(t.Context(), id, func(slipway.Release) bool { return false }); err != nil {
		t.Fatal(err)
	}
	if len(told) != 2 || !strings.Contains(told[0], "trying again") || !strings.Contains(told[1], "answers again") {
		t.Errorf("a person was told %q", told)
	}
}
