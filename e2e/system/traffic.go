package system

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Traffic is a steady stream of requests through the edge, as people's browsers
// would send it: four in five on kept-alive connections, one in five on a new
// one. Requests are sent at their time, whether or not earlier ones are
// answered.
type Traffic struct {
	url, host string
	kept      *http.Client
	fresh     *http.Client
	stop      context.CancelFunc
	done      chan struct{}

	mu      sync.Mutex
	answers map[string]int // by what answered: a version
	failed  []string       // the first few, for people
	lost    []time.Time    // when each request began that failed
	total   int
	first   map[string]time.Time // when a version was first heard
	last    map[string]time.Time // and last
}

// requestTimeout is how long one request may take.
const requestTimeout = 10 * time.Second

// StartTraffic begins to send so many requests a second to the named service.
func (s *System) StartTraffic(ctx context.Context, service string, perSecond int) *Traffic {
	return StartTraffic(ctx, s.EdgeURL, service, perSecond)
}

// StartTraffic begins to send so many requests a second to the named service
// through an edge.
func StartTraffic(ctx context.Context, edgeURL, service string, perSecond int) *Traffic {
	ctx, stop := context.WithCancel(ctx)
	t := &Traffic{
		url: edgeURL, host: Host(service), stop: stop, done: make(chan struct{}),
		answers: map[string]int{}, first: map[string]time.Time{}, last: map[string]time.Time{},
	}
	t.kept = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 256}, Timeout: requestTimeout}
	t.fresh = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: requestTimeout}
	go t.run(ctx, time.Second/time.Duration(perSecond))
	return t
}

func (t *Traffic) run(ctx context.Context, every time.Duration) {
	defer close(t.done)
	var wg sync.WaitGroup
	defer wg.Wait()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for n := 0; ; n++ {
		client := t.kept
		if n%5 == 0 {
			client = t.fresh
		}
		wg.Go(func() { t.request(client) })
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
	}
}

// request is not cut short when the traffic stops: what was begun is to be
// answered.
func (t *Traffic) request(client *http.Client) {
	begun := time.Now()
	req, err := http.NewRequest(http.MethodGet, t.url+"/", nil)
	if err != nil {
		panic(err)
	}
	req.Host = t.host
	version, err := answer(client, req)
	t.mu.Lock()
	defer t.mu.Unlock()
	t.total++
	if err != nil {
		t.lost = append(t.lost, begun)
		if len(t.failed) < 5 {
			t.failed = append(t.failed, fmt.Sprintf("%s, begun %s", err, begun.Format("15:04:05.000")))
		}
		return
	}
	t.answers[version]++
	if _, heard := t.first[version]; !heard {
		t.first[version] = time.Now()
	}
	t.last[version] = time.Now()
}

func answer(client *http.Client, req *http.Request) (string, error) {
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<16))
	if err != nil {
		return "", err
	}
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %.80s", resp.Status, body)
	}
	return strings.TrimSpace(string(body)), nil
}

// Report is what became of the requests so far.
type Report struct {
	Total    int
	Failures int
	Failed   []string       // the first few
	Lost     []time.Time    // when each one began that failed
	Answers  map[string]int // by version
	First    map[string]time.Time
	Last     map[string]time.Time
}

// Stop sends no more, waits for the answers that are due, and reports.
func (t *Traffic) Stop() Report {
	t.stop()
	<-t.done
	t.kept.CloseIdleConnections()
	return t.Report()
}

// Report is how it stands now.
func (t *Traffic) Report() Report {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := Report{
		Total: t.total, Failures: len(t.lost), Failed: slices.Clone(t.failed), Lost: slices.Clone(t.lost),
		Answers: map[string]int{}, First: map[string]time.Time{}, Last: map[string]time.Time{},
	}
	for version, n := range t.answers {
		r.Answers[version], r.First[version], r.Last[version] = n, t.first[version], t.last[version]
	}
	return r
}

// Ask sends one request to the named service and returns the version that
// answered.
func (s *System) Ask(ctx context.Context, service string) (string, error) {
	return Ask(ctx, s.EdgeURL, service)
}

// Ask asks as the method does, through an edge.
func Ask(ctx context.Context, edgeURL, service string) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, edgeURL+"/", nil)
	if err != nil {
		return "", err
	}
	req.Host = Host(service)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: (&net.Dialer{}).DialContext}, Timeout: requestTimeout}
	return answer(client, req)
}
