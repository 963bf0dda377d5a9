package lab

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// newHosts are two hosts, one of them with a container that serves on a port of
// the host.
func newHosts(t *testing.T) (h1, h2 *Host, serves string) {
	t.Helper()
	hosts := TestHosts(t, HostsOptions{Count: 2, Disk: 256 << 20})
	registry, err := hosts.StartRegistry(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := registry.Close(); err != nil {
			t.Error(err)
		}
	})
	binary, err := BuildApp(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	image := registry.Address() + "/app:v1"
	if _, err := Push(t.Context(), image, Image{Binary: binary, Port: 8080}); err != nil {
		t.Fatal(err)
	}
	h1, h2 = hosts.All[0], hosts.All[1]
	docker(t, h1, "run", "-d", "--name", "app", "--restart", "unless-stopped", "-p", h1.at(20000)+":8080", image)
	return h1, h2, h1.at(20000)
}

func docker(t *testing.T, h *Host, args ...string) {
	t.Helper()
	if out, err := exec.CommandContext(t.Context(), "docker", append([]string{"-H", h.Host()}, args...)...).CombinedOutput(); err != nil {
		t.Fatalf("docker %v: %v: %s", args, err, out)
	}
}

// get asks for a page, from this machine or from a host, once.
func get(t *testing.T, from *Host, address string, patience time.Duration) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if from != nil { // bash is everywhere, and needs no program of ours
		script := fmt.Sprintf(`exec 3<>/dev/tcp/%s && printf 'GET / HTTP/1.0\r\n\r\n' >&3 && head -1 <&3 | grep -q 200`, strings.Replace(address, ":", "/", 1))
		command := from.Inside("bash", "-c", script)
		return exec.CommandContext(ctx, command[0], command[1:]...).Run()
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address, nil)
	if err != nil {
		return err
	}
	resp, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// soon repeats what fails, for up to 20 seconds.
func soon(t *testing.T, what string, do func() error) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		err := do()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
		<-time.After(20 * time.Millisecond)
	}
}

func TestEveryFaultOfAHostIsRealAndHeals(t *testing.T) {
	h1, h2, serves := newHosts(t)
	other := h1.of
	defer func() {
		if t.Failed() {
			t.Logf("the end of dockerd's log: %s", h1.logEnd())
		}
	}()
	short := time.Second
	ask := func(path string) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		_, err := h1.request(ctx, http.MethodGet, path)
		return err
	}
	ping := func() error { return ask("/_ping") }
	check := func(what string, do func() error) { t.Helper(); soon(t, what, do) }
	must := func(what string, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
	}
	fails := func(what string, err error) {
		t.Helper()
		if err == nil {
			t.Errorf("%s: it works, and should not", what)
		}
	}
	check("the container answers the machine", func() error { return get(t, nil, serves, short) })
	check("the container answers the other host", func() error { return get(t, h2, serves, short) })

	heal, err := h1.CutOff()
	must("cut off", err)
	fails("a host that is cut off", get(t, nil, serves, short))
	must("heal", heal())
	check("after the cut", func() error { return get(t, nil, serves, short) })

	heal, err = h1.Part(h2)
	must("part", err)
	fails("a host that is parted", get(t, h2, serves, short))
	must("the machine still reaches it", get(t, nil, serves, short))
	must("heal", heal())
	check("after the parting", func() error { return get(t, h2, serves, short) })

	heal, err = h1.Weaken(0.1, 300*time.Millisecond)
	must("weaken", err)
	began := time.Now()
	check("over a bad cable", func() error { return get(t, nil, serves, 10*time.Second) })
	if took := time.Since(began); took < time.Second { // two round trips, each way 300 ms
		t.Errorf("over a bad cable it took %s", took)
	}
	must("heal", heal())
	check("after the bad cable", func() error { return get(t, nil, serves, short) })

	heal, err = h1.HangContainerd()
	must("hang containerd", err)
	must("dockerd answers what it knows by itself", ask("/containers/json"))
	fails("what needs containerd", ask("/containers/app/top"))
	must("heal", heal())
	check("after containerd hung", func() error { return ask("/containers/app/top") })

	must("hang dockerd", h1.Pause())
	fails("a dockerd that hangs", ping())
	must("a container goes on", get(t, nil, serves, short))
	must("heal", h1.Resume())
	check("after hanging", ping)

	must("kill dockerd", h1.Kill())
	fails("a dockerd that was killed", ping())
	must("start it", h1.Restart(t.Context()))
	must("after the restart", ping())

	heal, err = h1.FillDisk()
	must("fill the disk", err)
	var disk unix.Statfs_t
	must("look at the disk", unix.Statfs(h1.data(), &disk))
	if disk.Bavail != 0 {
		t.Errorf("%d blocks are free on a full disk", disk.Bavail)
	}
	must("heal", heal())

	must("reboot", h1.Reboot(t.Context()))
	check("after the reboot", func() error { return get(t, h2, serves, short) })
	if left, err := other.network.name.processes(); err != nil || len(left) != 0 {
		t.Errorf("processes %v run on the switch: %v", left, err)
	}
}

func TestAHostLosesOneRegistryOnly(t *testing.T) {
	hosts := TestHosts(t, HostsOptions{Count: 2})
	registry, err := hosts.StartRegistry(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = registry.Close() }()
	reach := func(h *Host) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		command := h.Inside("bash", "-c", "exec 3<>/dev/tcp/"+strings.Replace(registry.Address(), ":", "/", 1))
		return exec.CommandContext(ctx, command[0], command[1:]...).Run()
	}
	heal, err := hosts.All[0].LoseRegistry(registry)
	if err != nil {
		t.Fatal(err)
	}
	if reach(hosts.All[0]) == nil {
		t.Error("the host reaches the registry that it lost")
	}
	if err := reach(hosts.All[1]); err != nil {
		t.Errorf("another host does not reach the registry: %v", err)
	}
	if err := errors.Join(heal(), reach(hosts.All[0])); err != nil {
		t.Errorf("it does not heal: %v", err)
	}
}

func TestAClockIsOffBehindAProxy(t *testing.T) {
	e := TestEngine(t)
	proxy, err := SocketProxy(t.TempDir(), "docker.sock", e.Socket())
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	defer proxy.Arm(ClockOff(5 * time.Minute))()
	out, err := exec.CommandContext(t.Context(), "docker", "-H", "unix://"+proxy.Address(), "info", "--format", "{{.SystemTime}} {{.ID}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	says, id, _ := strings.Cut(strings.TrimSpace(string(out)), " ")
	at, err := time.Parse(time.RFC3339, says)
	if off := time.Until(at); err != nil || off < 4*time.Minute || off > 5*time.Minute || id == "" {
		t.Errorf("it says %q, which is %s from now: %v", out, off, err)
	}
}

func TestLabsOfHostsDoNotMeet(t *testing.T) {
	first, second := TestHosts(t, HostsOptions{Count: 1}), TestHosts(t, HostsOptions{Count: 1})
	if first.All[0].Address == second.All[0].Address {
		t.Fatalf("both are at %s", first.All[0].Address)
	}
	names := second.slot.network()
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := net.InterfaceByName(names.cable); err == nil || names.name.ip("link", "show") == nil {
		t.Error("a lab that was closed left its network")
	}
	if _, err := first.All[0].request(t.Context(), http.MethodGet, "/_ping"); err != nil {
		t.Errorf("the other one does not answer any more: %v", err)
	}
	second.slot, _ = takeSlot("hosts") // for its second Close, with the test
}
