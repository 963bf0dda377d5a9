package e2e

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"

	"slipway"
)

func TestAFixedPortIsOneServicesOwn(t *testing.T) {
	t.Parallel()
	s := start(t)
	fixing := func(name string, port int) string {
		svc, _ := workers(t, s, name, "strategy: {blue_green: {order: stop_first, hold: 0s}}\n")
		text := strings.Replace(read(t, svc), "container: {", fmt.Sprintf("container: {ports: [\"%d:8080\"], ", port), 1)
		if err := os.WriteFile(svc, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		push(t, s, name, "v1")
		push(t, s, name, "v2")
		return svc
	}
	svc, other := fixing("fixed", s.FixedPort), fixing("other", s.FixedPort)
	for _, tag := range []string{"v1", "v2"} {
		r := await(t, s, release(t, s, svc, tag, 0).ID, slipway.Ended)
		wantContainers(t, s, "fixed", r.ID)
		resp, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/", s.FixedPort))
		if err != nil {
			t.Fatal(err)
		}
		said, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || strings.TrimSpace(string(said)) != tag {
			t.Errorf("%q answers on the port, %v, want %s", said, err, tag)
		}
	}
	taken := fmt.Sprintf("port %d/tcp, which container.ports asks for, is taken by the container search.fixed.2", s.FixedPort)
	if planned := as(t, s, "ann", 1, "plan", "-f", other, "--tag", "v1"); !strings.Contains(planned.Stderr, taken) {
		t.Errorf("the plan says %q", planned.Stderr)
	}
	refused := release(t, s, other, "v1", 1)
	if *refused.Outcome != slipway.Refused || !strings.Contains(refused.Reason, taken) {
		t.Errorf("outcome %s, reason %q", *refused.Outcome, refused.Reason)
	}
	denied := as(t, s, "ann", 4, "release", "-f", fixing("denied", s.FixedPort+1), "--tag", "v1")
	if want := fmt.Sprintf("allow.ports of project \"search\" in the fleet file lists %d/tcp", s.FixedPort); !strings.Contains(denied.Stderr, want) {
		t.Errorf("it says %q, want %q", denied.Stderr, want)
	}
}
