package edge_test

import (
	"testing"

	"slipway"
	"slipway/edge/disk"
	"slipway/edge/proxy"
)

// What a balancer in front is told survives a restart of the edge.
func TestHealthTellsThatTrafficIsToLeave(t *testing.T) {
	p := newProcess(t)
	p.stage(1, 0)
	p.commit(1, 0)
	health := func(want int) {
		t.Helper()
		if status, body, err := p.get(proxy.HealthPath); err != nil || status != want {
			t.Errorf("%d %q, %v, want %d", status, body, err, want)
		}
	}
	health(200)
	if err := disk.Leave(p.data, "ops: new kernel"); err != nil {
		t.Fatal(err)
	}
	health(503)
	p.takeOver()
	health(503)
	if err := disk.Stay(p.data); err != nil {
		t.Fatal(err)
	}
	health(200)
	away := slipway.AmendRequest{ServiceID: app, Release: release(1), Away: true}
	if _, err := p.client.Amend(t.Context(), away); err != nil {
		t.Fatal(err)
	}
	health(503)
	if status, body, err := p.get("/"); err != nil || status != 503 {
		t.Errorf("away, it answers %d %q, %v", status, body, err)
	}
}
