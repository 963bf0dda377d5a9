package spec_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"slipway"
	"slipway/spec"
)

func FuzzParseService(f *testing.F) {
	seed(f, "service")
	f.Fuzz(func(t *testing.T, text []byte) {
		service, err := spec.ParseService("service.yaml", text)
		if err != nil {
			wellFormed(t, err)
			return
		}
		again, err := spec.ParseService("service.yaml", text)
		if err != nil || again.SettingsHash() != service.SettingsHash() {
			t.Fatalf("read differently the second time: %v", err)
		}
		content, err := json.Marshal(service)
		if err != nil {
			t.Fatal(err)
		}
		var back slipway.Service
		if err := json.Unmarshal(content, &back); err != nil || back.SettingsHash() != service.SettingsHash() {
			t.Fatalf("the settings' hash changed on the way through JSON: %v\n%s", err, content)
		}
		if service.Route != nil && service.Container.Port == 0 {
			t.Fatal("a route without a port was accepted")
		}
	})
}

func FuzzParseFleet(f *testing.F) {
	seed(f, "fleet")
	f.Fuzz(func(t *testing.T, text []byte) {
		fleet, err := spec.ParseFleet("fleet.yaml", text)
		if err != nil {
			wellFormed(t, err)
			return
		}
		content, err := json.Marshal(fleet)
		if err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(content, &slipway.Fleet{}); err != nil {
			t.Fatalf("%v\n%s", err, content)
		}
		if len(fleet.Hosts) == 0 {
			t.Fatal("a fleet without hosts was accepted")
		}
	})
}

// seed gives the good files and a few traps of YAML. The bad files are many
// and teach little more.
func seed(f *testing.F, kind string) {
	names, err := filepath.Glob(filepath.Join("testdata", kind, "good", "*.yaml"))
	if err != nil || len(names) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, name := range names {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, text := range []string{"", "a: &a {<<: *a}", "- *a", "a: [&b [*b]]", "? {}\n: 1", "\xff", "---\n---\n", "hosts: [&h {<<: [*h]}]"} {
		f.Add([]byte(text))
	}
}

// wellFormed checks that an error has a bound and names the file.
func wellFormed(t *testing.T, err error) {
	problems, ok := errors.AsType[spec.Errors](err)
	if !ok || len(problems) == 0 || len(problems) > 21 || slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Fatalf("got %T: %v", err, err)
	}
	for _, problem := range problems {
		if problem.File == "" || problem.Message == "" {
			t.Fatalf("got %+v", problem)
		}
	}
}
