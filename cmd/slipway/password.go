package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/term"

	"slipway"
)

// maxPassword bounds what is read of a password, in bytes.
const maxPassword = 4 << 10

// password is the first line of standard input, or what a person types, which
// the terminal does not show.
func (p *program) password(ctx context.Context, user, url string, fromStdin bool) (string, error) {
	if !fromStdin {
		return p.askPassword(ctx, user, url)
	}
	line, err := bufio.NewReader(io.LimitReader(p.stdin, maxPassword)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("read password: %w", err)
	}
	if line = strings.TrimRight(line, "\r\n"); line == "" {
		return "", slipway.Errorf(slipway.CodeInvalid, "standard input holds no password")
	}
	return line, nil
}

func (p *program) askPassword(ctx context.Context, user, url string) (string, error) {
	fd := int(p.stdin.Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", errNoPassword
	}
	fmt.Fprintf(p.out.stderr, "password of %s at %s: ", user, url)
	defer fmt.Fprintln(p.out.stderr)
	type typed struct {
		text []byte
		err  error
	}
	line := make(chan typed, 1)
	go func() {
		text, err := term.ReadPassword(fd)
		line <- typed{text, err}
	}()
	select {
	case <-ctx.Done():
		// The read goes on until the process ends, which is now; the terminal
		// must show again what is typed.
		_ = term.Restore(fd, before)
		return "", ctx.Err()
	case got := <-line:
		if got.err != nil {
			return "", fmt.Errorf("read password: %w", got.err)
		}
		return string(got.text), nil
	}
}
