package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"debug/buildinfo"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "build the archives that package docker carries along")

// What is carried along is this source, and where the compiler is the same, to
// the byte what it makes of it. After a change:
//
//	go test ./drivers/docker/within -update
func TestArchivesAreBuiltFromThisSource(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("main.go")
	if err != nil {
		t.Fatal(err)
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(text))
	for _, arch := range []string{"amd64", "arm64"} {
		name := "linux-" + arch + ".tar.gz"
		if *update {
			if err := os.WriteFile(name, pack(t, build(t, arch, hash)), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		program := unpack(t, name)
		if !bytes.Contains(program, []byte(hash)) {
			t.Errorf("%s is of another source: go test ./drivers/docker/within -update", name)
		}
		info, err := buildinfo.Read(bytes.NewReader(program))
		if err != nil {
			t.Fatal(err)
		}
		if info.GoVersion == runtime.Version() && arch == runtime.GOARCH && !bytes.Equal(program, build(t, arch, hash)) {
			t.Errorf("%s is not what %s makes of its source: go test ./drivers/docker/within -update", name, info.GoVersion)
		}
	}
}

func build(t *testing.T, arch, hash string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "slipway-within")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w -buildid= -X main.source="+hash, "-o", out, ".")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=", "GOFLAGS=")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	program, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// pack makes an archive of the program, the same one every time.
func pack(t *testing.T, program []byte) []byte {
	t.Helper()
	var packed bytes.Buffer
	squeezed, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewWriter(squeezed)
	if err := archive.WriteHeader(&tar.Header{Name: "slipway-within", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := squeezed.Close(); err != nil {
		t.Fatal(err)
	}
	return packed.Bytes()
}

func unpack(t *testing.T, name string) []byte {
	t.Helper()
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	plain, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	archive := tar.NewReader(plain)
	if _, err := archive.Next(); err != nil {
		t.Fatal(err)
	}
	program, err := io.ReadAll(archive)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// A command is started, and nothing of it runs.
func TestACommandIsStartedAndDoesNothing(t *testing.T) {
	t.Parallel()
	trace := filepath.Join(t.TempDir(), "trace")
	if found := start([]string{"sh", "-c", "echo ran >" + trace}); found != nil {
		t.Errorf("it says %q", found)
	}
	if _, err := os.Stat(trace); err == nil {
		t.Error("the command has run")
	}
}

func TestWhatCannotBeStartedIsSaid(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for name, text := range map[string]string{"nothing": "", "script": "#!/nowhere/sh\n", "elsewhere": "\x7fELF\x02\x01\x01no machine's"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for command, want := range map[string]string{
		"nowhere-to-be-found":     "executable file not found in $PATH",
		dir + "/missing":          "no such file or directory",
		dir + "/script":           "no such file or directory",
		dir + "/elsewhere":        "exec format error",
		dir + "/nothing":          "exec format error",
		"./within_test.go":        "permission denied",
		"/proc/self/exe/not/here": "not a directory",
	} {
		if found := start([]string{command}); len(found) != 1 || !strings.Contains(found[0], want) {
			t.Errorf("%s: it says %q, want %s", command, found, want)
		}
	}
}

func TestDependenciesThatAreNotReachedAreNamed(t *testing.T) {
	t.Parallel()
	got := reach([]string{"127.0.0.1:1", "nobody.invalid:80"})
	if len(got) != 2 || got[0] != "127.0.0.1:1\tconnection refused" || !strings.HasPrefix(got[1], "nobody.invalid:80\t") {
		t.Errorf("it says %q", got)
	}
}
