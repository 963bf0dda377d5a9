package proxy

import (
	"errors"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// silence is how long an upstream's kernel may leave what was sent to it
// unacknowledged. It is no limit for an answer. Without one, a request on a
// connection to a host that has been cut off ends after a quarter of an hour.
const silence = 10 * time.Second

// giveUp applies silence to a connection.
func giveUp(_, _ string, conn syscall.RawConn) error {
	var failed error
	err := conn.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(silence.Milliseconds()))
	})
	return errors.Join(err, failed)
}
