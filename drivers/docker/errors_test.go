package docker

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/google/go-cmp/cmp"

	"slipway"
)

// What engines said, word for word.
func TestCodesOfWhatEnginesSay(t *testing.T) {
	for _, test := range []struct {
		err  error
		want slipway.Code
	}{
		{errors.New("toomanyrequests: You have reached your pull rate limit"), slipway.CodeTooMany},
		{errors.New("unauthorized: authentication required"), slipway.CodeForbidden},
		{errors.New("denied: requested access to the resource is denied"), slipway.CodeForbidden},
		{errors.New("manifest for r:5000/a@sha256:00 not found: manifest unknown: manifest unknown"), slipway.CodeNotFound},
		{errors.New(`Get "http://10.90.0.1:5000/v2/": dial tcp 10.90.0.1:5000: connect: connection refused`), slipway.CodeUnavailable},
		{errors.New("received unexpected HTTP status: 503 Service Unavailable"), slipway.CodeUnavailable},
		{errors.New("write /data/overlay2/x: no space left on device"), slipway.CodeUnavailable},
		{errors.New("Get \"http://registry/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)"), slipway.CodeUnavailable},
		{fmt.Errorf("no such container: %w", errdefs.ErrNotFound), slipway.CodeNotFound},
		{fmt.Errorf("the name is in use: %w", errdefs.ErrConflict), slipway.CodeConflict},
		{fmt.Errorf("invalid mount config: %w", errdefs.ErrInvalidArgument), slipway.CodeInvalid},
		{errors.New("something new"), slipway.CodeInternal},
	} {
		if got := code(test.err); got != test.want {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

func TestPullSumsUpTheLayersAndEndsWithTheErrorInTheStream(t *testing.T) {
	const good = `{"status":"Pulling from a","id":"latest"}
{"status":"Downloading","progressDetail":{"current":10,"total":100},"id":"l1"}
{"status":"Downloading","progressDetail":{"current":5,"total":50},"id":"l2"}
{"status":"Download complete","progressDetail":{},"id":"l1"}
{"status":"Extracting","progressDetail":{"current":1,"total":100},"id":"l1"}
`
	var last slipway.Progress
	report := func(p slipway.Progress) { last = p }
	if err := follow(strings.NewReader(good), report); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(slipway.Progress{Done: 105, Total: 150}, last); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
	err := follow(strings.NewReader(good+`{"errorDetail":{"message":"disk is full"},"error":"disk is full"}`), report)
	if err == nil || err.Error() != "disk is full" {
		t.Errorf("got %v", err)
	}
	if err := follow(strings.NewReader(good+`{"status":"Downl`), report); err == nil {
		t.Error("a stream that is cut off is taken for its end")
	}
}
