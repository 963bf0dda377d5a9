package slipway

// A Request says who wants something of a release that is there already, and
// why.
type Request struct {
	By        string `json:"by"`
	Reason    string `json:"reason,omitempty"`
	Signature string `json:"signature,omitempty"` // a RequestStatement by the API; without it a release ignores the request
}

// String is the request as a reason that people read.
func (r Request) String() string {
	if r.Reason == "" {
		return r.By
	}
	return r.By + ": " + r.Reason
}
