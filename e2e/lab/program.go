package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// A Program is one of the built binaries, or something else that a test runs
// beside itself. It is started again with the same arguments after it was
// killed.
type Program struct {
	Name    string                      // in errors
	Command []string                    //
	Env     []string                    // besides our own
	LogFile string                      // what it writes
	Output  io.Writer                   // instead of LogFile
	Ready   func(context.Context) error // nil when it is up

	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended
}

// Start starts the process and returns when it is ready.
func (p *Program) Start(ctx context.Context) error {
	if err := p.Launch(); err != nil {
		return err
	}
	return p.Await(ctx)
}

// Launch starts the process and does not wait for anything.
func (p *Program) Launch() error {
	log, err := os.OpenFile(p.LogFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.cmd, p.done = exec.Command(p.Command[0], p.Command[1:]...), make(chan struct{})
	p.cmd.Env = append(os.Environ(), p.Env...)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if p.Output != nil {
		p.cmd.Stdout, p.cmd.Stderr = p.Output, p.Output
	}
	// A process of ours does not outlive us, whatever ends us; but a Ctrl-C in the
	// terminal is for us alone: we end them in their order.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	started := make(chan error)
	go func(cmd *exec.Cmd, done chan struct{}) {
		runtime.LockOSThread() // Pdeathsig is about the thread that starts it
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
			close(done)
		}
	}(p.cmd, p.done)
	return <-started
}

// Running reports whether the process was started, and has not ended.
func (p *Program) Running() bool {
	if p.done == nil {
		return false
	}
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// readyTimeout is how long a program may take to be ready.
const readyTimeout = time.Minute

// Await returns when the process is ready.
func (p *Program) Await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		err := p.Ready(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-p.done:
			return fmt.Errorf("%s ended: %w\n%s", p.Name, p.err, p.Log())
		case <-ctx.Done():
			return fmt.Errorf("%s is not ready: %w\n%s", p.Name, err, p.Log())
		}
	}
}

// Kill ends the process at once, as a crash does, and returns when it is gone.
func (p *Program) Kill() error { return p.end(syscall.SIGKILL, time.Minute) }

// Stop asks the process to end, and returns when it has.
func (p *Program) Stop() error { return p.end(syscall.SIGTERM, 30*time.Second) }

// Close is Stop for a process that may have ended already.
func (p *Program) Close() error { return p.Stop() }

func (p *Program) end(sig syscall.Signal, patience time.Duration) error {
	if p.cmd == nil || p.cmd.Process == nil {
		return nil
	}
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
		_ = p.cmd.Process.Kill()
		<-p.done
		return fmt.Errorf("%s did not end within %s and was killed\n%s", p.Name, patience, p.Log())
	}
}

// Pid is the process id of the last start.
func (p *Program) Pid() int { return p.cmd.Process.Pid }

// Log is the end of what the process has said.
func (p *Program) Log() string {
	text, err := os.ReadFile(p.LogFile)
	if err != nil {
		return ""
	}
	return string(text[max(0, len(text)-8000):])
}
