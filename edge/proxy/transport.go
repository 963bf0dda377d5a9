package proxy

import (
	"net/http"
	"sync"
	"time"
)

// newTransport makes the connections of one release. They are its own: when an
// address passes to another release, no connection does.
func newTransport() *http.Transport {
	return &http.Transport{
		DialContext: dialer.DialContext,
		// As many are kept as were needed at once: a pool that is too small dials
		// for every request under load.
		MaxIdleConnsPerHost: 4096,
		// Shorter than the 5 s after which Node.js and uvicorn close an idle
		// connection: a POST on a connection that closes under it is lost.
		IdleConnTimeout:       4 * time.Second,
		ExpectContinueTimeout: time.Second,
		DisableCompression:    true, // what client and service agree on passes unchanged
		ReadBufferSize:        16 << 10,
		WriteBufferSize:       16 << 10,
	}
}

// buffers lends the buffers that answers are copied through.
type buffers struct{ pool sync.Pool }

const bufferSize = 32 << 10

// Get lends a buffer.
func (b *buffers) Get() []byte {
	if held, ok := b.pool.Get().(*[bufferSize]byte); ok {
		return held[:]
	}
	return make([]byte, bufferSize)
}

// Put takes a buffer back.
func (b *buffers) Put(buffer []byte) { b.pool.Put((*[bufferSize]byte)(buffer)) }
