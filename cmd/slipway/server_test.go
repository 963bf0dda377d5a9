package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"slipway"
	"slipway/spec"
)

// A fakeServer speaks the contract of the API over real HTTP, with releases
// that go through the states of a play. Whenever a state has been shown, the next one
// follows.
type fakeServer struct {
	*httptest.Server
	door *door

	mu       sync.Mutex
	moved    *sync.Cond
	releases map[string]*play
	order    []string          // ids, the latest last
	answers  map[string]string // idempotency key → id
	requests []string          // method and path of each request
	busy     int               // how many requests to answer with 503
	held     string            // the release that holds what served before
	locked   *slipway.Lock     // the lock of search/query-api
	stopped  []slipway.Stop    // of search, or nothing
	cordoned *slipway.Cordon   // of h2, the only host that may be
	left     int               // how often something is still said to run there
	joined   int               // how often it was asked how far a host has joined
}

// A play is one release on its way.
type play struct {
	states []slipway.Release
	at     int
	seen   slipway.Phase  // the last that was shown
	after  map[int]func() // what happens once a state has been seen
	blind  bool           // no stream of events
}

func newFakeServer() *fakeServer {
	s := &fakeServer{releases: map[string]*play{}, answers: map[string]string{}}
	s.moved = sync.NewCond(&s.mu)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /api/v1/login", s.login)
	for pattern, handler := range map[string]func(*http.Request) (any, error){
		"POST /releases":                        s.submit,
		"GET /releases":                         s.list,
		"POST /adoptions":                       s.adopt,
		"POST /plan":                            s.plan,
		"POST /preflight":                       s.preflight,
		"GET /releases/{id}":                    s.look,
		"POST /releases/{id}/abort":             s.abort,
		"POST /releases/{id}/accept":            s.accept,
		"POST /releases/{id}/decisions":         s.decide,
		"POST /releases/{id}/break-glass":       s.breakGlass,
		"GET /services":                         s.services,
		"DELETE /services/{project}/{s}":        s.remove,
		"GET /hosts":                            s.hosts,
		"GET /audit":                            s.auditLog,
		"GET /audit/anchor":                     s.auditAnchor,
		"GET /hosts/{host}/cordon":              s.hostCare,
		"POST /hosts/{host}/cordon":             s.cordon,
		"POST /hosts/{host}/drain":              s.cordon,
		"DELETE /hosts/{host}/cordon":           s.uncordon,
		"GET /hosts/{host}/join":                s.join,
		"POST /hosts/{host}/join":               s.join,
		"DELETE /hosts/{host}":                  s.removeHost,
		"GET /line":                             s.stops,
		"POST /projects/{project}/line":         s.stopLine,
		"DELETE /projects/{project}/line":       s.resumeLine,
		"POST /services/{project}/{s}/rollback": s.rollback,
		"POST /services/{project}/{s}/restart":  s.restart,
		"POST /services/{project}/{s}/lock":     s.lock,
		"DELETE /services/{project}/{s}/lock":   s.unlock,
	} {
		method, path, _ := strings.Cut(pattern, " ")
		mux.HandleFunc(method+" /api/v1"+path, s.signedIn(handler))
	}
	mux.HandleFunc("GET /api/v1/releases/{id}/events", s.events)
	s.Server = httptest.NewUnstartedServer(mux)
	s.door = &door{Listener: s.Listener}
	s.Listener = s.door
	s.Start()
	return s
}

// A door is a listener that can turn callers away, as if nobody were at home.
type door struct {
	net.Listener
	mu     sync.Mutex
	closed int // for how many callers more
}

func (d *door) Accept() (net.Conn, error) {
	for {
		conn, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		d.mu.Lock()
		away := d.closed > 0
		if away {
			d.closed--
		}
		d.mu.Unlock()
		if !away {
			return conn, nil
		}
		conn.Close()
	}
}

// leave turns the next callers away, and hangs up on those who are connected
// when they speak next.
func (s *fakeServer) leave(callers int) {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	s.door.closed = callers
}

// hangUp ends a connection without an answer if nobody is at home.
func (s *fakeServer) hangUp() {
	s.door.mu.Lock()
	defer s.door.mu.Unlock()
	if s.door.closed > 0 {
		panic(http.ErrAbortHandler)
	}
}

func (s *fakeServer) signedIn(handler func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		answer, err := s.answer(r, handler)
		if err != nil {
			writeProblem(w, err)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(answer)
	}
}

func (s *fakeServer) answer(r *http.Request, handler func(*http.Request) (any, error)) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	if s.busy > 0 {
		s.busy--
		return nil, slipway.Errorf(slipway.CodeUnavailable, "no worker has answered in time")
	}
	if err := authorize(r); err != nil {
		return nil, err
	}
	return handler(r)
}

func authorize(r *http.Request) error {
	switch r.Header.Get("Authorization") {
	case "Bearer token-of-ann":
		return nil
	case "Bearer token-of-vic":
		if r.Method == http.MethodGet {
			return nil
		}
		return slipway.Errorf(slipway.CodeForbidden, "vic may not do this in project search: it takes the role releaser")
	default:
		return slipway.Errorf(slipway.CodeUnauthenticated, "nobody is signed in")
	}
}

func writeProblem(w http.ResponseWriter, err error) {
	status := map[slipway.Code]int{
		slipway.CodeInvalid: 422, slipway.CodeUnauthenticated: 401, slipway.CodeForbidden: 403, slipway.CodeNotFound: 404,
		slipway.CodeConflict: 409, slipway.CodeTooMany: 429, slipway.CodeUnavailable: 503, slipway.CodeInternal: 500,
	}[slipway.ErrorCode(err)]
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"title": http.StatusText(status), "status": status, "detail": err.Error(), "code": slipway.ErrorCode(err),
	})
}

func (s *fakeServer) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ User, Password string }
	_ = json.NewDecoder(r.Body).Decode(&body)
	if body.User != "ann" || body.Password != "correct horse" {
		writeProblem(w, slipway.Errorf(slipway.CodeUnauthenticated, "name or password is wrong"))
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{
		"token": "token-of-ann", "user": "ann", "groups": []string{"search-dev"}, "expires_at": began.Add(12 * time.Hour),
	})
}

func (s *fakeServer) submit(r *http.Request) (any, error) {
	var body struct {
		ServiceFile string `json:"service_file"`
		Tag         string
		Force       bool
		Reason      string
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%w", err)
	}
	service, err := spec.ParseService("service.yaml", []byte(body.ServiceFile))
	if err != nil {
		return nil, err
	}
	key := r.Header.Get("Idempotency-Key")
	if key == "" {
		return nil, slipway.Errorf(slipway.CodeInvalid, "no idempotency key")
	}
	if body.Tag == "lost-answer" && s.answers[key] == "" {
		s.answers[key] = s.start(service.ServiceID, body.Tag, body.Reason)
		s.leave(2) // the release is taken, the answer never arrives
		s.hangUp()
	}
	if s.answers[key] == "" {
		s.answers[key] = s.start(service.ServiceID, body.Tag, body.Reason)
	}
	return s.releases[s.answers[key]].now(), nil
}

func (s *fakeServer) adopt(r *http.Request) (any, error) {
	var body struct {
		ServiceFile string `json:"service_file"`
		Container   string
		Retire      bool
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "%w", err)
	}
	service, err := spec.ParseService("service.yaml", []byte(body.ServiceFile))
	if err != nil {
		return nil, err
	}
	return s.releases[s.start(service.ServiceID, "adopted", body.Container)].now(), nil
}

func (s *fakeServer) plan(r *http.Request) (any, error) {
	var body struct{ Tag string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	if body.Tag == "absent" {
		return nil, slipway.Errorf(slipway.CodeNotFound, "there is no search/query-api:absent")
	}
	return preview(two.ServiceID), nil
}

func (s *fakeServer) preflight(r *http.Request) (any, error) {
	var body struct{ Host string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		return nil, err
	}
	return report(body.Host), nil
}

// report is how hosts are: h1 is fit, and the other does not answer.
func report(host string) slipway.PreflightReport {
	out := slipway.PreflightReport{
		Hosts: []slipway.HostReport{{Name: "h1", Facts: slipway.HostFacts{
			Platform: "linux/amd64", Version: "29.1.3", API: "1.52", Kernel: "6.1.0-13", StorageDriver: "overlay2", Cgroup: "2", LiveRestore: true,
			Answered: slipway.Duration(12345 * time.Microsecond), Disk: &slipway.Disk{Root: "/var/lib/docker", Free: 5 << 30},
		}}},
		Findings: []slipway.Finding{{Host: "h1", Check: "docker", Severity: slipway.Warn, Found: `Docker is "29.1.3"; when what serves went live it was "29.1.2"`}},
		Fit:      true,
	}
	if host == "" {
		out.Hosts = append(out.Hosts, slipway.HostReport{Name: "h2", Error: "the Docker Engine did not answer in time"})
		out.Findings = append(out.Findings, slipway.Finding{Host: "h2", Check: "answer", Severity: slipway.Refuse, Found: "the Docker Engine did not answer in time"})
		out.Fit = false
	}
	return out
}

// preview is what a release of v2 would do.
func preview(id slipway.ServiceID) slipway.Preview {
	return slipway.Preview{
		ServiceID: id, Live: id.Key() + ".1", Image: slipway.Image{Repository: "search/query-api", Tag: "v2", Digest: digest},
		Steps:       []slipway.Step{{Phase: slipway.Verifying, Does: "look at h1"}, {Phase: slipway.Switching, Does: "point e1 at green"}},
		Differences: []slipway.Difference{{What: "label revision", Live: "a1", Then: "b2"}, {What: "container.environment.PASSWORD", Live: "given", Then: "changed"}},
		Warnings:    []string{"it runs on one host, h1: when that is away, so is the service"},
	}
}

func (s *fakeServer) start(service slipway.ServiceID, tag, reason string) string {
	id := slipway.ReleaseID{ServiceID: service, Number: len(s.order) + 2} // 1 served before
	s.releases[id.String()] = s.stage(id, tag, reason)
	s.order = append(s.order, id.String())
	return id.String()
}

func (s *fakeServer) list(r *http.Request) (any, error) {
	found := []slipway.Release{}
	for _, id := range slices.Backward(s.order) {
		p := s.releases[id]
		state := p.states[p.at]
		if state.Project+"/"+state.Service == r.URL.Query().Get("service") {
			found = append(found, state)
		}
	}
	// Two to a page, so that pages matter.
	var from int
	_, _ = fmt.Sscan(r.URL.Query().Get("page"), &from)
	next := ""
	found = found[from:]
	if len(found) > 2 {
		found, next = found[:2], fmt.Sprint(from+2)
	}
	return map[string]any{"releases": found, "next_page": next}, nil
}

func (s *fakeServer) find(r *http.Request) (*play, error) {
	p, ok := s.releases[r.PathValue("id")]
	if !ok {
		return nil, slipway.Errorf(slipway.CodeNotFound, "there is no release %s", r.PathValue("id"))
	}
	return p, nil
}

func (s *fakeServer) look(r *http.Request) (any, error) {
	p, err := s.find(r)
	if err != nil {
		return nil, err
	}
	return s.show(p), nil
}

// show is how a release stands, which it then does no longer if there is more
// to come.
func (s *fakeServer) show(p *play) slipway.Release {
	state := p.now()
	if event := p.after[p.at]; event != nil {
		delete(p.after, p.at)
		event()
	}
	if p.at < len(p.states)-1 {
		p.at++
	}
	if state.Phase == slipway.Holding {
		s.held = state.ID
	}
	p.seen = state.Phase
	s.moved.Broadcast()
	return state
}

func (s *fakeServer) abort(r *http.Request) (any, error) {
	p, err := s.find(r)
	if err != nil {
		return nil, err
	}
	if p.now().Phase == slipway.Ended {
		return nil, slipway.Errorf(slipway.CodeConflict, "%s is over", p.now().ID)
	}
	p.then(ended(slipway.Aborted, "ann: "+reasonOf(r)))
	s.moved.Broadcast()
	return struct{}{}, nil
}

func (s *fakeServer) accept(r *http.Request) (any, error) {
	p, err := s.find(r)
	if err != nil {
		return nil, err
	}
	if p.now().Phase != slipway.Holding {
		return nil, slipway.Errorf(slipway.CodeConflict, "%s holds nothing", p.now().ID)
	}
	p.then(ended(slipway.Live, ""))
	s.held = ""
	s.moved.Broadcast()
	return struct{}{}, nil
}

func (s *fakeServer) decide(r *http.Request) (any, error) {
	p, err := s.find(r)
	if err != nil {
		return nil, err
	}
	var d slipway.Decision
	if err := json.NewDecoder(r.Body).Decode(&d); err != nil {
		return nil, err
	}
	if now := p.now(); len(now.Gates) == 0 || now.Gates[0].Name != d.Gate || now.Gates[0].State != slipway.GateOpen {
		return nil, slipway.Errorf(slipway.CodeConflict, "gate %s of %s is not open", d.Gate, now.ID)
	} else if d.Digest != now.Digest || d.Settings != now.Settings || d.Digest == "" {
		return nil, slipway.Errorf(slipway.CodeConflict, "the decision is about %q with %q", d.Digest, d.Settings)
	}
	if d.Verdict == slipway.Reject {
		p.then(ended(slipway.Rejected, "ann rejected gate "+d.Gate+": "+d.Reason))
	} else {
		p.then(gate(slipway.GateApproved), holding)
	}
	s.moved.Broadcast()
	return struct{}{}, nil
}

func (s *fakeServer) breakGlass(r *http.Request) (any, error) {
	p, err := s.find(r)
	if err != nil {
		return nil, err
	}
	pass := slipway.Pass{By: "ann", At: began}
	if p.now().Passes != nil {
		pass = slipway.Pass{By: "lea", At: began, Decides: true}
	}
	if err := json.NewDecoder(r.Body).Decode(&pass); err != nil {
		return nil, err
	}
	for i := range p.states {
		p.states[i].Passes = append(p.states[i].Passes, pass)
	}
	return struct{}{}, nil
}

func (s *fakeServer) rollback(r *http.Request) (any, error) {
	service := slipway.ServiceID{Project: r.PathValue("project"), Service: r.PathValue("s")}
	if s.held == "" {
		if len(s.order) == 0 {
			return nil, slipway.Errorf(slipway.CodeNotFound, "%s has nothing to go back to: nothing else has served before", service)
		}
		return map[string]any{"release": s.start(service, "nohold", reasonOf(r)), "held": false}, nil
	}
	p := s.releases[s.held]
	p.then(undoing, ended(slipway.RolledBack, "ann went back: "+reasonOf(r)))
	s.moved.Broadcast()
	return map[string]any{"release": s.held, "held": true}, nil
}

func (s *fakeServer) restart(r *http.Request) (any, error) {
	service := slipway.ServiceID{Project: r.PathValue("project"), Service: r.PathValue("s")}
	if service.Service == "new" {
		return nil, slipway.Errorf(slipway.CodeConflict, "%s has nothing to restart: nothing is live", service)
	}
	return map[string]any{"release": s.start(service, "nohold", reasonOf(r))}, nil
}

func (s *fakeServer) remove(r *http.Request) (any, error) {
	service := slipway.ServiceID{Project: r.PathValue("project"), Service: r.PathValue("s")}
	if len(s.order) > 0 {
		return nil, slipway.Errorf(slipway.CodeNotFound, "%s is gone already: removed by ann: end of life", service)
	}
	return map[string]any{"release": s.start(service, "removed", r.URL.Query().Get("reason"))}, nil
}

func (s *fakeServer) lock(r *http.Request) (any, error) {
	if s.locked != nil {
		return nil, slipway.Errorf(slipway.CodeConflict, "search/query-api is already %s", s.locked)
	}
	s.locked = &slipway.Lock{By: "ann", Reason: reasonOf(r), At: began}
	return struct{}{}, nil
}

func (s *fakeServer) unlock(r *http.Request) (any, error) {
	if s.locked == nil || r.URL.Query().Get("reason") == "" {
		return nil, slipway.Errorf(slipway.CodeConflict, "search/query-api is not locked")
	}
	s.locked = nil
	return struct{}{}, nil
}

func (s *fakeServer) stops(*http.Request) (any, error) {
	return map[string]any{"stops": append([]slipway.Stop{}, s.stopped...)}, nil
}

func (s *fakeServer) stopLine(r *http.Request) (any, error) {
	s.stopped = []slipway.Stop{{Project: r.PathValue("project"), By: "ann", Reason: reasonOf(r), At: began}}
	return struct{}{}, nil
}

func (s *fakeServer) resumeLine(r *http.Request) (any, error) {
	if len(s.stopped) == 0 || r.URL.Query().Get("reason") == "" {
		return nil, slipway.Errorf(slipway.CodeConflict, "the line of search is not stopped")
	}
	s.stopped = nil
	return struct{}{}, nil
}

func (s *fakeServer) services(r *http.Request) (any, error) {
	if p := r.URL.Query().Get("project"); p != "" && p != "search" {
		return map[string]any{"services": nil}, nil
	}
	return map[string]any{"services": []slipway.ServiceStatus{{
		ServiceID: slipway.ServiceID{Project: "search", Service: "query-api"},
		Live:      &slipway.Version{Release: "search.query-api.1", Tag: "v1", Digest: digest, Since: began},
		Running:   "search.query-api.2",
		Queue:     []string{"search.query-api.3"},
		Good:      []slipway.Version{},
		Lock:      s.locked,
		Stop:      slipway.Line{Stops: s.stopped}.Holds("search"),
	}, {
		ServiceID: slipway.ServiceID{Project: "search", Service: "suggest"},
	}}}, nil
}

func (s *fakeServer) hosts(*http.Request) (any, error) {
	return map[string]any{"hosts": []slipway.HostStatus{{
		Name: "h1", Services: 2, ToCome: make([]slipway.Remaining, 1), Way: "tcp", Address: "10.0.0.1", Labels: map[string]string{"role": "web", "rack": "7"}, Answers: true,
		Facts: &slipway.HostFacts{Platform: "linux/amd64", Version: "28.2.2", Answered: slipway.Duration(12 * time.Millisecond)},
	}, {
		Name: "h2", Way: "agent", Address: "10.0.0.2", Agent: &slipway.AgentStatus{Alive: true}, Answers: true, Cordon: s.cordoned,
		Facts: &slipway.HostFacts{Version: "28.2.2", Answered: slipway.Duration(3 * time.Millisecond)},
	}, {
		Name: "h3", Way: "agent", Address: "10.0.0.3", Agent: &slipway.AgentStatus{Seen: &began}, Error: "host h3: its agent does not answer",
	}, {
		Name: "h4", Way: "agent", Address: "10.0.0.4", Agent: &slipway.AgentStatus{}, Error: "host h4: its agent does not answer",
	}}}, nil
}

// cordon keeps releases off h2. Nothing leaves h1.
func (s *fakeServer) cordon(r *http.Request) (any, error) {
	if r.PathValue("host") != "h2" {
		return nil, slipway.Errorf(slipway.CodeConflict, "host h1 cannot be drained now, and nothing was done: search/suggest: 0 of its 1 hosts would serve, but min_serving wants 1")
	}
	drain := strings.HasSuffix(r.URL.Path, "/drain")
	if s.cordoned != nil && !drain {
		return nil, slipway.Errorf(slipway.CodeConflict, "host h2 is already %s", s.cordoned)
	}
	s.cordoned, s.left = &slipway.Cordon{Host: "h2", By: "ann", Reason: reasonOf(r), At: began, Drain: drain}, 2
	return struct{}{}, nil
}

func (s *fakeServer) uncordon(*http.Request) (any, error) {
	if s.cordoned == nil {
		return nil, slipway.Errorf(slipway.CodeConflict, "host h2 is not cordoned")
	}
	s.cordoned = nil
	return struct{}{}, nil
}

// join has h4 become part of one service after a while, which is asked twice, and
// never of another. Nothing is meant for h3.
func (s *fakeServer) join(r *http.Request) (any, error) {
	joins := slipway.HostJoin{Services: []slipway.Joined{}}
	if r.PathValue("host") == "h3" {
		return joins, nil
	}
	states := []slipway.Joined{
		{State: slipway.JoinWaits, Reason: "search.query-api.2 is on its way"},
		{State: slipway.JoinUnasked},
		{State: slipway.JoinBegun, Reason: "host h4: it joins"},
		{State: slipway.JoinDone},
	}
	joined := states[min(s.joined, len(states)-1)]
	s.joined++
	joined.Service, joined.Release = slipway.ServiceID{Project: "search", Service: "query-api"}, "search.query-api.1"
	joins.Services = append(joins.Services, joined)
	if r.PathValue("host") == "h2" {
		joins.Services = append(joins.Services, slipway.Joined{Service: slipway.ServiceID{Project: "search", Service: "suggest"}, State: slipway.JoinRefused, Reason: "it was adopted"})
	}
	return joins, nil
}

func (s *fakeServer) removeHost(r *http.Request) (any, error) {
	s.cordoned, s.left = &slipway.Cordon{Host: "h2", By: "ann", Reason: r.URL.Query().Get("reason"), At: began, Drain: true, Remove: true, Gone: r.URL.Query().Get("gone") == "true"}, 2
	return struct{}{}, nil
}

func (s *fakeServer) hostCare(*http.Request) (any, error) {
	care := slipway.HostCare{Cordon: s.cordoned, Left: []slipway.Remaining{}}
	if s.left--; s.left >= 0 {
		care.Left = append(care.Left, slipway.Remaining{Service: slipway.ServiceID{Project: "search", Service: "query-api"}, Release: "search.query-api.1"})
	}
	return care, nil
}

func (s *fakeServer) events(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hangUp()
	p, err := s.find(r)
	if err != nil || p.blind || authorize(r) != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	fmt.Fprint(w, ": welcome\n\n")
	w.(http.Flusher).Flush()
	stop := contextDone(r, s.moved)
	defer stop()
	for told := -1; r.Context().Err() == nil; {
		if told == p.at {
			s.moved.Wait()
			continue
		}
		told = p.at
		state := s.show(p)
		text, _ := json.Marshal(state)
		fmt.Fprintf(w, "id: %d\nevent: phase\ndata: %s\n\n", told, text)
		w.(http.Flusher).Flush()
		s.hangUp()
		if state.Phase == slipway.Ended {
			return
		}
	}
}

func reasonOf(r *http.Request) string {
	var body struct{ Reason string }
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &body)
	return body.Reason
}
