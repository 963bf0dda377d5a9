package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"google.golang.org/protobuf/proto"

	"slipway/e2e/system"
)

// visible is a value that is no secret. It must be found, so that a search that
// finds nothing means something.
const visible = "plainly-visible-value"

// The service does its worst: it logs its secrets and exits, and it answers
// probes with them. They must be in no place that Slipway writes or answers.
func TestSecretsAreNowhereThatSlipwayWritesOrAnswers(t *testing.T) {
	t.Parallel()
	s := start(t)
	said := map[string]string{} // by where
	env, file := `{secret: "env://`+system.SecretVariable+`"}`, `{secret: "file://`+s.SecretFile()+`"}`
	worst := []string{
		"EXIT_AFTER_MS: 0, EXIT_MESSAGE: " + env,
		"EXIT_AFTER_MS: 0, EXIT_MESSAGE: " + file,
		"READY_MS: never, NOT_READY_MESSAGE: " + env,
		"READY_MS: never, NOT_READY_MESSAGE: " + file,
		"EXIT_AFTER_MS: 0, EXIT_MESSAGE: " + visible,
	}
	waited, errs := make([]system.Result, len(worst)), make([]error, len(worst))
	var releases sync.WaitGroup
	for i, environment := range worst {
		name := fmt.Sprintf("indiscreet%d", i)
		push(t, s, name, "v1")
		path := demand(t, s, name, fmt.Sprintf("environment: {VISIBLE: %s, %s}", visible, environment), "strategy: {blue_green: {deploy_timeout: 10s}}\n")
		releases.Go(func() { waited[i], errs[i] = s.CLI(t.Context(), "ann", "release", "-f", path, "--tag", "v1", "--wait") })
	}
	releases.Wait()
	last := ""
	for i, result := range waited {
		service := fmt.Sprintf("search/indiscreet%d", i)
		r := status(t, s, fmt.Sprintf("search.indiscreet%d.1", i))
		if errs[i] != nil || result.Status != 3 || !strings.Contains(r.Reason, "[secret ") && !strings.Contains(r.Reason, visible) {
			t.Errorf("%s does not say where a secret was: %q; exit status %d, %v", r.ID, r.Reason, result.Status, errs[i])
		}
		said["release --wait of "+r.ID] = result.Stdout + result.Stderr
		said["status "+r.ID] = cli(t, s, 0, "status", r.ID) + cli(t, s, 0, "status", r.ID, "-o", "json")
		said["history of "+service] = cli(t, s, 0, "history", service, "-o", "json")
		last = r.ID
	}
	said["metrics of the API"] = fetch(t, http.DefaultClient, s.URL+"/metrics")
	said["metrics of the edge"] = edgeMetrics(t, s)
	histories(t, s, said)
	everyFile(t, s, said)

	searched := 0
	for where, text := range said {
		searched += len(text)
		for _, trace := range traces() {
			if strings.Contains(text, trace) {
				t.Errorf("%s holds %q of a secret", where, trace)
			}
		}
	}
	t.Logf("searched %d places, %d bytes", len(said), searched)
	for _, where := range []string{
		"status " + last, "release --wait of " + last, "history of release/" + last,
		"file " + filepath.Join(s.Dir, "standalone", "evidence", last, "h1", "log.txt"),
	} {
		if !strings.Contains(said[where], visible) {
			t.Errorf("the search is blind: what is no secret was not found in %s", where)
		}
	}
}

// traces are the values as they may be written, and their tell-tale parts.
func traces() []string {
	list := []string{"correct-battery", "MIIEpAIBAAKCAQEA"}
	for _, value := range []string{system.SecretInEnv, system.SecretInFile} {
		inJSON, _ := json.Marshal(value)
		list = append(list, value, strings.Trim(string(inJSON), `"`), base64.StdEncoding.EncodeToString([]byte(value))[:20])
	}
	return list
}

// histories adds every history that Temporal has, with payloads as they are,
// and what it can say of each workflow beside.
func histories(t *testing.T, s *system.System, said map[string]string) {
	t.Helper()
	c, err := client.Dial(client.Options{HostPort: s.Temporal, Namespace: "slipway"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	list, err := c.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{PageSize: 1000})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list.Executions {
		id, run := e.Execution.WorkflowId, e.Execution.RunId
		described, err := c.DescribeWorkflowExecution(t.Context(), id, run)
		if err != nil {
			t.Fatal(err)
		}
		text := []byte(described.String())
		for it := c.GetWorkflowHistory(t.Context(), id, run, false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT); it.HasNext(); {
			event, err := it.Next()
			if err != nil {
				t.Fatal(err)
			}
			if text, err = (proto.MarshalOptions{}).MarshalAppend(text, event); err != nil {
				t.Fatal(err)
			}
		}
		said["history of "+id] = string(text)
	}
}

// everyFile adds every file that the system keeps: logs, evidence, the
// database, the edge's table.
func everyFile(t *testing.T, s *system.System, said map[string]string) {
	t.Helper()
	err := filepath.WalkDir(s.Dir, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path == filepath.Dir(s.SecretFile()):
			return fs.SkipDir
		case !entry.Type().IsRegular() || path == s.App:
			return nil
		}
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it was a temporary one
		}
		said["file "+path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func fetch(t *testing.T, c *http.Client, url string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return string(text)
}
