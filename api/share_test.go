package api_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestAProjectCannotHaveAllWorkersLookAtItsHosts(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		s.workflows.change(func(w *workflows) { w.planning = time.Minute })
		tokens := map[string]string{}
		for _, user := range []string{"rita", "otto", "shea"} {
			tokens[user] = s.token(user)
		}
		ask := func(user, path, project string) answer {
			body := submission()
			body["service_file"] = strings.NewReplacer("project: search", "project: "+project, "image: search", "image: "+project).Replace(serviceFile)
			r := s.request("POST", path, body)
			r.Header.Set("Authorization", "Bearer "+tokens[user])
			return s.send(r)
		}
		var looking sync.WaitGroup
		for range 10 {
			looking.Go(func() {
				if a := ask("rita", "/api/v1/plan", "search"); a.StatusCode != http.StatusOK {
					t.Errorf("one of the ten that one may have: %d %s", a.StatusCode, a.body)
				}
			})
		}
		synctest.Wait()
		for _, path := range []string{"/api/v1/plan", "/api/v1/preflight"} {
			a := ask("otto", path, "search")
			if p := a.problem(t); a.StatusCode != http.StatusTooManyRequests || a.Header.Get("Retry-After") == "" || !strings.Contains(p.Detail, "for project search there are 10") {
				t.Errorf("%s: %d %s", path, a.StatusCode, a.body)
			}
		}
		for path, want := range map[string]int{"/api/v1/preflight": http.StatusOK, "/api/v1/releases": http.StatusAccepted} {
			if a := ask("shea", path, "shop"); a.StatusCode != want {
				t.Errorf("%s of another project: %d %s", path, a.StatusCode, a.body)
			}
		}
		looking.Wait()
		if a := ask("rita", "/api/v1/plan", "search"); a.StatusCode != http.StatusOK {
			t.Errorf("when they are done: %d %s", a.StatusCode, a.body)
		}
	})
}

func TestNobodyFollowsMoreReleasesThanAPersonCanRead(t *testing.T) {
	virtually(t, func(t *testing.T, s *site) {
		s.workflows.put(release("search.query-api.1", "deploying"))
		token := s.token("vera")
		var streams []*stream
		for range 50 {
			streams = append(streams, s.followWith(token))
		}
		const path = "/api/v1/releases/search.query-api.1/events"
		a := s.as("vera", "GET", path, nil)
		if p := a.problem(t); a.StatusCode != http.StatusTooManyRequests || !strings.Contains(p.Detail, "vera follows 50 releases already") {
			t.Errorf("%d %s", a.StatusCode, a.body)
		}
		s.followWith(s.token("rita")).want("phase")
		streams[0].cancel()
		synctest.Wait()
		s.followWith(token).want("phase")
	})
}
