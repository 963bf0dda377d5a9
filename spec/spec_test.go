package spec_test

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/spec"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// The two readers, as what JSON shows of their result.
var readers = map[string]func(name string, text []byte) (any, error){
	"service": func(name string, text []byte) (any, error) { return spec.ParseService(name, text) },
	"fleet":   func(name string, text []byte) (any, error) { return spec.ParseFleet(name, text) },
}

func TestGoodFilesBecomeTypesWithEveryDefaultFilledIn(t *testing.T) {
	for kind, read := range readers {
		eachFile(t, kind, "good", func(t *testing.T, name string, text []byte) {
			got, err := read(filepath.Base(name), text)
			if err != nil {
				t.Fatal(err)
			}
			content, err := json.MarshalIndent(got, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".yaml")+".json", string(content)+"\n")
		})
	}
}

func TestBadFilesSayWhatIsWrongWhereAndWhatWouldBeRight(t *testing.T) {
	for kind, read := range readers {
		eachFile(t, kind, "bad", func(t *testing.T, name string, text []byte) {
			_, err := read(filepath.Base(name), text)
			if err == nil {
				t.Fatal("accepted")
			}
			if _, ok := errors.AsType[spec.Errors](err); !ok || slipway.ErrorCode(err) != slipway.CodeInvalid {
				t.Errorf("is %T with code %s; want spec.Errors with code invalid", err, slipway.ErrorCode(err))
			}
			if strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "12345") {
				t.Error("a secret is quoted")
			}
			golden(t, strings.TrimSuffix(name, ".yaml")+".txt", err.Error()+"\n")
		})
	}
}

func TestErrorsAreInTheOrderOfTheLinesAndTellFileLineAndField(t *testing.T) {
	_, err := spec.ParseService("service.yaml", []byte("service: api\nproject: search\nimage: search/api\n\ncontainer:\n  port: 1\n  enviroment: {}\nroute: {}\n"))
	problems, _ := errors.AsType[spec.Errors](err)
	want := spec.Errors{
		{File: "service.yaml", Line: 7, Column: 15, Field: "container.enviroment", Message: "unknown key; did you mean environment?"},
		{File: "service.yaml", Line: 8, Column: 8, Field: "route.host", Message: "is missing; write for example host: query.example.com"},
	}
	if diff := cmp.Diff(want, problems); diff != "" {
		t.Error(diff)
	}
	if got, want := problems[0].Error(), "service.yaml:7: container.enviroment: unknown key; did you mean environment?"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFileHasABound(t *testing.T) {
	_, err := spec.ParseService("service.yaml", []byte("x-note: "+strings.Repeat("a", 1<<20)))
	if err == nil || !strings.Contains(err.Error(), "at most 1048576") {
		t.Errorf("got %v", err)
	}
}

func TestFilesAreLoadedUnderTheirPath(t *testing.T) {
	service, err := spec.LoadService("testdata/service/good/short.yaml")
	if err != nil || service.ServiceID.String() != "search/query-api" {
		t.Errorf("got %v, %v", service.ServiceID, err)
	}
	text, err := os.ReadFile("testdata/fleet/good/short.yaml")
	if err != nil {
		t.Fatal(err)
	}
	fleet, err := spec.LoadFleet("testdata/fleet/good/short.yaml")
	if want := fmt.Sprintf("%x", sha256.Sum256(text)); err != nil || fleet.Hash != want {
		t.Errorf("got %v, %v; want hash %s", fleet, err, want)
	}
	if _, err := spec.LoadService("testdata/service/bad/port-text.yaml"); err == nil || !strings.HasPrefix(err.Error(), "testdata/service/bad/port-text.yaml:4: container.port: ") {
		t.Errorf("got %v", err)
	}
}

func TestAMissingFileIsInvalidNotAFaultOfOurs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yaml")
	_, serviceErr := spec.LoadService(path)
	_, fleetErr := spec.LoadFleet(path)
	for _, err := range []error{serviceErr, fleetErr} {
		if slipway.ErrorCode(err) != slipway.CodeInvalid || !errors.Is(err, os.ErrNotExist) {
			t.Errorf("got %v with code %s", err, slipway.ErrorCode(err))
		}
	}
}

func TestSpellingDoesNotChangeTheSettings(t *testing.T) {
	short := "project: search\nservice: api\nimage: search/api\n"
	pairs := [][2]string{
		{"", "container: {restart: unless-stopped, stop_grace_period: 10s}\n"},
		{"hosts: [a, b]\n", "hosts: [b, a, b]\n"},
		{"container: {cap_drop: [CHOWN, NET_RAW]}\n", "container: {cap_drop: [CAP_NET_RAW, CHOWN]}\n"},
		{"container: {environment: {A: 1, B: 2}}\n", "container: {environment: [B=2, A=1]}\n"},
		{"container: {mem_limit: 512m}\n", "container: {mem_limit: 536870912}\n"},
		{"container: {volumes: [\"a1:/a\", \"b1:/b\"]}\n", "container: {volumes: [\"b1:/b:rw\", {type: volume, source: a1, target: /a}]}\n"},
		{"container: {command: serve -v}\n", "container: {command: [serve, -v]}\n"},
		{"container: {labels: {}, environment: {}, volumes: [], cap_drop: [], ulimits: {}}\n", ""},
		{"gates: []\n", ""},
	}
	for _, pair := range pairs {
		one, err := spec.ParseService("one", []byte(short+pair[0]))
		if err != nil {
			t.Fatal(err)
		}
		two, err := spec.ParseService("two", []byte(short+pair[1]))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(one, two); diff != "" || one.SettingsHash() != two.SettingsHash() {
			t.Errorf("%q and %q differ: %s", pair[0], pair[1], diff)
		}
	}
}

func eachFile(t *testing.T, kind, dir string, test func(t *testing.T, name string, text []byte)) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join("testdata", kind, dir, "*.yaml"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no fixtures in %s/%s: %v", kind, dir, err)
	}
	for _, name := range names {
		t.Run(kind+"/"+strings.TrimSuffix(filepath.Base(name), ".yaml"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			test(t, name, text)
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", name, diff)
	}
}
