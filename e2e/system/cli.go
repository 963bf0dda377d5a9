package system

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
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

// Token is what somebody who is signed in sends to the API; empty: nobody is.
func (s *System) Token(user string) (string, error) {
	text, err := os.ReadFile(filepath.Join(s.home(user), "credentials.json"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var kept struct {
		Servers map[string]struct{ Token string }
	}
	if err := json.Unmarshal(text, &kept); err != nil {
		return "", fmt.Errorf("credentials of %s: %w", user, err)
	}
	return kept.Servers[s.URL].Token, nil
}

// Get asks the API itself, once, as somebody who is signed in. Who asks again and
// again had better not start a process each time.
func (s *System) Get(ctx context.Context, user, path string, into any) error {
	token, err := s.Token(user)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/api/v1"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %s", path, resp.Status, body)
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(body, into)
}

// home is where a person's slipway keeps what it keeps.
func (s *System) home(user string) string { return filepath.Join(s.Dir, "home", user) }

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
	cmd.Env = append(os.Environ(), "SLIPWAY_URL="+s.URL, "SLIPWAY_HOME="+s.home(user), "NO_COLOR=1")
	return cmd
}
