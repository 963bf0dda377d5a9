package slipway

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestErrorCode(t *testing.T) {
	notFound := Errorf(CodeNotFound, "no such tag")
	for _, test := range []struct {
		err  error
		want Code
	}{
		{nil, ""},
		{io.EOF, CodeInternal},
		{notFound, CodeNotFound},
		{fmt.Errorf("resolve: %w", notFound), CodeNotFound},
		{errors.Join(io.EOF, notFound), CodeNotFound},
		{Errorf(CodeUnavailable, "registry: %w", notFound), CodeUnavailable},
	} {
		if got := ErrorCode(test.err); got != test.want {
			t.Errorf("%v: got %q, want %q", test.err, got, test.want)
		}
	}
}

func TestErrorfKeepsTheCauseAndSaysTheWholeMessage(t *testing.T) {
	err := Errorf(CodeUnavailable, "read %s: %w", "index", io.ErrUnexpectedEOF)
	if !errors.Is(err, io.ErrUnexpectedEOF) || err.Error() != "read index: unexpected EOF" {
		t.Errorf("got %v", err)
	}
	if Errorf(CodeInvalid, "nothing wrapped").Unwrap() != nil {
		t.Error("has a cause")
	}
}
