package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A slot is a directory, and a number, that one engine, registry or group of
// hosts has to itself. A lock holds it for as long as this process lives; whoever takes it
// next first clears what a crashed owner left: processes, mounts, interfaces.
type slot struct {
	dir    string
	number int
	lock   *os.File
}

// slots is how many engines, registries, and groups of hosts one machine can
// run.
const slots = 64

// takeSlot takes the first free slot of a kind, cleared.
func takeSlot(kind string) (*slot, error) {
	root := filepath.Join(os.TempDir(), "slipway-lab")
	if err := os.MkdirAll(root, 0o755); err != nil {
		return nil, err
	}
	for n := range slots {
		dir := filepath.Join(root, kind+"-"+strconv.Itoa(n))
		lock, err := os.OpenFile(dir+".lock", os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
			lock.Close()
			if errors.Is(err, unix.EWOULDBLOCK) {
				continue
			}
			return nil, fmt.Errorf("lock %s: %w", lock.Name(), err)
		}
		s := &slot{dir: dir, number: n, lock: lock}
		if err := s.clear(); err != nil {
			lock.Close()
			return nil, fmt.Errorf("clear what an earlier run left in %s: %w", dir, err)
		}
		return s, os.MkdirAll(dir, 0o755)
	}
	return nil, fmt.Errorf("all %d slots for a %s in %s are taken", slots, kind, root)
}

// release clears the slot and lets others have it.
func (s *slot) release() error { return errors.Join(s.clear(), s.lock.Close()) }

// clear ends every process of the slot, takes down its network, unmounts what
// is below its directory, and removes that.
func (s *slot) clear() error {
	if err := s.kill(programs...); err != nil {
		return err
	}
	if err := s.network().remove(); err != nil {
		return err
	}
	if err := s.unmount(); err != nil {
		return err
	}
	return os.RemoveAll(s.dir)
}

// shim is the parent of each container's process.
const shim = "containerd-shim-runc-v2"

// programs are what a slot is made of, and the only ones that kill ends:
// somebody may be reading a log in the directory.
var programs = []string{"dockerd", "containerd", shim, "runc", "docker-registry", "slipway-edge", "slipway", "sshd"}

// kill ends, by process id, the slot's processes of those programs, and with a
// shim its container. It returns when they are gone.
func (s *slot) kill(programs ...string) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		all, err := processes()
		if err != nil {
			return err
		}
		var doomed []int
		shims := map[int]bool{}
		for _, p := range all {
			if s.runs(p, programs) {
				doomed = append(doomed, p.pid)
				shims[p.pid] = filepath.Base(p.args[0]) == shim
			}
		}
		if len(doomed) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v do not end", doomed)
		}
		for _, p := range all {
			if shims[p.parent] {
				doomed = append(doomed, p.pid)
			}
		}
		for _, pid := range doomed {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill process %d: %w", pid, err)
			}
		}
	}
}

// runs reports whether the process is one of the programs, and an argument
// names a file below the slot's directory.
func (s *slot) runs(p process, programs []string) bool {
	return slices.Contains(programs, filepath.Base(p.args[0])) &&
		slices.ContainsFunc(p.args[1:], func(arg string) bool { return strings.Contains(arg, s.dir+"/") })
}

// unmount detaches everything that is mounted below the slot's directory.
func (s *slot) unmount() error {
	table, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return err
	}
	lines := strings.Split(strings.TrimSpace(string(table)), "\n")
	for _, line := range slices.Backward(lines) { // the latest mounts first
		fields := strings.Fields(line)
		if len(fields) < 5 || !strings.HasPrefix(fields[4], s.dir+"/") {
			continue
		}
		if err := unix.Unmount(fields[4], unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", fields[4], err)
		}
	}
	return nil
}
