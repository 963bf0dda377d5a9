package client

import (
	"bufio"
	"bytes"
	"io"
)

// maxEvent bounds one line of a stream, in bytes.
const maxEvent = 4 << 20

// readEvents calls happened with the data of every server-sent event, and alive
// for every line, comments included, until the stream ends or happened returns
// false. The data is good until happened returns.
func readEvents(stream io.Reader, alive func(), happened func(data []byte) bool) {
	lines := bufio.NewScanner(stream)
	lines.Buffer(nil, maxEvent)
	var data []byte
	for lines.Scan() {
		alive()
		line := lines.Bytes()
		if text, ok := bytes.CutPrefix(line, []byte("data:")); ok {
			data = append(data, text...)
			data = append(data, '\n')
		}
		if len(line) > 0 || len(data) == 0 {
			continue
		}
		if !happened(data) {
			return
		}
		data = data[:0]
	}
}
