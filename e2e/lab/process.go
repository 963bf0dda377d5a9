package lab

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A process is one line of the machine's process table.
type process struct {
	pid, parent int
	args        []string
}

// processes lists the processes of the machine, without zombies: those have
// ended, and only wait for their parent.
func processes() ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	var all []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		command, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err != nil || len(command) == 0 { // ended meanwhile, a zombie, or a thread of the kernel
			continue
		}
		status, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "stat"))
		if err != nil {
			continue
		}
		// "pid (name) state parent …"; the name may contain anything.
		after := status[strings.LastIndexByte(string(status), ')')+1:]
		fields := strings.Fields(string(after))
		if len(fields) < 2 || fields[0] == "Z" {
			continue
		}
		parent, err := strconv.Atoi(fields[1])
		if err != nil {
			continue
		}
		all = append(all, process{pid: pid, parent: parent, args: strings.Split(strings.TrimRight(string(command), "\x00"), "\x00")})
	}
	return all, nil
}

// stopped returns when no thread of the process, which was told to stop, goes
// on any more.
func stopped(pid int) error {
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/stat", pid))
		if err != nil || len(threads) == 0 {
			return fmt.Errorf("process %d is not there", pid)
		}
		running := 0
		for _, thread := range threads {
			stat, err := os.ReadFile(thread)
			if err == nil && !bytes.Contains(stat, []byte(") T ")) {
				running++
			}
		}
		if running == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d threads of process %d do not stop", running, pid)
		}
	}
}
