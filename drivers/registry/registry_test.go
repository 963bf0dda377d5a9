package registry_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	memory "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"slipway"
	"slipway/drivers/registry"
)

const repository = "search/query-api"

// debianRegistry starts a docker-registry process for one test, and returns
// its URL.
func debianRegistry(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "config.yml")
	text := fmt.Sprintf("version: 0.1\nlog: {level: info, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: \"127.0.0.1:0\"}\n", dir)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("docker-registry", "serve", config)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // nothing is left of a crashed test
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: install the Debian package docker-registry", err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		if m := regexp.MustCompile(`listening on (127\.0\.0\.1:\d+)`).FindStringSubmatch(lines.Text()); m != nil {
			go func() {
				for lines.Scan() { // it must never wait for us
				}
			}()
			return "http://" + m[1]
		}
	}
	t.Fatal("docker-registry ended before it listened")
	return ""
}

// memoryRegistry serves a registry in memory behind a fault.
func memoryRegistry(t *testing.T, fault func(w http.ResponseWriter, r *http.Request) (answered bool)) string {
	t.Helper()
	inner := memory.New(memory.Logger(slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if fault == nil || !fault(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// set is registries named "internal" and "production" at those URLs.
func set(urls ...string) *registry.Set {
	var all []slipway.Registry
	for i, url := range urls {
		all = append(all, slipway.Registry{Name: []string{"internal", "production"}[i], URL: url})
	}
	return registry.New(all, nil)
}

// image is a random image for a platform.
func image(t *testing.T, platform string, size int64) v1.Image {
	t.Helper()
	img, err := random.Image(size, 2)
	if err != nil {
		t.Fatal(err)
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, _ = strings.Cut(platform, "/")
	config.Config.Labels = map[string]string{"org.opencontainers.image.revision": "abc"}
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	return img
}

// index is one image per platform.
func index(t *testing.T, platforms ...string) v1.ImageIndex {
	t.Helper()
	idx := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, text := range platforms {
		platform, err := v1.ParsePlatform(text)
		if err != nil {
			t.Fatal(err)
		}
		idx = mutate.AppendManifests(idx, mutate.IndexAddendum{Add: image(t, text, 4096), Descriptor: v1.Descriptor{Platform: platform}})
	}
	return idx
}

func push(t *testing.T, url, tag string, what remote.Taggable) {
	t.Helper()
	ref, err := name.ParseReference(strings.TrimPrefix(url, "http://") + "/" + repository + ":" + tag)
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.Push(ref, what); err != nil {
		t.Fatal(err)
	}
}

func resolve(t *testing.T, s *registry.Set, tag string) slipway.Image {
	t.Helper()
	img, err := s.Resolve(t.Context(), "internal", repository, tag, "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func quiet(slipway.Progress) {}

func TestResolveFollowsTheChainOfDigests(t *testing.T) {
	t.Parallel()
	url := debianRegistry(t)
	img := image(t, "linux/amd64", 4096)
	push(t, url, "v1", img)
	digest, _ := img.Digest()
	config, _ := img.ConfigName()
	got := resolve(t, set(url), "v1")
	if got.Size < 2*4096 {
		t.Errorf("size is %d", got.Size)
	}
	got.Size = 0
	want := slipway.Image{
		Repository: repository, Tag: "v1", Platform: "linux/amd64",
		Digest: digest.String(), Manifest: digest.String(), Config: config.String(),
		Labels: map[string]string{"org.opencontainers.image.revision": "abc"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("image (-want +got):\n%s", diff)
	}
	if byDigest := resolve(t, set(url), got.Digest); byDigest.Config != got.Config {
		t.Errorf("by digest it is %+v", byDigest)
	}
}

func TestResolvePicksThePlatformOfAnIndex(t *testing.T) {
	t.Parallel()
	url := debianRegistry(t)
	idx := index(t, "linux/arm64", "linux/amd64")
	push(t, url, "v1", idx)
	digest, _ := idx.Digest()
	list, _ := idx.IndexManifest()
	got := resolve(t, set(url), "v1")
	if got.Digest != digest.String() || got.Manifest != list.Manifests[1].Digest.String() {
		t.Errorf("got %+v of %+v", got, list)
	}
	_, err := set(url).Resolve(t.Context(), "internal", repository, "v1", "linux/s390x")
	if slipway.ErrorCode(err) != slipway.CodeNotFound || !strings.Contains(err.Error(), "linux/arm64, linux/amd64") {
		t.Errorf("a missing platform: got %v", err)
	}
}

func TestResolveSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	url := debianRegistry(t)
	push(t, url, "arm", image(t, "linux/arm64", 512))
	push(t, url, "chart", mutate.ConfigMediaType(image(t, "linux/amd64", 512), "application/vnd.cncf.helm.config.v1+json"))
	for _, test := range []struct {
		registry, repository, tag string
		code                      slipway.Code
		text                      string
	}{
		{"internal", repository, "missing", slipway.CodeNotFound, "query-api:missing"},
		{"internal", "no/such", "v1", slipway.CodeNotFound, "no/such:v1"},
		{"internal", repository, "sha256:" + strings.Repeat("0", 64), slipway.CodeNotFound, "@sha256:000"},
		{"internal", repository, "arm", slipway.CodeNotFound, "linux/arm64"},
		{"internal", repository, "chart", slipway.CodeInvalid, "helm"},
		{"internal", repository, "a tag", slipway.CodeInvalid, "neither a tag nor a digest"},
		{"internal", "No/Such", "v1", slipway.CodeInvalid, "not a repository"},
		{"external", repository, "v1", slipway.CodeNotFound, "no registry"},
	} {
		_, err := set(url).Resolve(t.Context(), test.registry, test.repository, test.tag, "linux/amd64")
		if slipway.ErrorCode(err) != test.code || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s %s:%s: got code %q: %v", test.registry, test.repository, test.tag, slipway.ErrorCode(err), err)
		}
	}
}

func TestCopyBringsAllOfAnIndexAndTagsIt(t *testing.T) {
	t.Parallel()
	from, to := debianRegistry(t), debianRegistry(t)
	push(t, from, "v1", index(t, "linux/arm64", "linux/amd64"))
	s := set(from, to)
	img := resolve(t, s, "v1")
	var reports []slipway.Progress
	if err := s.Copy(t.Context(), "internal", "production", img, nil, func(p slipway.Progress) { reports = append(reports, p) }); err != nil {
		t.Fatal(err)
	}
	if len(reports) == 0 || reports[len(reports)-1].Done != reports[len(reports)-1].Total {
		t.Errorf("progress: %v", reports)
	}
	for _, platform := range []string{"linux/amd64", "linux/arm64"} {
		there, err := s.Resolve(t.Context(), "production", repository, "v1", platform)
		if err != nil || there.Digest != img.Digest {
			t.Errorf("%s: there is %+v: %v", platform, there, err)
		}
	}
}

func TestCopyOfWhatIsThereSendsNothing(t *testing.T) {
	t.Parallel()
	var writes, requests atomic.Int32
	to := memoryRegistry(t, func(_ http.ResponseWriter, r *http.Request) bool {
		requests.Add(1)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writes.Add(1)
		}
		return false
	})
	from := debianRegistry(t)
	push(t, from, "v1", image(t, "linux/amd64", 4096))
	s := set(from, to)
	img := resolve(t, s, "v1")
	if err := s.Copy(t.Context(), "internal", "production", img, nil, quiet); err != nil {
		t.Fatal(err)
	}
	writes.Store(0)
	requests.Store(0)
	if err := s.Copy(t.Context(), "internal", "production", img, nil, quiet); err != nil {
		t.Fatal(err)
	}
	if writes.Load() != 0 || requests.Load() > 3 {
		t.Errorf("a repeated copy took %d requests, %d of them writes", requests.Load(), writes.Load())
	}
}

func TestCopyKeepsToItsPace(t *testing.T) {
	t.Parallel()
	const size = 1 << 20
	from, to := debianRegistry(t), debianRegistry(t)
	push(t, from, "v1", image(t, "linux/amd64", size)) // of each of its layers
	s := set(from, to)
	var sent, most atomic.Int64
	pace := func(_ context.Context, bytes int) error {
		sent.Add(int64(bytes))
		for old := most.Load(); int64(bytes) > old && !most.CompareAndSwap(old, int64(bytes)); old = most.Load() {
		}
		return nil
	}
	if err := s.Copy(t.Context(), "internal", "production", resolve(t, s, "v1"), pace, quiet); err != nil {
		t.Fatal(err)
	}
	if sent.Load() < 2*size || most.Load() > 32<<10 {
		t.Errorf("%d bytes were sent by their pace, up to %d at a time", sent.Load(), most.Load())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancelled := func(ctx context.Context, _ int) error {
		cancel()
		<-ctx.Done()
		return ctx.Err()
	}
	push(t, from, "v2", image(t, "linux/amd64", size))
	v2, err := s.Resolve(t.Context(), "internal", repository, "v2", "linux/amd64")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Copy(ctx, "internal", "production", v2, cancelled, quiet); err == nil {
		t.Error("a copy that was ended while it waited came to an end")
	}
}

func TestCopyMovesATagThatSaidSomethingElse(t *testing.T) {
	t.Parallel()
	from, to := debianRegistry(t), debianRegistry(t)
	push(t, from, "v1", image(t, "linux/amd64", 512))
	push(t, to, "v1", image(t, "linux/amd64", 512))
	s := set(from, to)
	if err := s.Copy(t.Context(), "internal", "production", resolve(t, s, "v1"), nil, quiet); err != nil {
		t.Fatal(err)
	}
}

func TestFaultsAreClassified(t *testing.T) {
	t.Parallel()
	status := func(status int) func(http.ResponseWriter, *http.Request) bool {
		return func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Retry-After", "30")
			http.Error(w, "no", status)
			return true
		}
	}
	for _, test := range []struct {
		name  string
		fault func(http.ResponseWriter, *http.Request) bool
		code  slipway.Code
		text  string
	}{
		{"down", status(500), slipway.CodeUnavailable, "registry internal"},
		{"overloaded", status(503), slipway.CodeUnavailable, "503"},
		{"limited", status(429), slipway.CodeTooMany, "retry after 30"},
		{"signed out", status(401), slipway.CodeForbidden, "401"},
		{"forbidden", status(403), slipway.CodeForbidden, "403"},
		{"cut", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, slipway.CodeUnavailable, "EOF"},
	} {
		url := memoryRegistry(t, test.fault)
		began := time.Now()
		_, err := set(url).Resolve(t.Context(), "internal", repository, "v1", "linux/amd64")
		if slipway.ErrorCode(err) != test.code || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: got code %q: %v", test.name, slipway.ErrorCode(err), err)
		}
		if took := time.Since(began); took > time.Second {
			t.Errorf("%s took %s", test.name, took)
		}
	}
}

func TestCopyFailsWhenTheSourceSendsSomethingElse(t *testing.T) {
	t.Parallel()
	blob := func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/blobs/")
	}
	for _, test := range []struct {
		name  string
		fault func(w http.ResponseWriter, r *http.Request)
		code  slipway.Code
	}{
		{"another content", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, strings.Repeat("x", 100_000)) }, slipway.CodeInvalid},
		{"half of it", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100000")
			fmt.Fprint(w, strings.Repeat("x", 300))
			panic(http.ErrAbortHandler)
		}, slipway.CodeUnavailable},
		{"nothing", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "gone", 404) }, slipway.CodeNotFound},
	} {
		var armed atomic.Bool
		from := memoryRegistry(t, func(w http.ResponseWriter, r *http.Request) bool {
			if armed.Load() && blob(r) {
				test.fault(w, r)
				return true
			}
			return false
		})
		to := debianRegistry(t)
		push(t, from, "v1", image(t, "linux/amd64", 50_000))
		s := set(from, to)
		img := resolve(t, s, "v1")
		armed.Store(true)
		err := s.Copy(t.Context(), "internal", "production", img, nil, quiet)
		if slipway.ErrorCode(err) != test.code {
			t.Errorf("%s: got code %q: %v", test.name, slipway.ErrorCode(err), err)
		}
		armed.Store(false)
		if err := s.Copy(t.Context(), "internal", "production", img, nil, quiet); err != nil {
			t.Errorf("after %s, once the source is well: %v", test.name, err)
		}
	}
}

func TestNothingListensIsUnavailable(t *testing.T) {
	t.Parallel()
	_, err := set("http://127.0.0.1:1").Resolve(t.Context(), "internal", repository, "v1", "linux/amd64")
	if slipway.ErrorCode(err) != slipway.CodeUnavailable {
		t.Errorf("got code %q: %v", slipway.ErrorCode(err), err)
	}
}

func TestCredentialsAreLookedUpAndSent(t *testing.T) {
	t.Parallel()
	url := memoryRegistry(t, func(w http.ResponseWriter, r *http.Request) bool {
		if user, password, _ := r.BasicAuth(); user == "robot" && password == "s3cret" {
			return false
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		http.Error(w, "who are you", http.StatusUnauthorized)
		return true
	})
	password := "wrong-one"
	s := registry.New([]slipway.Registry{{
		Name: "internal", URL: url, PullURL: "https://pull.example.com",
		Credentials: &slipway.Credentials{Username: "robot", Password: slipway.Value{Secret: "env://ROBOT"}},
	}}, func(_ context.Context, ref string) (string, error) {
		return map[string]string{"env://ROBOT": password}[ref], nil
	})
	_, err := s.Resolve(t.Context(), "internal", repository, "v1", "linux/amd64")
	if slipway.ErrorCode(err) != slipway.CodeForbidden || strings.Contains(err.Error(), password) {
		t.Errorf("with a wrong password: got code %q: %v", slipway.ErrorCode(err), err)
	}
	password = "s3cret"
	if _, err = s.Resolve(t.Context(), "internal", repository, "v1", "linux/amd64"); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Errorf("with the right one: got code %q: %v", slipway.ErrorCode(err), err)
	}
	digest := "sha256:" + strings.Repeat("a", 64)
	ref, auth, err := s.PullRef(t.Context(), "internal", slipway.Image{Repository: repository, Digest: digest})
	if want := "pull.example.com/" + repository + "@" + digest; err != nil || ref != want || auth != (slipway.RegistryAuth{Username: "robot", Password: "s3cret"}) {
		t.Errorf("got %s, %v", ref, err)
	}
}
