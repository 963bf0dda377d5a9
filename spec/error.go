package spec

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"slipway"
)

// maxReported bounds how many problems of one file are reported.
const maxReported = 20

// An Error is one problem of a file. It quotes no value that may be a secret.
type Error struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`   // from 1; 0: the file as a whole
	Column  int    `json:"column,omitempty"` // from 1; 0: the whole line
	Field   string `json:"field,omitempty"`  // "container.environment"; empty: the whole document
	Message string `json:"message"`          // what was found and what would be right
}

// Error is the problem on one line: "service.yaml:7: container.port: …".
func (e Error) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d", e.Line)
	}
	b.WriteString(": ")
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Message)
	return b.String()
}

// Errors are the problems of one file in the order of its lines, at least one
// and at most about twenty. slipway.ErrorCode says CodeInvalid.
type Errors []Error

// Error is all problems, one to a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, problem := range e {
		lines[i] = problem.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap is the same as a *slipway.Error, so that it travels with its code.
func (e Errors) Unwrap() error {
	return &slipway.Error{Code: slipway.CodeInvalid, Message: e.Error()}
}

// report sorts, bounds, and returns nil rather than empty Errors.
func report(file string, problems []Error) error {
	if len(problems) == 0 {
		return nil
	}
	slices.SortStableFunc(problems, func(a, b Error) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	problems = slices.Compact(problems) // an aliased value is read wherever it is used
	if more := len(problems) - maxReported; more > 0 {
		problems = append(problems[:maxReported:maxReported], Error{File: file, Message: fmt.Sprintf("%d more problems are not shown", more)})
	}
	return Errors(problems)
}
