package engine

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"slipway"
)

// throwaways are the throw-away containers, and the images of their program, on
// the engine.
func (e engineLab) throwaways(t *testing.T) (containers, images []string) {
	t.Helper()
	list := func(args ...string) []string {
		out, err := exec.CommandContext(t.Context(), "docker", append([]string{"-H", e.Host()}, args...)...).Output()
		if err != nil {
			t.Fatal(err)
		}
		return strings.Fields(string(out))
	}
	return list("ps", "-aq", "--filter", "label=slipway.within"), list("images", "-q", "--filter", "label=slipway.within")
}

// What a container reaches is seen from within one: by the names that it knows,
// at no address of another, and without a registry.
func TestEngineSaysWhatAContainerReaches(t *testing.T) {
	t.Parallel()
	e := newEngineLab(t)
	c := e.start(t, e.spec(1, nil))
	somebody, err := net.Listen("tcp", ":0") // on the machine, as another host is
	if err != nil {
		t.Fatal(err)
	}
	defer somebody.Close()
	machine := slipway.HostPort(gateway(c.Address), somebody.Addr().(*net.TCPAddr).Port)
	for round, want := range []bool{false, true} { // the second time, its image is there
		began := time.Now()
		unmet, err := e.docker.Reach(t.Context(), "linux/amd64", []string{
			machine, slipway.HostPort(c.Address, 8080), c.Name + ":8080", slipway.HostPort(c.Address, 8081), "nobody.invalid:80",
		})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("its image there: %t: seen in %s", want, time.Since(began).Round(time.Millisecond))
		to := []string{}
		for _, u := range unmet {
			to = append(to, u.To)
		}
		if diff := cmp.Diff([]string{slipway.HostPort(c.Address, 8081), "nobody.invalid:80"}, to); diff != "" || unmet[0].Why != "connection refused" {
			t.Errorf("not reached, in round %d, are (-want +got):\n%s%+v", round, diff, unmet)
		}
	}
	if containers, images := e.throwaways(t); len(containers) != 0 || len(images) != 1 {
		t.Errorf("left are containers %q and images %q", containers, images)
	}
	if unmet, err := e.docker.Reach(t.Context(), "linux/s390x", []string{machine}); slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Errorf("on a platform without a program: %v, %v", unmet, err)
	}
}

// gateway is the machine's own address on the network of a container.
func gateway(address string) string {
	ip := net.ParseIP(address).To4()
	return fmt.Sprintf("%d.%d.%d.1", ip[0], ip[1], ip[2])
}

// What a crash has left is removed by the next who looks, once it is old enough
// for nobody to wait for it.
func TestEngineSweepsThrowAwayContainersOfACrash(t *testing.T) {
	t.Parallel()
	e := newEngineLab(t)
	if _, err := e.docker.Reach(t.Context(), "linux/amd64", []string{"127.0.0.1:1"}); err != nil {
		t.Fatal(err)
	}
	_, images := e.throwaways(t)
	out, err := exec.CommandContext(t.Context(), "docker", "-H", e.Host(), "create", "--label", "slipway.within=1", images[0], "/slipway-within").Output()
	if err != nil {
		t.Fatal(err)
	}
	left := strings.TrimSpace(string(out))
	look := func() bool {
		if _, err := e.docker.Reach(t.Context(), "linux/amd64", []string{"127.0.0.1:1"}); err != nil {
			t.Fatal(err)
		}
		containers, _ := e.throwaways(t)
		return slices.ContainsFunc(containers, func(id string) bool { return strings.HasPrefix(left, id) })
	}
	if !look() {
		t.Fatal("one that was made just now is gone")
	}
	e.age(t, left, 2*time.Minute)
	if look() {
		t.Error("one that nobody waits for is still there")
	}
}

// age has the engine believe that a container was made earlier.
func (e engineLab) age(t *testing.T, id string, by time.Duration) {
	t.Helper()
	facts, err := e.docker.Facts(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Kill(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(facts.Disk.Root, "containers", id, "config.v2.json")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	created := regexp.MustCompile(`"Created":"[^"]*"`)
	older := created.ReplaceAll(text, fmt.Appendf(nil, `"Created":%q`, time.Now().Add(-by).UTC().Format(time.RFC3339Nano)))
	if err := os.WriteFile(file, older, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// A container is tried out with all its settings, and nothing of its image runs.
func TestEngineTriesOutWhetherAContainerStarts(t *testing.T) {
	t.Parallel()
	e := newEngineLab(t)
	data := t.TempDir()
	trial := func(change func(*slipway.Container)) slipway.ContainerSpec {
		spec := e.spec(1, map[string]string{"VERSION": "v1"})
		spec.Container.Volumes = []slipway.Volume{{Source: data, Target: "/data"}, {Source: "queue", Target: "/queue"}}
		spec.Container.User, spec.Container.WorkingDir, spec.Container.ReadOnly, spec.Container.MemLimit = "1000:1000", "/data", true, 6<<20
		change(&spec.Container)
		return spec
	}
	began := time.Now()
	if err := e.docker.TryOut(t.Context(), "linux/amd64", trial(func(*slipway.Container) {})); err != nil {
		t.Errorf("what can be started: %v", err)
	}
	t.Logf("tried out in %s", time.Since(began).Round(time.Millisecond))
	for name, c := range map[string]struct {
		change func(*slipway.Container)
		want   string
	}{
		"a program that is not there":    {func(c *slipway.Container) { c.Entrypoint = []string{"/nowhere", "--now"} }, "/nowhere: no such file or directory"},
		"a name that PATH does not have": {func(c *slipway.Container) { c.Command, c.Entrypoint = []string{"x"}, []string{"nowhere"} }, `"nowhere": executable file not found in $PATH`},
		"a directory that is not there":  {func(c *slipway.Container) { c.Volumes[0].Source = data + "/nowhere" }, "bind source path does not exist"},
		"a device that is not there": {func(c *slipway.Container) {
			c.Devices = []slipway.Device{{Source: "/dev/nowhere", Target: "/dev/x", Permissions: "r"}}
		}, "/dev/nowhere"},
		"a user that is not there":       {func(c *slipway.Container) { c.User = "nobody-knows" }, "nobody-knows"},
		"more processors than there are": {func(c *slipway.Container) { c.CPUs = 1000 }, "CPUs"},
	} {
		if err := e.docker.TryOut(t.Context(), "linux/amd64", trial(c.change)); slipway.ErrorCode(err) != slipway.CodeInvalid || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %s: %v, want …%s…", name, slipway.ErrorCode(err), err, c.want)
		}
	}
	gone := trial(func(*slipway.Container) {})
	gone.Image = strings.Replace(gone.Image, "@sha256:", "@sha256:00000000", 1)[:len(gone.Image)]
	if err := e.docker.TryOut(t.Context(), "linux/amd64", gone); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("an image that is not there: %v", err)
	}
	if containers, _ := e.throwaways(t); len(containers) != 0 {
		t.Errorf("left are %q", containers)
	}
	out, err := exec.CommandContext(t.Context(), "docker", "-H", e.Host(), "volume", "ls", "-q").Output()
	if err != nil || len(out) != 0 {
		t.Errorf("left are volumes %q, %v", out, err)
	}
}
