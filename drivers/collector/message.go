package collector

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// priority is facility 13, log audit, and severity 6, informational.
const priority = 13*8 + 6

// header is what of a line is in the header of its message.
type header struct {
	Chain  string    `json:"chain"`
	Time   time.Time `json:"time"`
	Action string    `json:"action"`
}

// message is a line as RFC 5424 has it: its chain is the process id, its action
// the id of the message, and the text is the line as it is.
func message(line []byte) []byte {
	var h header
	_ = json.Unmarshal(line, &h) // a line that is no entry, because somebody changed it, goes without
	at := "-"
	if !h.Time.IsZero() {
		at = h.Time.UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	host, _ := os.Hostname()
	return fmt.Appendf(nil, "<%d>1 %s %s slipway %s %s - %s", priority, at, printable(host, 255), printable(h.Chain, 128), printable(h.Action, 32), line)
}

// printable is a text as a field of a header: never empty, without spaces, and
// not too long.
func printable(text string, most int) string {
	field := []byte(text[:min(len(text), most)])
	for i, c := range field {
		if c <= ' ' || c > '~' {
			field[i] = '_'
		}
	}
	return cmp.Or(string(field), "-")
}
