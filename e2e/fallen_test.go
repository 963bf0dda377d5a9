package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"slipway"
)

func TestEvidenceIsKeptOfAVersionThatDiesWhileTheOldOneIsHeld(t *testing.T) {
	t.Parallel()
	s := start(t)
	svc := service(t, s, "fallen", "strategy: {blue_green: {hold: 10m, drain_timeout: 1s}}\n")
	push(t, s, "fallen", "v1")
	push(t, s, "fallen", "v2")
	release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	stopByHand(t, s, second.ID)
	ended := await(t, s, second.ID, slipway.Ended)
	if *ended.Outcome != slipway.RolledBack || !strings.Contains(ended.Reason, "does not answer any more") {
		t.Errorf("outcome %s (%s)", *ended.Outcome, ended.Reason)
	}
	if v := ask(t, s, "fallen"); v != "v1" {
		t.Errorf("%s serves", v)
	}
	record(t, s, "release/"+second.ID, "rolled_back_fallen")
	kept := filepath.Join(s.Dir, "standalone", "evidence", second.ID, "h1", "log.txt")
	if h := ended.Hosts[0]; h.Phase != slipway.HostFailed || !strings.Contains(h.Error, filepath.Dir(kept)) {
		t.Errorf("the host is shown as %s, %q", h.Phase, h.Error)
	}
	if log, err := os.ReadFile(kept); err != nil || !strings.Contains(string(log), "v2") {
		t.Errorf("its log: %q, %v", log, err)
	}
}
