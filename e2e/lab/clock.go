package lab

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"time"
)

// ClockOff has the Docker Engine behind a Proxy say that its host's clock is
// that far off. It is the one fault that is not real: no process can have a
// clock of its own. A time namespace leaves the time of day alone, and what
// wraps the C library does not reach a Go program like dockerd, which asks the
// kernel.
func ClockOff(by time.Duration) Fault {
	return Fault{
		Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/info") },
		Do: func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			answer := httptest.NewRecorder()
			next.ServeHTTP(answer, r)
			body := shifted(answer.Body.Bytes(), by)
			maps.Copy(w.Header(), answer.Header())
			w.Header().Set("Content-Length", strconv.Itoa(len(body)))
			w.WriteHeader(answer.Code)
			_, _ = io.Copy(w, bytes.NewReader(body))
		},
	}
}

// shifted is the engine's description of itself at another time.
func shifted(info []byte, by time.Duration) []byte {
	var fields map[string]json.RawMessage
	var at time.Time
	if json.Unmarshal(info, &fields) != nil || json.Unmarshal(fields["SystemTime"], &at) != nil {
		return info
	}
	fields["SystemTime"], _ = json.Marshal(at.Add(by)) // a time always can be
	out, err := json.Marshal(fields)
	if err != nil {
		return info
	}
	return out
}
