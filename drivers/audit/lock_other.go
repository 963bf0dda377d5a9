//go:build !unix

package audit

import (
	"errors"
	"os"
)

// tryLock is not to be had here: the log is written on hosts that run Docker,
// and read anywhere.
func tryLock(string) (f *os.File, ok bool, err error) {
	return nil, false, errors.ErrUnsupported
}

// held is never so here.
func held(string) bool { return false }
