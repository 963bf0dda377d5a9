package proxy

import (
	"errors"
	"io"
	"net"
	"net/http"
)

// A roundTripper sends a request to one upstream of its release. A failed dial
// moves it to the next: nothing was sent then. What was sent may have been
// carried out, so only a request that asks for nothing to be done goes to
// another upstream when its connection breaks without an answer, and only once:
// it may be what broke it. (The Transport does as much on a kept connection
// that turns out to be closed, with a new one to the same upstream.)
type roundTripper struct{}

// errAway is of a release to which there is no way any more.
var errAway = errors.New("this edge has no way to the service")

// RoundTrip sends.
func (roundTripper) RoundTrip(req *http.Request) (*http.Response, error) {
	v := visitOf(req.Context())
	r := v.entry.release
	var sending *upload
	if req.Body != nil {
		sending = &upload{Reader: req.Body}
		req.Body = sending
	}
	var tried []*upstream
	again := req.Body == nil && safe(req.Method)
	last := errAway
	for {
		u := r.pool.enter(tried)
		if u == nil {
			return nil, last
		}
		req.URL.Host = u.address
		res, err := r.transport.RoundTrip(req)
		if err == nil {
			u.wentWell()
			v.upstream = u // left when the visit ends
			return res, nil
		}
		u.leave()
		switch {
		case req.Context().Err() != nil, sending != nil && sending.failed: // no fault of the upstream's
			return nil, err
		case dialFailed(err):
			r.refused(u, err)
		default:
			r.broke(u, err)
			if !again {
				return nil, err
			}
			again = false
		}
		last, tried = err, append(tried, u)
	}
}

// safe reports whether the method asks for nothing to be done (RFC 9110,
// section 9.2.1).
func safe(method string) bool {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return true
	}
	return false
}

func dialFailed(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

// An upload is the body of a request. A Transport that cannot dial closes it,
// and the next upstream needs it: so it stays open.
type upload struct {
	io.Reader
	failed bool // it could not be read from the client
}

// Read reads from the client.
func (u *upload) Read(b []byte) (int, error) {
	n, err := u.Reader.Read(b)
	if err != nil && !errors.Is(err, io.EOF) {
		u.failed = true
	}
	return n, err
}

// Close does nothing: the server closes the body of a request that it is done
// with.
func (*upload) Close() error { return nil }
