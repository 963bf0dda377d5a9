package main

// The rules of the user interface:
//
//   - What was asked for goes to standard output; progress, hints and errors go
//     to standard error. With -o json, standard output carries exactly one JSON
//     value, also when the command fails, and nothing else.
//   - Sentences start in lower case and have no period at the end. They say
//     what is and what to do next, never that something "was successful".
//   - Errors begin with "slipway: ", except problems of a file, which begin
//     with file:line: so that editors find them. Hints begin with "hint: ".
//   - A terminal sees progress move; a log gets one line for each change.
//   - Every release that is followed ends with one line that sums it up. A
//     reason of several lines, such as the last words of a container, follows
//     it indented.
//   - Colour only adds to words, only on a terminal, and not if NO_COLOR is set.
//   - What others wrote (reasons, the output of containers) is shown without
//     control characters: it must not be able to move the cursor.
//   - Nothing is asked, except for a password.

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"

	"golang.org/x/term"

	"slipway"
	"slipway/spec"
)

// An output is where a command speaks.
type output struct {
	stdout, stderr io.Writer
	json           bool  // standard output is one JSON value
	color          bool  // standard output may be coloured
	moving         bool  // standard error is a terminal whose lines can be redrawn
	live           *bars // what moves there now, if anything does
}

func newOutput(stdout, stderr *os.File, getenv func(string) string) *output {
	smart := getenv("TERM") != "dumb"
	return &output{
		stdout: stdout,
		stderr: stderr,
		color:  smart && getenv("NO_COLOR") == "" && term.IsTerminal(int(stdout.Fd())),
		moving: smart && redrawable(stderr),
	}
}

// redrawable reports whether f is a terminal that knows its size: some in
// containers and CI say 0, and would show nothing.
func redrawable(f *os.File) bool {
	width, height, err := term.GetSize(int(f.Fd()))
	return err == nil && width > 0 && height > 0
}

// result says what was asked for: value as JSON, or lines of text.
func (o *output) result(value any, text string) error {
	if !o.json {
		_, err := fmt.Fprintln(o.stdout, strings.TrimRight(text, "\n"))
		return err
	}
	encoder := json.NewEncoder(o.stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// note tells a person what goes on.
func (o *output) note(text string) {
	text = "slipway: " + printable(text) + "\n"
	if o.live != nil {
		o.live.above(text)
		return
	}
	fmt.Fprint(o.stderr, text)
}

// hint tells a person what to do next.
func (o *output) hint(text string) { fmt.Fprintln(o.stderr, "hint: "+printable(text)) }

// fail says why there is no result.
func (o *output) fail(err error) {
	problems, ofFile := errors.AsType[spec.Errors](err)
	if o.json {
		var value struct {
			Error struct {
				Code    slipway.Code `json:"code"`
				Message string       `json:"message"`
				Errors  spec.Errors  `json:"errors,omitempty"`
			} `json:"error"`
		}
		value.Error.Code, value.Error.Message, value.Error.Errors = slipway.ErrorCode(err), err.Error(), problems
		_ = o.result(value, "") // with standard output gone, nobody is left to tell
	}
	if ofFile {
		fmt.Fprintln(o.stderr, printable(problems.Error()))
		return
	}
	fmt.Fprintln(o.stderr, "slipway: "+printable(err.Error()))
}

// table lays out rows of cells in columns.
func table(rows [][]string) string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			row[i] = strings.Map(flatten, printable(cell))
		}
		fmt.Fprintln(w, strings.TrimRight(strings.Join(row, "\t"), "\t"))
	}
	_ = w.Flush() // into memory
	return b.String()
}

// flatten keeps a cell within its column.
func flatten(r rune) rune {
	if r == '\n' || r == '\t' {
		return ' '
	}
	return r
}

// printable is s without control characters but line ends and tabs.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) || r == '\n' || r == '\t' {
			return r
		}
		return unicode.ReplacementChar
	}, strings.ReplaceAll(s, "\r\n", "\n"))
}

// indent sets every line but the first in.
func indent(s string) string {
	return strings.ReplaceAll(strings.TrimRight(s, "\n"), "\n", "\n    ")
}
