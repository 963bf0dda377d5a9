package collector

import (
	"errors"
	"syscall"

	"golang.org/x/sys/unix"
)

// giveUp has a connection end when the other end's kernel is silent for too
// long. Without it, what is sent to a machine that was switched off seems to be
// on its way for a quarter of an hour.
func giveUp(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	})
	return errors.Join(err, failed)
}
