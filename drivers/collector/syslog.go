package collector

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"time"
)

const (
	// silence is how long the other end's kernel may leave what was sent to it
	// unacknowledged, before the connection is lost.
	silence = 10 * time.Second

	// settles leaves a collector as long again to read what its kernel has.
	settles = 2 * silence

	// datagram is what fits into one over UDP; the rest is cut off, as RFC 5424
	// lets who sends.
	datagram = 65_507
)

// syslog sends messages of RFC 5424: over TCP and TLS with their lengths before
// them (RFC 6587, octet counting; RFC 5425), over UDP one in each datagram (RFC
// 5426). Syslog acknowledges nothing. What is known is that a connection is
// gone, and then what was sent over it lately is in doubt.
type syslog struct {
	network, address string
	trust            *tls.Config // nil: no TLS
	settles          time.Duration

	connection net.Conn   // nil: none
	over       chan error // of the connection: why it has ended
}

func (s *syslog) Send(ctx context.Context, lines [][]byte) (err error) {
	if err := s.Lost(); err != nil {
		return err
	}
	if s.connection == nil {
		if err := s.connect(ctx); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() { _ = s.connection.SetWriteDeadline(time.Unix(1, 0)) })
	defer stop()
	if err := s.write(lines); err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return fmt.Errorf("send to %s: %w", s.address, err)
	}
	return nil
}

func (s *syslog) write(lines [][]byte) error {
	if s.network == "udp" {
		for _, line := range lines {
			m := message(line)
			if _, err := s.connection.Write(m[:min(len(m), datagram)]); err != nil {
				return err
			}
		}
		return nil
	}
	var text bytes.Buffer
	for _, line := range lines {
		m := message(line)
		fmt.Fprintf(&text, "%d %s", len(m), m)
	}
	_, err := s.connection.Write(text.Bytes())
	return err
}

func (s *syslog) connect(ctx context.Context) (err error) {
	dialer := &net.Dialer{}
	if s.network == "tcp" {
		dialer.Control = giveUp
	}
	if s.trust != nil {
		s.connection, err = (&tls.Dialer{NetDialer: dialer, Config: s.trust}).DialContext(ctx, s.network, s.address)
	} else {
		s.connection, err = dialer.DialContext(ctx, s.network, s.address)
	}
	if err != nil {
		s.connection = nil
		return fmt.Errorf("connect to %s: %w", s.address, err)
	}
	// Nothing is expected to come back but the end, or over UDP that nobody
	// listens.
	connection, over := s.connection, make(chan error, 1)
	s.over = over
	go func() {
		_, err := io.Copy(io.Discard, connection)
		if err == nil {
			err = errors.New("it has closed the connection")
		}
		over <- err
	}()
	return nil
}

func (s *syslog) Lost() error {
	if s.connection == nil {
		return nil
	}
	select {
	case err := <-s.over:
		s.over <- err // for whoever asks again
		return fmt.Errorf("lost %s: %w", s.address, err)
	default:
		return nil
	}
}

func (s *syslog) Settles() time.Duration { return s.settles }

func (s *syslog) Close() error {
	if s.connection == nil {
		return nil
	}
	err := s.connection.Close()
	s.connection = nil
	return err
}
