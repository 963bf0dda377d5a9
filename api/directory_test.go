package api_test

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	ldapclient "github.com/go-ldap/ldap/v3"

	"slipway"
	"slipway/api"
	"slipway/drivers/ldap"
	"slipway/drivers/ldap/slapdtest"
)

// directorySection has a user of the fleet file who is also in the directory,
// and one for when it is down.
const directorySection = `directory:
  users:
    - {name: lea, password_bcrypt: "HASH", groups: [leads]}
    - {name: dora, password_bcrypt: "HASH", groups: [leads]}
  ldap:
    urls: ["URL"]
    ca: CA
    bind_dn: cn=slipway,dc=example,dc=com
    bind_password: {secret: "env://LDAP_PASSWORD"}
    timeout: 10s
    user: {base_dn: "ou=people,dc=example,dc=com"}
    group: {base_dn: "ou=groups,dc=example,dc=com"}
`

// staff are the people of fleetFile in LDIF, but for lea, and groups of theirs.
// Gus is an approver only by a group in a group, and in a loop of them.
func staff(more ...string) string {
	text := slapdtest.Person("gus") + slapdtest.Person("dora") +
		slapdtest.Group("leads", slapdtest.PersonDN("dora")) +
		slapdtest.Group("search-lead", slapdtest.PersonDN("gus"), slapdtest.GroupDN("approvers"))
	for name, group := range map[string]string{"vera": "viewers", "rita": "releasers", "abel": "approvers", "otto": "operators", "shea": "shoppers", "nils": ""} {
		text += slapdtest.Person(name)
		if group == "approvers" {
			text += slapdtest.Group(group, slapdtest.PersonDN(name), slapdtest.GroupDN("search-lead"))
		} else if group != "" {
			text += slapdtest.Group(group, slapdtest.PersonDN(name))
		}
	}
	return text + strings.Join(more, "")
}

// newStaffedSite is a site whose people are in a real directory.
func newStaffedSite(t *testing.T, server *slapdtest.Server, change ...func(*slipway.LDAP)) *site {
	t.Helper()
	head, _, _ := strings.Cut(fleetFile, "directory:\n")
	fleet := parseFleet(t, head+strings.NewReplacer("URL", server.SecureURL, "CA", server.CA).Replace(directorySection))
	for _, f := range change {
		f(fleet.Directory.LDAP)
	}
	people, err := ldap.New(*fleet.Directory.LDAP, func(context.Context) (string, error) { return slapdtest.Password, nil })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(people.Close)
	s := newSite(t, func(c *api.Config) { c.Directory = people })
	s.fleet.Store(fleet)
	return s
}

// signIn tries to sign in.
func (s *site) signIn(user, password string) answer {
	s.t.Helper()
	return s.send(s.request("POST", "/api/v1/login", map[string]string{"user": user, "password": password}))
}

// with sends a request with a token.
func (s *site) with(token, method, path string, body any) answer {
	s.t.Helper()
	r := s.request(method, path, body)
	r.Header.Set("Authorization", "Bearer "+token)
	return s.send(r)
}

// later lets time pass for the API.
func (s *site) later(d time.Duration) {
	now := time.Now()
	if t := s.clock.Load(); t != nil {
		now = *t
	}
	now = now.Add(d)
	s.clock.Store(&now)
}

func tokenOf(t *testing.T, a answer) string {
	t.Helper()
	var in struct{ Token string }
	if a.into(t, &in); a.StatusCode != http.StatusOK || in.Token == "" {
		t.Fatalf("sign in: %d %s", a.StatusCode, a.body)
	}
	return in.Token
}

func gated(r *slipway.Release) {
	r.Gates = []slipway.GateState{{Gate: slipway.Gate{Name: "go", Approvers: slipway.Approvers{Role: slipway.Approver, Quorum: 1}}, State: slipway.GateOpen}}
}

func TestDirectory_WhoLeavesAGroupLosesTheRight(t *testing.T) {
	t.Parallel()
	server := slapdtest.Start(t, staff())
	s := newStaffedSite(t, server)
	s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, gated))
	s.later(0) // from now on, time stands still
	decision := map[string]string{"gate": "go", "decision": "approve"}
	const decisions = "/api/v1/releases/search.query-api.7/decisions"
	gus, rita := tokenOf(t, s.signIn("Gus", slapdtest.Password)), tokenOf(t, s.signIn("rita", slapdtest.Password))
	if a := s.with(gus, "POST", decisions, decision); a.StatusCode != http.StatusNoContent {
		t.Fatalf("an approver by a group in a group: %d %s", a.StatusCode, a.body)
	}
	leave := func(group string) {
		server.Change(t, func(c *ldapclient.Conn) error {
			m := ldapclient.NewModifyRequest(slapdtest.GroupDN(group), nil)
			m.Replace("member", []string{slapdtest.PersonDN("nils")})
			return c.Modify(m)
		})
	}
	leave("search-lead")
	leave("releasers")
	if a := s.with(gus, "POST", decisions, decision); a.StatusCode != http.StatusForbidden {
		t.Errorf("a decision by one who has just left the group: %d %s", a.StatusCode, a.body)
	}
	if a := s.with(rita, "POST", "/api/v1/releases", submission()); a.StatusCode != http.StatusAccepted {
		t.Errorf("groups are not taken for granted for a while: %d %s", a.StatusCode, a.body)
	}
	s.later(31 * time.Second)
	if a := s.with(rita, "POST", "/api/v1/releases", submission()); a.StatusCode != http.StatusNotFound {
		t.Errorf("half a minute after rita left: %d %s", a.StatusCode, a.body)
	}
	server.Change(t, func(c *ldapclient.Conn) error {
		return c.Del(ldapclient.NewDelRequest(slapdtest.PersonDN("rita"), nil))
	})
	s.later(31 * time.Second)
	if a := s.with(rita, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("one who has left the company: %d %s", a.StatusCode, a.body)
	}
}

func TestDirectory_EventsEndForWhoLeavesTheGroup(t *testing.T) {
	t.Parallel()
	server := slapdtest.Start(t, staff())
	s := newStaffedSite(t, server)
	s.workflows.put(release("search.query-api.1", slipway.Deploying))
	follow := s.followWith(tokenOf(t, s.signIn("vera", slapdtest.Password)))
	follow.want("phase")
	server.Change(t, func(c *ldapclient.Conn) error {
		return c.Del(ldapclient.NewDelRequest(slapdtest.GroupDN("viewers"), nil))
	})
	s.later(31 * time.Second)
	s.workflows.put(release("search.query-api.1", slipway.Probing))
	if e, ok := follow.next(); ok {
		t.Errorf("it goes on: %+v", e)
	}
}

// A group may be one of thousands; a decision keeps those that count.
func TestDirectory_ADecisionKeepsTheGroupsThatCount(t *testing.T) {
	t.Parallel()
	var entries strings.Builder
	for i := range 1000 {
		entries.WriteString(slapdtest.Group(fmt.Sprint("many", i), slapdtest.PersonDN("abel")))
	}
	s := newStaffedSite(t, slapdtest.Start(t, staff(entries.String())))
	s.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, gated, func(r *slipway.Release) {
		r.Gates = append(r.Gates, slipway.GateState{Gate: slipway.Gate{Name: "legal", Approvers: slipway.Approvers{Group: "many7", Quorum: 1}}, State: slipway.GateOpen})
	}))
	token := tokenOf(t, s.signIn("abel", slapdtest.Password))
	for gate, want := range map[string]string{"go": "[approvers]", "legal": "[approvers many7]"} {
		a := s.with(token, "POST", "/api/v1/releases/search.query-api.7/decisions", map[string]string{"gate": gate, "decision": "approve"})
		if a.StatusCode != http.StatusNoContent {
			t.Fatalf("%d %s", a.StatusCode, a.body)
		}
		if got := fmt.Sprint(s.workflows.decided[len(s.workflows.decided)-1].Groups); got != want {
			t.Errorf("%s: %s", gate, got)
		}
	}
}

// Somebody else under the same name does not go on with a session, or with what
// the fleet file gives to a name.
func TestDirectory_ANameIsOnePerson(t *testing.T) {
	t.Parallel()
	server := slapdtest.Start(t, staff())
	s := newStaffedSite(t, server)
	if a := s.signIn("dora", slapdtest.Password); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a user of the fleet file with her password of the directory: %d %s", a.StatusCode, a.body)
	}
	if a := s.signIn("DORA", password); a.StatusCode != http.StatusOK || !strings.Contains(a.body, `"user":"dora","groups":["leads"]`) {
		t.Errorf("%d %s", a.StatusCode, a.body)
	}
	rita := tokenOf(t, s.signIn("rita", slapdtest.Password))
	server.Change(t, func(c *ldapclient.Conn) error {
		return c.ModifyDN(ldapclient.NewModifyDNRequest(slapdtest.PersonDN("rita"), "cn=rita", false, ""))
	})
	s.later(31 * time.Second)
	if a := s.with(rita, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("another entry called rita: %d %s", a.StatusCode, a.body)
	}
	vera := tokenOf(t, s.signIn("vera", slapdtest.Password))
	fleet := *s.fleet.Load()
	fleet.Directory.Users = append([]slipway.User{{Name: "vera", PasswordBcrypt: fleet.Directory.Users[0].PasswordBcrypt, Groups: []string{"leads"}}}, fleet.Directory.Users...)
	s.fleet.Store(&fleet)
	if a := s.with(vera, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusUnauthorized {
		t.Errorf("a session of the directory goes on as a user of the fleet file: %d %s", a.StatusCode, a.body)
	}
}

func TestDirectory_FaultsAreSaidAsInTheTable(t *testing.T) {
	t.Parallel()
	down := func(_ *testing.T, s *site, server *slapdtest.Server) answer {
		server.Stop()
		return s.signIn("rita", slapdtest.Password)
	}
	same := func(*slipway.LDAP) {}
	for _, fault := range []struct {
		name   string
		config func(*slipway.LDAP)
		play   func(t *testing.T, s *site, server *slapdtest.Server) answer
	}{
		{"directory down at a sign-in", same, down},
		{"directory down, somebody is signed in", same, func(t *testing.T, s *site, server *slapdtest.Server) answer {
			token := tokenOf(t, s.signIn("rita", slapdtest.Password))
			server.Stop()
			if a := s.with(token, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusOK {
				t.Errorf("within half a minute: %d %s", a.StatusCode, a.body)
			}
			s.later(31 * time.Second)
			return s.with(token, "GET", "/api/v1/whoami", nil)
		}},
		{"directory down, a user of the fleet file signs in", same, func(_ *testing.T, s *site, server *slapdtest.Server) answer {
			server.Stop()
			return s.signIn("lea", password)
		}},
		{"wrong password", same, func(_ *testing.T, s *site, _ *slapdtest.Server) answer { return s.signIn("rita", "wrong") }},
		{"too many wrong passwords", same, func(_ *testing.T, s *site, _ *slapdtest.Server) answer {
			s.later(0)
			s.guess(5, func(int) answer { return s.signIn("rita", "wrong") })
			return s.signIn("rita", slapdtest.Password)
		}},
		{"directory slow", func(l *slipway.LDAP) { l.Timeout = slipway.Duration(500 * time.Millisecond) }, func(t *testing.T, s *site, server *slapdtest.Server) answer {
			defer server.Pause(t)()
			return s.signIn("rita", slapdtest.Password)
		}},
		{"directory comes and goes", same, func(t *testing.T, s *site, server *slapdtest.Server) answer {
			token := tokenOf(t, s.signIn("rita", slapdtest.Password))
			for range 3 {
				server.Stop()
				s.later(31 * time.Second)
				if a := s.with(token, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusServiceUnavailable || a.Header.Get("Retry-After") == "" {
					t.Errorf("while it is down: %d %s", a.StatusCode, a.body)
				}
				server.Run(t)
				s.later(3 * time.Second)
				if a := s.with(token, "GET", "/api/v1/whoami", nil); a.StatusCode != http.StatusOK {
					t.Errorf("when it is back: %d %s", a.StatusCode, a.body)
				}
			}
			return s.with(token, "GET", "/api/v1/whoami", nil)
		}},
		{"directory with a certificate that is not trusted", func(l *slipway.LDAP) { l.CA = "" }, func(_ *testing.T, s *site, _ *slapdtest.Server) answer {
			return s.signIn("rita", slapdtest.Password)
		}},
		{"directory refuses the account that searches", func(l *slipway.LDAP) { l.BindDN = "cn=nobody,dc=example,dc=com" }, func(_ *testing.T, s *site, _ *slapdtest.Server) answer {
			return s.signIn("rita", slapdtest.Password)
		}},
		{"directory lets nobody search", func(l *slipway.LDAP) { l.BindDN = "" }, func(_ *testing.T, s *site, _ *slapdtest.Server) answer {
			return s.signIn("rita", slapdtest.Password)
		}},
		{"certificates to trust cannot be read", func(l *slipway.LDAP) { l.CA = "/nowhere/ca.pem" }, func(_ *testing.T, s *site, _ *slapdtest.Server) answer {
			return s.signIn("rita", slapdtest.Password)
		}},
		{"one of two directory servers down", func(l *slipway.LDAP) { l.URLs = append([]string{"ldaps://127.0.0.1:1"}, l.URLs...) }, func(_ *testing.T, s *site, _ *slapdtest.Server) answer {
			return s.signIn("rita", slapdtest.Password)
		}},
	} {
		t.Run(fault.name, func(t *testing.T) {
			t.Parallel()
			server := slapdtest.Start(t, staff())
			s := newStaffedSite(t, server, fault.config)
			begin := time.Now()
			a := fault.play(t, s, server)
			if took := time.Since(begin); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			var p api.Problem
			if a.StatusCode != http.StatusOK {
				p = a.problem(t)
			}
			told(t, fault.name, p.Detail, a.StatusCode, s.log.String())
		})
	}
}

// told wants what people and the log say of a fault to be what docs/faults.md
// says: "…" there stands for anything.
func told(t *testing.T, fault, message string, status int, log string) {
	t.Helper()
	text, err := os.ReadFile("../docs/faults.md")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), " | ")
		if strings.TrimSpace(cells[0]) != fault {
			continue
		}
		for i, got := range []string{1: message, 2: fmt.Sprint(status), 3: log} {
			if i == 0 {
				continue
			}
			want := strings.Trim(strings.TrimSpace(cells[i]), "`")
			if i == 2 {
				want, _, _ = strings.Cut(want, ":")
			}
			pattern := "^(?s:" + strings.ReplaceAll(regexp.QuoteMeta(want), "…", ".*") + ")"
			if i == 3 {
				pattern, got = strings.TrimPrefix(pattern, "^"), strings.ReplaceAll(got, `\"`, `"`)
			}
			if !regexp.MustCompile(pattern).MatchString(got) {
				t.Errorf("got %q, want %q", got, want)
			}
		}
		return
	}
	t.Errorf("docs/faults.md does not have it; people are told %q with status %d; the log:\n%s", message, status, log)
}
