package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway"
	"slipway/e2e/system"
)

// migrated is what the migrations of a service have written.
func migrated(t *testing.T, s *system.System, name, more string) (svc string, written func() string) {
	t.Helper()
	svc, worked := workers(t, s, name, more+"pre_deploy: {command: [migrate], timeout: 20s}\n")
	path := filepath.Join(filepath.Dir(worked), "migrated")
	if err := os.RemoveAll(path); err != nil { // of a run before
		t.Fatal(err)
	}
	text := strings.Replace(read(t, svc), "WORK_FILE: /work/done", "WORK_FILE: /work/done, MIGRATED: /work/migrated", 1)
	if err := os.WriteFile(svc, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return svc, func() string {
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return ""
		}
		return read(t, path)
	}
}

func TestAMigrationRunsOnceBeforeTheNewVersionStarts(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc, written := migrated(t, s, "migrates", "strategy: {blue_green: {hold: 0s}}\n")
	push(t, s, "migrates", "v1")
	push(t, s, "migrates", "v2", "MIGRATE_EXIT=3")
	first := await(t, s, release(t, s, svc, "v1", 0).ID, slipway.Ended)
	if got := written(); got != "migrates to v1\nmigrated to v1\n" {
		t.Errorf("written is %q", got)
	}
	p := first.PreDeploy
	if p == nil || p.Tail != "migrated to v1" || p.Took == 0 || read(t, filepath.Join(p.Evidence, "log.txt")) != "migrated to v1\n" {
		t.Errorf("it is shown as %+v", p)
	}
	if told := cli(t, s, 0, "status", first.ID); !strings.Contains(told, "it said last: migrated to v1") {
		t.Errorf("status says:\n%s", told)
	}
	wantContainers(t, s, "migrates", first.ID)
	second := release(t, s, svc, "v2", 3)
	if want := "pre_deploy: " + second.ID + ".pre on h1 exited with code 3; it said last:\nmigrated to v2"; !strings.Contains(second.Reason, want) {
		t.Errorf("reason %q does not say %q", second.Reason, want)
	}
	wantContainers(t, s, "migrates", first.ID)
	if got := written(); got != "migrates to v1\nmigrated to v1\nmigrates to v2\nmigrated to v2\n" {
		t.Errorf("written is %q", got)
	}
	record(t, s, "release/"+first.ID, "pre_deploy")
	record(t, s, "release/"+second.ID, "rolled_back_pre_deploy")
}

// Killed in the middle of a migration, Slipway waits for the one that runs.
func TestAMigrationIsNotRunAgainWhenSlipwayIsKilled(t *testing.T) {
	s := start(t)
	svc, written := migrated(t, s, "killed", "strategy: {blue_green: {hold: 0s}}\n")
	push(t, s, "killed", "v1", "MIGRATE_MS=6000")
	id := submit(t, s, svc, "v1")
	eventually(t, func() error {
		if got := written(); got != "migrates to v1\n" {
			return slipway.Errorf(slipway.CodeConflict, "written is %q", got)
		}
		return nil
	})
	if err := s.Standalone.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := s.Standalone.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r := await(t, s, id, slipway.Ended); *r.Outcome != slipway.Live {
		t.Errorf("outcome %s (%s)", *r.Outcome, r.Reason)
	}
	if got := written(); got != "migrates to v1\nmigrated to v1\n" {
		t.Errorf("written is %q", got)
	}
	wantContainers(t, s, "killed", id)
}
