package api_test

import (
	"encoding/base64"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	ldapclient "github.com/go-ldap/ldap/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/bcrypt"

	"slipway"
	"slipway/drivers/ldap/slapdtest"
)

// An attack is tried on a site of its own, over real HTTP, whose people are in a
// real directory. It returns what it got.
type attack struct {
	name   string
	number string // of CWE, and of OWASP's ASVS 4.0.3 where it has one
	try    func(g *siege) string
	want   string
}

// A siege is an attack while it is tried.
type siege struct {
	*site
	t      *testing.T
	server *slapdtest.Server
}

// got is an answer in a few words.
func got(a answer) string {
	text := fmt.Sprint(a.StatusCode)
	if where := a.Header.Get("Location"); where != "" && a.StatusCode/100 == 3 {
		return text + " to " + where
	}
	if _, code, ok := strings.Cut(a.body, `"code":"`); ok {
		code, _, _ = strings.Cut(code, `"`)
		text += " " + code
	}
	return text
}

// in signs in as somebody of the directory, for a program.
func (g *siege) in(name string) string {
	g.t.Helper()
	if name == "lea" { // of the fleet file
		return tokenOf(g.t, g.signIn(name, password))
	}
	return tokenOf(g.t, g.signIn(name, slapdtest.Password))
}

// login is what signing in as somebody gets, by a name and a password.
func login(name, password string) func(*siege) string {
	return func(g *siege) string { return got(g.signIn(name, password)) }
}

// open puts a release of project search that waits for its approval.
func (g *siege) open(by string) string {
	g.workflows.strict = true
	g.workflows.put(release("search.query-api.7", slipway.AwaitingApproval, gated, func(r *slipway.Release) { r.RequestedBy = by }))
	return "/api/v1/releases/search.query-api.7/decisions"
}

var approval = map[string]string{"gate": "go", "decision": "approve"}

// forged is a token with other claims, or signed in another way.
func forged(name string, method jwt.SigningMethod, key any, change func(jwt.MapClaims)) func(*siege) string {
	return func(g *siege) string {
		var claims jwt.MapClaims
		if _, _, err := jwt.NewParser().ParseUnverified(g.in(name), &claims); err != nil {
			g.t.Fatal(err)
		}
		change(claims)
		token, err := jwt.NewWithClaims(method, claims).SignedString(key)
		if err != nil {
			g.t.Fatal(err)
		}
		return got(g.with(token, "GET", "/api/v1/whoami", nil))
	}
}

func asItIs(jwt.MapClaims) {}

// crossSite sends what rita's browser would, made to by a page elsewhere.
func crossSite(path string, header ...string) func(*siege) string {
	return func(g *siege) string {
		r := g.request("POST", path, "{}")
		r.AddCookie(only(g.t, g.submitForm("rita", slapdtest.Password)))
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return got(g.send(r))
	}
}

// asking asks for something as somebody.
func asking(name, method, path string, body any) func(*siege) string {
	return func(g *siege) string {
		g.workflows.put(release("search.query-api.50", slipway.Holding))
		return got(g.with(g.in(name), method, path, body))
	}
}

const unauthenticated = "401 unauthenticated"

var attacks = slices.Concat(onSignIn, onSessions, onTokens, onBrowsers, onRights, onGates)

var onSignIn = []attack{
	{"LDAP filter as a name: `*)(uid=*`", "CWE-90, V5.3.7", login("*)(uid=*", slapdtest.Password), unauthenticated},
	{"LDAP filter as a name: `rita)(\\|(uid=*`", "CWE-90, V5.3.7", login("rita)(|(uid=*", slapdtest.Password), unauthenticated},
	{"wildcard as a name: `rit*`", "CWE-155, V5.3.7", login("rit*", slapdtest.Password), unauthenticated},
	{"escaped letter in a name: `\\72ita`", "CWE-90, V5.3.7", login(`\72ita`, slapdtest.Password), unauthenticated},
	{"DN as a name: `rita,ou=people,…`", "CWE-90, V5.3.7", login("rita,ou=people,dc=example,dc=com", slapdtest.Password), unauthenticated},
	{"NUL byte at the end of a name", "CWE-158", login("rita\x00", slapdtest.Password), unauthenticated},
	{"empty password: a bind that succeeds as nobody", "CWE-258", login("rita", ""), unauthenticated},
	{"empty name and password", "CWE-287", login("", ""), unauthenticated},
	{"blank after a name, which the directory takes for the name", "CWE-289", login("rita ", slapdtest.Password), unauthenticated},
	{"full-width letters: `ｒｉｔａ`", "CWE-176", login("ｒｉｔａ", slapdtest.Password), unauthenticated},
	{"Cyrillic letter: `ritа`", "CWE-1007", login("ritа", slapdtest.Password), unauthenticated},
	{"letter that is another one in lower case: the sign for Kelvin in `Kim`", "CWE-176", login("\u212Aim", slapdtest.Password), unauthenticated},
	{"user of the fleet file with the password of the directory", "CWE-287", login("dora", slapdtest.Password), unauthenticated},
	{"account that searches the directory, as a person", "CWE-287", login("slipway", slapdtest.Password), unauthenticated},
	{"one entry with two names", "CWE-694", login("twice", slapdtest.Password), unauthenticated},
	{"two entries with one name", "CWE-694", login("double", slapdtest.Password), unauthenticated},
	{"entry without a password", "CWE-258", login("bare", "x"), unauthenticated},
	{"password of 3 MB", "CWE-770", login("rita", strings.Repeat("x", 3<<20)), "413 invalid"},
	{"password of 2,000 characters", "CWE-770", login("rita", strings.Repeat("x", 2000)), "422 invalid"},
	{"sixth guess for one name from one address", "CWE-307, V2.2.1", func(g *siege) string {
		g.later(0)
		g.guess(5, func(int) answer { return g.signIn("rita", "wrong") })
		return got(g.signIn("rita", slapdtest.Password))
	}, "429 too_many"},
	{"30 guesses at the same time", "CWE-362, V2.2.1", func(g *siege) string {
		g.later(0)
		return fmt.Sprint(g.guess(30, func(int) answer { return g.signIn("rita", "wrong") }))
	}, "map[401:5 429:25]"},
	{"guesses for one name from 30 addresses", "CWE-307, V2.2.1", func(g *siege) string {
		g.later(0)
		return fmt.Sprint(g.guess(30, func(i int) answer { return g.from(fmt.Sprintf("203.0.113.%d", i), "rita", "wrong") }))
	}, "map[401:20 429:10]"},
	{"one password for 60 names", "CWE-307, V2.2.1", func(g *siege) string {
		g.later(0)
		return fmt.Sprint(g.guess(60, func(i int) answer { return g.from("203.0.113.1", fmt.Sprint("user", i), "summer") }))
	}, "map[401:50 429:10]"},
	{"who is there, by the answer", "CWE-204", func(g *siege) string {
		answers := map[string]bool{}
		for _, name := range []string{"rita", "absent", "lea", "*", "twice", "slipway"} {
			a := g.signIn(name, "wrong")
			answers[got(a)+a.body] = true
		}
		return fmt.Sprintf("%d answer", len(answers))
	}, "1 answer"},
	{"who is there, by the time of the answer", "CWE-208", func(g *siege) string {
		for _, name := range []string{"rita", "absent", "lea", "*"} {
			begin := time.Now()
			if a := g.signIn(name, "wrong"); time.Since(begin) < 500*time.Millisecond {
				return "sooner: " + a.body
			}
		}
		return "half a second for each"
	}, "half a second for each"},
}

var onSessions = []attack{
	{"token with `alg: none`", "CWE-347, V3.5.3", forged("rita", jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, asItIs), unauthenticated},
	{"token signed with another key", "CWE-347, V3.5.3", forged("rita", jwt.SigningMethodHS256, make([]byte, 32), asItIs), unauthenticated},
	{"token signed with the secret itself, not the key for tokens", "CWE-347", forged("rita", jwt.SigningMethodHS256, slices.Repeat([]byte{7}, 32), asItIs), unauthenticated},
	{"token with another name in it, and the signature it had", "CWE-345, V3.5.3", func(g *siege) string {
		part := strings.Split(g.in("rita"), ".")
		payload, _ := base64.RawURLEncoding.DecodeString(part[1])
		part[1] = base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(payload), `"rita"`, `"otto"`, 1)))
		return got(g.with(strings.Join(part, "."), "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"expired token", "CWE-613, V3.3.2", func(g *siege) string {
		token := g.in("rita")
		g.later(12*time.Hour + time.Second)
		return got(g.with(token, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"copy of a token after the sign-out", "CWE-613, V3.3.1", func(g *siege) string {
		token := g.in("rita")
		g.with(token, "POST", "/api/v1/logout", nil)
		return got(g.with(token, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"token after the password was changed", "CWE-613, V3.3.3", func(g *siege) string {
		token := tokenOf(g.t, g.signIn("lea", password))
		fleet := *g.fleet.Load()
		hash, err := bcrypt.GenerateFromPassword([]byte("another"), bcrypt.MinCost)
		if err != nil {
			g.t.Fatal(err)
		}
		fleet.Directory.Users = slices.Clone(fleet.Directory.Users)
		fleet.Directory.Users[0].PasswordBcrypt = string(hash)
		g.fleet.Store(&fleet)
		return got(g.with(token, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"token of somebody whose entry is now another's", "CWE-613", func(g *siege) string {
		token := g.in("kim")
		g.server.Change(g.t, func(c *ldapclient.Conn) error {
			return c.ModifyDN(ldapclient.NewModifyDNRequest(slapdtest.PersonDN("kim"), "cn=kim", false, ""))
		})
		g.later(31 * time.Second)
		return got(g.with(token, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"session that is there before the sign-in (fixation)", "CWE-384, V3.2.1", func(g *siege) string {
		planted := only(g.t, g.submitForm("shea", slapdtest.Password))
		r := g.request("POST", "/login", "user=rita&password="+strings.ReplaceAll(slapdtest.Password, " ", "+"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.AddCookie(planted)
		if own := only(g.t, g.send(r)); own.Value == planted.Value {
			return "kept"
		}
		if a := g.browse("GET", "/", planted); !strings.Contains(a.body, "<span>shea</span>") {
			return "the planted one is rita's"
		}
		return "a new session"
	}, "a new session"},
	{"token of a program planted as a cookie", "CWE-384", func(g *siege) string {
		return got(g.browse("GET", "/", &http.Cookie{Name: "slipway_session", Value: g.in("rita")}))
	}, "303 to /login?next=%2F"},
	{"session of somebody else's, planted over TLS by a service at a sibling host name", "CWE-384, V3.4.4", func(g *siege) string {
		over := func(name, value string) answer {
			r := g.request("GET", "/", nil)
			r.Header.Set("Accept", "text/html")
			r.Header.Set("X-Forwarded-Proto", "https")
			r.AddCookie(&http.Cookie{Name: name, Value: value})
			return g.send(r)
		}
		own := only(g.t, g.submitForm("shea", slapdtest.Password, "X-Forwarded-Proto", "https"))
		if a := over(own.Name, own.Value); a.StatusCode != http.StatusOK {
			return "not even the own one: " + got(a)
		}
		return got(over("slipway_session", own.Value)) // as much as a sibling can set
	}, "303 to /login?next=%2F"},
	{"cookie of a browser used as a token", "CWE-613", func(g *siege) string {
		return got(g.with(only(g.t, g.submitForm("rita", slapdtest.Password)).Value, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"cookie read by a script, or sent without TLS, or along from elsewhere", "CWE-1004, CWE-614, V3.4.1–3", func(g *siege) string {
		c := only(g.t, g.submitForm("rita", slapdtest.Password, "X-Forwarded-Proto", "https"))
		return fmt.Sprintf("HttpOnly %v, Secure %v, SameSite Lax %v", c.HttpOnly, c.Secure, c.SameSite == http.SameSiteLaxMode)
	}, "HttpOnly true, Secure true, SameSite Lax true"},
	{"token in the URL", "CWE-598, V3.1.1", func(g *siege) string {
		return got(g.send(g.request("GET", "/api/v1/whoami?token="+g.in("rita")+"&access_token="+g.in("rita"), nil)))
	}, unauthenticated},
}

var onTokens = []attack{
	{"revoked token of a machine", "CWE-613", func(g *siege) string {
		m := g.machineOf("otto")
		g.with(g.in("otto"), "DELETE", "/api/v1/tokens/"+m.ID, nil)
		return got(g.with(m.Secret, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"token of a machine added to the list in Temporal, unsigned", "CWE-290", func(g *siege) string {
		g.ring.standing.Tokens = append(g.ring.standing.Tokens, slipway.Token{ID: "forged", Name: "forged", Role: slipway.Operator, Maker: "lea", ExpiresAt: time.Now().Add(time.Hour)})
		return got(g.with("forged", "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"its role raised in the list in Temporal", "CWE-269", func(g *siege) string {
		m := g.machineOf("lea")
		g.ring.standing.Tokens[0].Role, g.ring.standing.Tokens[0].Project = slipway.Operator, ""
		g.later(2 * time.Second)
		return got(g.with(m.Secret, "GET", "/temporal/", nil))
	}, "403 forbidden"},
	{"in another project", "CWE-639, V4.2.1", func(g *siege) string {
		g.workflows.put(release("shop.web.1", slipway.Holding))
		return got(g.with(g.machineOf("otto").Secret, "GET", "/api/v1/releases/shop.web.1", nil))
	}, "404 not_found"},
	{"decides a gate", "CWE-863", func(g *siege) string {
		return got(g.with(g.machineOf("otto").Secret, "POST", g.open("rita"), approval))
	}, "403 forbidden"},
	{"makes another token", "CWE-269", func(g *siege) string {
		return got(g.with(g.machineOf("otto").Secret, "POST", "/api/v1/tokens", map[string]string{"role": "viewer", "project": "search", "expires": "1h"}))
	}, "403 forbidden"},
	{"made with more than its maker has", "CWE-269, V4.1.3", asking("rita", "POST", "/api/v1/tokens", map[string]string{"role": "operator", "project": "search", "expires": "1h"}), "403 forbidden"},
	{"of somebody who has left", "CWE-613", func(g *siege) string {
		m := g.machineOf("kim")
		g.server.Change(g.t, func(c *ldapclient.Conn) error {
			return c.Del(ldapclient.NewDelRequest(slapdtest.PersonDN("kim"), nil))
		})
		g.later(31 * time.Second)
		return got(g.with(m.Secret, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
	{"signed by another installation", "CWE-347", func(g *siege) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{"iss": "slipway", "aud": "machine", "sub": "otto", "jti": "x", "exp": time.Now().Add(time.Hour).Unix()}).SignedString(make([]byte, 32))
		if err != nil {
			g.t.Fatal(err)
		}
		return got(g.with(token, "GET", "/api/v1/whoami", nil))
	}, unauthenticated},
}

var onBrowsers = []attack{
	{"request of another site's page, by `Sec-Fetch-Site`", "CWE-352, V4.2.2", crossSite("/api/v1/releases/search.query-api.1/abort", "Sec-Fetch-Site", "cross-site"), "403 forbidden"},
	{"by `Origin`", "CWE-352, V4.2.2", crossSite("/api/v1/releases/search.query-api.1/abort", "Origin", "https://evil.example"), "403 forbidden"},
	{"from a page of a sibling domain", "CWE-352, V4.2.2", crossSite("/api/v1/services/search/query-api/rollback", "Sec-Fetch-Site", "same-site"), "403 forbidden"},
	{"sign-in made by another site's page", "CWE-352, V4.2.2", crossSite("/login", "Sec-Fetch-Site", "cross-site"), "403 forbidden"},
	{"sign-out made by another site's page", "CWE-352, V4.2.2", crossSite("/logout", "Origin", "null"), "403 forbidden"},
	{"JSON sent as `text/plain`, which a form can do", "CWE-352", crossSite("/api/v1/releases/search.query-api.1/abort", "Origin", "https://evil.example", "Content-Type", "text/plain"), "403 forbidden"},
	{"sign-in that leads to another site", "CWE-601, V5.1.5", func(g *siege) string {
		r := g.request("POST", "/login", "next=//evil.example&user=rita&password="+strings.ReplaceAll(slapdtest.Password, " ", "+"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return got(g.send(r))
	}, "303 to /"},
	{"script in a name, on the sign-in page", "CWE-79, V5.3.3", func(g *siege) string {
		if strings.Contains(g.submitForm(`"><script>alert(1)</script>`, "x").body, "<script>alert") {
			return "it runs"
		}
		return "escaped"
	}, "escaped"},
	{"page in a frame of another site", "CWE-1021, V14.4.7", func(g *siege) string {
		_, policy, _ := strings.Cut(g.browse("GET", "/login", nil).Header.Get("Content-Security-Policy"), "frame-ancestors ")
		return "frame-ancestors " + policy
	}, "frame-ancestors 'none'"},
	{"line break in a header, by `next`", "CWE-113", func(g *siege) string {
		r := g.request("POST", "/login", "next=/x%0d%0aSet-Cookie:+a%3db&user=rita&password="+strings.ReplaceAll(slapdtest.Password, " ", "+"))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return got(g.send(r))
	}, "303 to /"},
}

var onRights = []attack{
	{"release of another project, by its id", "CWE-639, V4.2.1", asking("shea", "GET", "/api/v1/releases/search.query-api.50", nil), "404 not_found"},
	{"its events", "CWE-639, V4.2.1", asking("shea", "GET", "/api/v1/releases/search.query-api.50/events", nil), "404 not_found"},
	{"another project's list", "CWE-639, V4.2.1", func(g *siege) string {
		g.workflows.put(release("search.query-api.50", slipway.Holding))
		return g.with(g.in("shea"), "GET", "/api/v1/releases?project=search", nil).body
	}, `{"releases":[],"next_page":""}` + "\n"},
	{"release by somebody who may only look", "CWE-285, V4.1.3", asking("vera", "POST", "/api/v1/releases", submission()), "403 forbidden"},
	{"release in somebody else's name", "CWE-915, V5.1.2", asking("rita", "POST", "/api/v1/releases", map[string]string{"service_file": serviceFile, "tag": "v1", "requested_by": "otto"}), "422 invalid"},
	{"service file of another project", "CWE-639", asking("shea", "POST", "/api/v1/releases", submission()), "404 not_found"},
	{"service file that unfolds to billions of entries", "CWE-776", asking("rita", "POST", "/api/v1/releases", map[string]string{"tag": "v1", "service_file": bomb}), "422 invalid"},
	{"body of 3 MB", "CWE-770", asking("rita", "POST", "/api/v1/releases", map[string]string{"service_file": strings.Repeat("#", 3<<20), "tag": "v1"}), "413 invalid"},
	{"histories of all projects, by an operator of one", "CWE-425, V4.1.3", asking("otto", "GET", "/temporal/api/v1/namespaces/slipway/workflows", nil), "403 forbidden"},
	{"path with dots around the guard", "CWE-22, V12.3.1", func(g *siege) string {
		return got(g.send(g.request("GET", "/static/..%2fapi%2fv1%2freleases", nil)))
	}, "404"},
	{"path with two slashes", "CWE-22", func(g *siege) string { return got(g.send(g.request("GET", "//api/v1/releases", nil))) }, unauthenticated},
	{"path in capitals", "CWE-178", func(g *siege) string { return got(g.send(g.request("GET", "/API/V1/RELEASES", nil))) }, unauthenticated},
	{"other method by a header", "CWE-650", func(g *siege) string {
		r := g.request("GET", "/api/v1/services/search/query-api/lock", nil)
		r.Header.Set("X-HTTP-Method-Override", "DELETE")
		r.Header.Set("Authorization", "Bearer "+g.in("rita"))
		return got(g.send(r))
	}, "405 invalid"},
	{"metrics from elsewhere, as from this machine", "CWE-348", func(g *siege) string {
		r := g.request("GET", "/metrics", nil)
		r.Header.Set("X-Forwarded-For", "127.0.0.1")
		return got(g.send(r))
	}, unauthenticated},
	{"group that is called as a role", "CWE-269", asking("kim", "GET", "/temporal/", nil), "403 forbidden"},
}

var onGates = []attack{
	{"approval by who asked for it", "CWE-863", func(g *siege) string { return got(g.with(g.in("abel"), "POST", g.open("abel"), approval)) }, "403 forbidden"},
	{"the same, in capitals", "CWE-178", func(g *siege) string { return got(g.with(g.in("ABEL"), "POST", g.open("abel"), approval)) }, "403 forbidden"},
	{"approval of what a token of theirs asked for", "CWE-863", func(g *siege) string {
		return got(g.with(g.in("abel"), "POST", g.open(slipway.Token{Name: "ci", Maker: "abel"}.By()), approval))
	}, "403 forbidden"},
	{"two approvals by one person in two sessions", "CWE-837", func(g *siege) string {
		path := g.open("rita")
		first, second := g.in("abel"), g.in("Abel")
		return got(g.with(first, "POST", path, approval)) + ", " + got(g.with(second, "POST", path, approval))
	}, "204, 409 conflict"},
	{"approval sent again", "CWE-294", func(g *siege) string {
		path, token := g.open("rita"), g.in("abel")
		return got(g.with(token, "POST", path, approval)) + ", " + got(g.with(token, "POST", path, approval))
	}, "204, 409 conflict"},
	{"approval for another gate", "CWE-863", func(g *siege) string {
		return got(g.with(g.in("abel"), "POST", g.open("rita"), map[string]string{"gate": "legal", "decision": "approve"}))
	}, "404 not_found"},
	{"approval of another digest than is there", "CWE-367", func(g *siege) string {
		return got(g.with(g.in("abel"), "POST", g.open("rita"), map[string]string{"gate": "go", "decision": "approve", "digest": "sha256:" + strings.Repeat("0", 64)}))
	}, "409 conflict"},
	{"approval when the gate is closed", "CWE-294", func(g *siege) string {
		path := g.open("rita")
		g.workflows.change(func(w *workflows) { w.releases["search.query-api.7"].Gates[0].State = slipway.GateApproved })
		return got(g.with(g.in("abel"), "POST", path, approval))
	}, "409 conflict"},
	{"approval signed ahead, of a gate that is not open yet", "CWE-841", func(g *siege) string {
		path := g.open("rita")
		g.workflows.change(func(w *workflows) { w.releases["search.query-api.7"].Gates[0].State = slipway.GatePending })
		return got(g.with(g.in("abel"), "POST", path+"/signature", approval))
	}, "409 conflict"},
	{"approval by somebody without the role", "CWE-285, V4.1.3", func(g *siege) string { return got(g.with(g.in("rita"), "POST", g.open("otto"), approval)) }, "403 forbidden"},
	{"approval by an approver of another project", "CWE-639", func(g *siege) string { return got(g.with(g.in("shea"), "POST", g.open("rita"), approval)) }, "404 not_found"},
	{"approval by who has left the group a moment ago", "CWE-613", func(g *siege) string {
		path, token := g.open("rita"), g.in("gus")
		g.server.Change(g.t, func(c *ldapclient.Conn) error {
			m := ldapclient.NewModifyRequest(slapdtest.GroupDN("search-lead"), nil)
			m.Replace("member", []string{slapdtest.PersonDN("nils")})
			return c.Modify(m)
		})
		return got(g.with(token, "POST", path, approval))
	}, "403 forbidden"},
	{"approval in somebody else's name", "CWE-915, V5.1.2", func(g *siege) string {
		return got(g.with(g.in("rita"), "POST", g.open("rita"), map[string]any{"gate": "go", "decision": "approve", "by": "abel", "groups": []string{"approvers"}}))
	}, "422 invalid"},
	{"approval while the directory is kept from answering", "CWE-636", func(g *siege) string {
		hasty := func(l *slipway.LDAP) { l.Timeout = slipway.Duration(2 * time.Second) }
		g = &siege{site: newStaffedSite(g.t, g.server, hasty), t: g.t, server: g.server}
		path, token := g.open("rita"), g.in("abel")
		defer g.server.Pause(g.t)()
		return got(g.with(token, "POST", path, approval))
	}, "503 unavailable"},
	{"groups in a loop, that an approver is in", "CWE-674", func(g *siege) string { return got(g.with(g.in("gus"), "POST", g.open("rita"), approval)) }, "204"},
}

// bomb is a document of a few lines that unfolds to 9^9 entries.
var bomb = func() string {
	text := "x-a0: &a0 [x,x,x,x,x,x,x,x,x]\n"
	for i := 1; i < 9; i++ {
		text += fmt.Sprintf("x-a%d: &a%[1]d [*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d,*a%[2]d]\n", i, i-1)
	}
	return text + strings.Replace(serviceFile, "container: {port: 8080}", "container: {port: 8080, command: *a8}", 1)
}()

func (g *siege) machineOf(user string) made {
	g.t.Helper()
	a := g.with(g.in(user), "POST", "/api/v1/tokens", map[string]string{"name": "ci", "project": "search", "role": "releaser", "expires": "1h"})
	var m made
	if a.into(g.t, &m); a.StatusCode != http.StatusCreated {
		g.t.Fatalf("%d %s", a.StatusCode, a.body)
	}
	return m
}

func TestAttacks(t *testing.T) {
	t.Parallel()
	more := slapdtest.Person("kim") + slapdtest.Person("double") +
		slapdtest.Group("admin", slapdtest.PersonDN("kim")) + slapdtest.Group("search-kim", slapdtest.PersonDN("kim")) +
		"dn: uid=twice,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: twice\nuid: thrice\ncn: t\nsn: t\nuserPassword: " + slapdtest.Password + "\n\n" +
		"dn: cn=double,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: double\ncn: double\nsn: t\nuserPassword: " + slapdtest.Password + "\n\n" +
		"dn: uid=bare,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: bare\ncn: bare\nsn: bare\n\n"
	for _, a := range attacks {
		t.Run(a.name, func(t *testing.T) {
			t.Parallel()
			server := slapdtest.Start(t, staff(more))
			g := &siege{site: newStaffedSite(t, server), t: t, server: server}
			fleet := *g.fleet.Load()
			fleet.Projects = slices.Clone(fleet.Projects)
			roles := maps.Clone(fleet.Projects[0].Roles)
			roles[slipway.Releaser] = append(slices.Clone(roles[slipway.Releaser]), "search-kim")
			roles[slipway.Approver] = append(slices.Clone(roles[slipway.Approver]), "search-lead")
			fleet.Projects[0].Roles = roles
			g.fleet.Store(&fleet)
			if got := a.try(g); got != a.want {
				t.Errorf("it got %q, not %q", got, a.want)
			}
		})
	}
}

// The page lists what is tried here, and what it gets.
func TestThePageListsTheAttacks(t *testing.T) {
	var table strings.Builder
	fmt.Fprintf(&table, "%d attacks:\n\n| attack | CWE, ASVS 4.0.3 | got |\n| --- | --- | --- |\n", len(attacks))
	for _, part := range []struct {
		on  string
		all []attack
	}{{"sign-in", onSignIn}, {"session", onSessions}, {"token of a machine", onTokens}, {"browser", onBrowsers}, {"right", onRights}, {"gate", onGates}} {
		for _, a := range part.all {
			fmt.Fprintf(&table, "| %s: %s | %s | %s |\n", part.on, a.name, a.number, strings.TrimSpace(a.want))
		}
	}
	section(t, "attacks", table.String())
}
