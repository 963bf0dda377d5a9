package embedded_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.temporal.io/api/operatorservice/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

func TestWebInterfaceShowsWorkflows(t *testing.T) {
	t.Parallel()
	server, c := startWithClient(t)
	web := httptest.NewServer(server.UIHandler())
	defer web.Close()
	run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: "release/search.query-api.1", TaskQueue: queue}, steps, 1, time.Duration(0))
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Get(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	const workflow = "/temporal/api/v1/namespaces/slipway/workflows/release%2Fsearch.query-api.1"

	for path, want := range map[string]string{
		"/temporal/":                        `base: "/temporal"`,
		"/temporal/namespaces/slipway":      `"/temporal/_app/`,
		"/temporal/render?content=**held**": "<strong>held</strong>",
		"/temporal/api/v1/settings":         `"DisableWriteActions":true`,
		workflow:                            "WORKFLOW_EXECUTION_STATUS_COMPLETED",
		workflow + "/history":               "EVENT_TYPE_ACTIVITY_TASK_COMPLETED",
	} {
		if status, body := request(t, http.MethodGet, web.URL+path, ""); status != http.StatusOK || !strings.Contains(body, want) {
			t.Errorf("GET %s: status %d, without %q:\n%.500s", path, status, want, body)
		}
	}
	status, body := request(t, http.MethodPost, web.URL+workflow+"/query/__temporal_workflow_metadata",
		`{"query": {"queryType": "__temporal_workflow_metadata"}}`)
	if status != http.StatusOK || !strings.Contains(body, "queryResult") {
		t.Errorf("query of the current details: status %d:\n%.500s", status, body)
	}
}

func TestWebInterfaceScriptsAreLimitedToItsOwn(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(start(t, t.TempDir()).UIHandler())
	defer web.Close()
	response, err := http.Get(web.URL + "/temporal/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if policy := response.Header.Get("Content-Security-Policy"); !strings.HasPrefix(policy, "script-src 'strict-dynamic' 'sha256-") {
		t.Errorf("content security policy %q", policy)
	}
}

// TestWebInterfaceRefusesEveryChange goes by Temporal's own description of its
// HTTP API, so that a call which a later version adds is judged too.
func TestWebInterfaceRefusesEveryChange(t *testing.T) {
	t.Parallel()
	web := httptest.NewServer(start(t, t.TempDir()).UIHandler())
	defer web.Close()

	read := regexp.MustCompile(`^(Get|List|Describe|Count|Poll)`)
	parameter := regexp.MustCompile(`\{[^}]*\}`)
	refused := 0
	for _, call := range httpCalls() {
		if call.method == http.MethodGet {
			if !read.MatchString(call.name) {
				t.Errorf("%s is a GET and passed on, but does not sound like a read", call.name)
			}
			continue
		}
		for _, prefix := range []string{"/temporal", "//temporal", "/temporal/x/.."} {
			path := prefix + parameter.ReplaceAllString(call.path, "some%2Fthing")
			status, body := request(t, call.method, web.URL+path, "{}")
			switch {
			case call.name == "QueryWorkflow" && strings.HasPrefix(path, "/temporal/api/v1/"):
				if status == http.StatusForbidden {
					t.Errorf("%s %s: the query of a workflow is refused", call.method, path)
				}
			case status != http.StatusForbidden || !strings.Contains(body, `"code":"forbidden"`):
				t.Errorf("%s: %s %s: status %d, want 403 with a problem:\n%.200s", call.name, call.method, path, status, body)
			default:
				refused++
			}
		}
	}
	if refused < 100 {
		t.Errorf("only %d calls were refused: has the description been read?", refused)
	}
}

type httpCall struct{ name, method, path string }

func httpCalls() (calls []httpCall) {
	for _, file := range []protoreflect.FileDescriptor{
		workflowservice.File_temporal_api_workflowservice_v1_service_proto,
		operatorservice.File_temporal_api_operatorservice_v1_service_proto,
	} {
		methods := file.Services().Get(0).Methods()
		for i := range methods.Len() {
			rule, _ := proto.GetExtension(methods.Get(i).Options(), annotations.E_Http).(*annotations.HttpRule)
			for _, r := range append(rule.GetAdditionalBindings(), rule) {
				if call, ok := callOf(r); ok {
					call.name = string(methods.Get(i).Name())
					calls = append(calls, call)
				}
			}
		}
	}
	return calls
}

func callOf(r *annotations.HttpRule) (httpCall, bool) {
	switch p := r.GetPattern().(type) {
	case *annotations.HttpRule_Get:
		return httpCall{method: http.MethodGet, path: p.Get}, true
	case *annotations.HttpRule_Post:
		return httpCall{method: http.MethodPost, path: p.Post}, true
	case *annotations.HttpRule_Put:
		return httpCall{method: http.MethodPut, path: p.Put}, true
	case *annotations.HttpRule_Patch:
		return httpCall{method: http.MethodPatch, path: p.Patch}, true
	case *annotations.HttpRule_Delete:
		return httpCall{method: http.MethodDelete, path: p.Delete}, true
	}
	return httpCall{}, false
}

func request(t *testing.T, method, url, body string) (status int, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(text)
}
