package system

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// A Result is what a command of slipway gave.
type Result struct {
	Status int // exit status
	Stdout string
	Stderr string
}

// CLI runs slipway as a person who is signed in on a machine of their own. It
// fails only where the command could not be run.
func (s *System) CLI(ctx context.Context, user string, args ...string) (Result, error) {
	return s.run(ctx, user, "", args...)
}

// SignIn signs a person in.
func (s *System) SignIn(ctx context.Context, user string) error {
	result, err := s.run(ctx, user, Password+"\n", "login", "--user", user, "--password-stdin")
	if err == nil && result.Status != 0 {
		err = fmt.Errorf("sign in as %s: status %d: %s", user, result.Status, result.Stderr)
	}
	return err
}

func (s *System) run(ctx context.Context, user, stdin string, args ...string) (Result, error) {
	cmd := s.Command(ctx, user, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok && exit.Exited() {
		err = nil
	}
	return Result{Status: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}, err
}

// Command is a command of slipway, to be run with streams of the caller's.
func (s *System) Command(ctx context.Context, user string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, s.Bin("slipway"), args...)
	cmd.Env = append(os.Environ(), "SLIPWAY_URL="+s.URL, "SLIPWAY_HOME="+filepath.Join(s.Dir, "home", user), "NO_COLOR=1")
	return cmd
}
