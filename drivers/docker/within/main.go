// Within is the program that Slipway runs in throw-away containers on a host, to
// see from within what shows nowhere else. It is small, static, and needs
// nothing around it; package docker carries it along, as an archive for each
// platform that a test builds from this source.
//
//	slipway-within reach HOST:PORT…    which of these a container there does not reach
//	slipway-within start COMMAND ARG…  whether a command can be started there
//
// What is found is printed, a line each; the status is 1 if anything is.
package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"syscall"
	"time"
)

// patience is how long each dependency has to answer: a packet may be lost, and
// is sent again after a second.
const patience = 3 * time.Second

// source is the hash of the source that the program was built from.
var source string

func main() {
	var found []string
	switch args := os.Args[1:]; {
	case len(args) > 1 && args[0] == "reach":
		found = reach(args[1:])
	case len(args) > 1 && args[0] == "start":
		found = start(args[1:])
	default:
		fmt.Fprintln(os.Stderr, "slipway-within reach HOST:PORT… | start COMMAND ARG…; built from", source)
		os.Exit(2)
	}
	for _, line := range found {
		fmt.Println(line)
	}
	if len(found) > 0 {
		os.Exit(1)
	}
}

// reach connects to all of them side by side. A line is a dependency and, behind
// a tab, why it is not reached.
func reach(dependencies []string) []string {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	failed := make([]error, len(dependencies))
	var all sync.WaitGroup
	for i, at := range dependencies {
		all.Go(func() {
			connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
			if err != nil {
				failed[i] = err
				return
			}
			_ = connection.Close()
		})
	}
	all.Wait()
	var found []string
	for i, at := range dependencies {
		if failed[i] != nil {
			found = append(found, at+"\t"+why(failed[i]))
		}
	}
	return found
}

// why is the reason alone, without what was dialled from where.
func why(err error) string {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return "there is no such name"
		}
		return "its name cannot be looked up: " + dns.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return "no answer within " + patience.String()
	}
	if number, ok := errors.AsType[syscall.Errno](err); ok {
		return number.Error()
	}
	return err.Error()
}

// start has the kernel start a command and stop it before its first instruction:
// that there is such a program, that this machine and this user may run it, and
// that what interprets it is there, too, is known by then, and nothing of it has
// run. Where nobody may stop a program so, nothing is known, and nothing found.
func start(command []string) []string {
	runtime.LockOSThread() // whoever stops a program is a thread
	if started("/proc/self/exe") != nil {
		return nil
	}
	if err := started(command[0], command[1:]...); err != nil {
		return []string{err.Error()}
	}
	return nil
}

func started(name string, args ...string) error {
	cmd := exec.Command(name, args...) //nolint:gosec // what is started is stopped
	cmd.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return err
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	return nil
}
