package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A namespace is a network of its own, by name. Whoever runs in it sees other
// interfaces, routes and firewall rules than the machine.
type namespace string

// namespaces is where ip keeps those that have a name.
const namespaces = "/run/netns"

func (n namespace) file() string { return filepath.Join(namespaces, string(n)) }

func (n namespace) make() error {
	return errors.Join(run("ip", "netns", "add", string(n)), n.ip("link", "set", "lo", "up"))
}

// enter is the beginning of a command line that runs inside. It is not "ip
// netns exec", which mounts another /sys: dockerd finds no cgroups there.
func (n namespace) enter() []string { return []string{"nsenter", "--net=" + n.file()} }

// run runs a program inside, to its end.
func (n namespace) run(command ...string) error { return run(append(n.enter(), command...)...) }

// do does something in one thread that is inside meanwhile.
func (n namespace) do(something func() error) error {
	there, err := os.Open(n.file())
	if err != nil {
		return err
	}
	defer there.Close()
	runtime.LockOSThread()
	own, err := os.Open("/proc/thread-self/ns/net")
	if err != nil {
		return err
	}
	defer own.Close()
	if err := unix.Setns(int(there.Fd()), unix.CLONE_NEWNET); err != nil {
		return err
	}
	err = something()
	if back := unix.Setns(int(own.Fd()), unix.CLONE_NEWNET); back != nil {
		return errors.Join(err, back) // the thread stays locked, and ends with the goroutine
	}
	runtime.UnlockOSThread()
	return err
}

// ip runs ip on the interfaces inside.
func (n namespace) ip(args ...string) error {
	return run(append([]string{"ip", "-n", string(n)}, args...)...)
}

// remove ends every process inside, by its id, and takes the name away; with
// that the interfaces go. It is no error if there is no such namespace.
func (n namespace) remove() error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		inside, err := n.processes()
		if err != nil {
			return err
		}
		if len(inside) == 0 {
			break
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v do not leave network namespace %s", inside, n)
		}
		for _, pid := range inside {
			if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
				return fmt.Errorf("kill process %d: %w", pid, err)
			}
		}
	}
	if _, err := os.Stat(n.file()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	return run("ip", "netns", "delete", string(n))
}

// processes are the ids of those that run inside.
func (n namespace) processes() ([]int, error) {
	own, err := os.Stat(n.file())
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all, err := processes()
	if err != nil {
		return nil, err
	}
	var inside []int
	for _, p := range all {
		of, err := os.Stat(fmt.Sprintf("/proc/%d/ns/net", p.pid))
		if err == nil && os.SameFile(of, own) {
			inside = append(inside, p.pid)
		}
	}
	return inside, nil
}

// run runs a program to its end; what it says is part of the error.
func run(command ...string) error {
	out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(command, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
