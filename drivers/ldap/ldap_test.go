package ldap_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	ldapclient "github.com/go-ldap/ldap/v3"
	"github.com/google/go-cmp/cmp"

	"slipway"
	"slipway/drivers/ldap"
	"slipway/drivers/ldap/slapdtest"
)

func secret(context.Context) (string, error) { return slapdtest.Password, nil }

func open(t *testing.T, config slipway.LDAP) *ldap.Directory {
	t.Helper()
	d, err := ldap.New(config, secret)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(d.Close)
	return d
}

// staff is a small company: ann is in search-dev, which is in everyone, which
// is in search-dev again.
func staff() string {
	return slapdtest.Person("ann") + slapdtest.Person("bob") +
		slapdtest.Group("search-dev", slapdtest.PersonDN("ann"), slapdtest.GroupDN("everyone")) +
		slapdtest.Group("everyone", slapdtest.GroupDN("search-dev"), slapdtest.GroupDN("everyone")) +
		slapdtest.Group("ops", slapdtest.PersonDN("bob"))
}

func TestPeopleSignInAndAreInTheirGroups(t *testing.T) {
	t.Parallel()
	s := slapdtest.Start(t, staff())
	start := func(change func(*slipway.LDAP)) *ldap.Directory {
		config := s.Config()
		change(&config)
		return open(t, config)
	}
	for name, d := range map[string]*ldap.Directory{
		"over TLS":              start(func(*slipway.LDAP) {}),
		"with StartTLS":         start(func(c *slipway.LDAP) { c.URLs, c.StartTLS = []string{s.URL}, true }),
		"in clear, on loopback": start(func(c *slipway.LDAP) { c.URLs, c.CA = []string{s.URL}, "" }),
		"bound by their name":   start(func(c *slipway.LDAP) { c.User.Bind = "uid={name},ou=people," + slapdtest.Suffix }),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for typed, want := range map[string]slipway.Person{
				"ann": {Name: "ann", ID: slapdtest.PersonDN("ann"), Groups: []string{"everyone", "search-dev"}},
				"ANN": {Name: "ann", ID: slapdtest.PersonDN("ann"), Groups: []string{"everyone", "search-dev"}},
				"bob": {Name: "bob", ID: slapdtest.PersonDN("bob"), Groups: []string{"ops"}},
			} {
				got, err := d.SignIn(t.Context(), typed, slapdtest.Password)
				if diff := cmp.Diff(want, got); err != nil || diff != "" {
					t.Errorf("%s: %v\n%s", typed, err, diff)
				}
			}
			if got, err := d.SignIn(t.Context(), "ann", "wrong"); slipway.ErrorCode(err) != slipway.CodeUnauthenticated {
				t.Errorf("with a wrong password: %v, %v", got, err)
			}
			if _, err := d.Find(t.Context(), "carl"); slipway.ErrorCode(err) != slipway.CodeNotFound {
				t.Errorf("somebody who is not there: %v", err)
			}
		})
	}
}

func TestSignInCannotBeTalkedIntoSomebodyElse(t *testing.T) {
	t.Parallel()
	s := slapdtest.Start(t, staff()+
		"dn: uid=twice,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: twice\nuid: thrice\ncn: t\nsn: t\nuserPassword: "+slapdtest.Password+"\n\n"+
		"dn: cn=other,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: dora\ncn: other\nsn: t\nuserPassword: "+slapdtest.Password+"\n\n"+
		slapdtest.Person("dora")+
		"dn: uid=bare,ou=people,dc=example,dc=com\nobjectClass: inetOrgPerson\nuid: bare\ncn: bare\nsn: bare\n\n")
	d := open(t, s.Config())
	for _, in := range [][2]string{
		{"ann", ""}, // an unauthenticated bind, which succeeds
		{"", ""},
		{"", slapdtest.Password},
		{"*", slapdtest.Password},
		{"a*", slapdtest.Password},
		{"*)(uid=*", slapdtest.Password},
		{"ann)(|(uid=*", slapdtest.Password},
		{"*)(objectClass=*))(&(uid=ann", slapdtest.Password},
		{`a\6en`, slapdtest.Password},
		{"ann\x00", slapdtest.Password},
		{"ann\n", slapdtest.Password},
		{" ann", slapdtest.Password},
		{"ann ", slapdtest.Password}, // which the directory's rules for uid would take for ann
		{"ａｎｎ", slapdtest.Password},
		{"аnn", slapdtest.Password},
		{"an\u0301n", slapdtest.Password},
		{"an\u200bn", slapdtest.Password},
		{"ann,ou=people,dc=example,dc=com", slapdtest.Password},
		{"uid=ann", slapdtest.Password},
		{"twice", slapdtest.Password},
		{"thrice", slapdtest.Password}, // one entry with two names
		{"dora", slapdtest.Password},   // two entries with one name
		{"bare", slapdtest.Password},
		{"bare", "x"}, // no password at all
		{"slipway", slapdtest.Password},
		{"manager", slapdtest.Password}, // accounts, not people
		{strings.Repeat("a", 10_000), slapdtest.Password},
	} {
		if got, err := d.SignIn(t.Context(), in[0], in[1]); slipway.ErrorCode(err) != slipway.CodeUnauthenticated {
			t.Errorf("%.40q with %q: %+v, %v", in[0], in[1], got, err)
		}
	}
}

func TestTenThousandGroupsAreReadPageByPage(t *testing.T) {
	t.Parallel()
	var entries strings.Builder
	entries.WriteString(slapdtest.Person("ann"))
	for i := range 10_000 {
		entries.WriteString(slapdtest.Group(fmt.Sprintf("g%05d", i), slapdtest.PersonDN("ann")))
	}
	s := slapdtest.Start(t, entries.String())
	config := s.Config()
	config.Group.Nested = false
	config.Timeout = slipway.Duration(20 * time.Second)
	d := open(t, config)
	begin := time.Now()
	got, err := d.Find(t.Context(), "ann")
	if err != nil || len(got.Groups) != 10_000 || got.Groups[9_999] != "g09999" {
		t.Errorf("%d groups, %v", len(got.Groups), err)
	}
	t.Logf("10,000 groups in %s", time.Since(begin).Round(time.Millisecond))
	config.Group.Nested = true
	begin = time.Now()
	got, err = open(t, config).Find(t.Context(), "ann")
	if err != nil || len(got.Groups) != 10_000 {
		t.Errorf("nested: %d groups, %v", len(got.Groups), err)
	}
	t.Logf("and which groups these are in, in %s", time.Since(begin).Round(time.Millisecond))
}

func TestGroupsInGroupsEndSomewhere(t *testing.T) {
	t.Parallel()
	entries := slapdtest.Person("ann") + slapdtest.Group("n00", slapdtest.PersonDN("ann"))
	for i := 1; i < 30; i++ {
		entries += slapdtest.Group(fmt.Sprintf("n%02d", i), slapdtest.GroupDN(fmt.Sprintf("n%02d", i-1)))
	}
	s := slapdtest.Start(t, entries)
	got, err := open(t, s.Config()).Find(t.Context(), "ann")
	if err != nil || len(got.Groups) != 16 || got.Groups[15] != "n15" {
		t.Errorf("%v, %v", got.Groups, err)
	}
	config := s.Config()
	config.Group.Nested = false
	if got, err := open(t, config).Find(t.Context(), "ann"); err != nil || !slices.Equal(got.Groups, []string{"n00"}) {
		t.Errorf("without nesting: %v, %v", got.Groups, err)
	}
}

// Groups of POSIX name their members by name. A group that is called as a
// person is not that person.
func TestGroupsThatNameTheirMembers(t *testing.T) {
	t.Parallel()
	s := slapdtest.Start(t, staff()+
		"dn: cn=admins,ou=groups,dc=example,dc=com\nobjectClass: posixGroup\ncn: admins\ngidNumber: 7\nmemberUid: search-dev\n\n"+
		"dn: cn=drivers,ou=groups,dc=example,dc=com\nobjectClass: posixGroup\ncn: drivers\ngidNumber: 8\nmemberUid: ann\n\n")
	config := s.Config()
	config.Group.Filter = "(|(memberUid={name})(member={dn}))"
	got, err := open(t, config).Find(t.Context(), "ann")
	if want := []string{"drivers", "everyone", "search-dev"}; err != nil || !slices.Equal(got.Groups, want) {
		t.Errorf("%v, %v", got.Groups, err)
	}
}

func TestWhoLeavesIsGoneAtTheNextLook(t *testing.T) {
	t.Parallel()
	s := slapdtest.Start(t, staff()+slapdtest.Group("search-lead", slapdtest.PersonDN("ann"), slapdtest.PersonDN("bob")))
	d := open(t, s.Config())
	if got, err := d.Find(t.Context(), "ann"); err != nil || !slices.Contains(got.Groups, "search-lead") {
		t.Fatal(got, err)
	}
	s.Change(t, func(c *ldapclient.Conn) error {
		out := ldapclient.NewModifyRequest(slapdtest.GroupDN("search-lead"), nil)
		out.Delete("member", []string{slapdtest.PersonDN("ann")})
		return c.Modify(out)
	})
	if got, err := d.Find(t.Context(), "ann"); err != nil || slices.Contains(got.Groups, "search-lead") {
		t.Error(got, err)
	}
	s.Change(t, func(c *ldapclient.Conn) error { return c.Del(ldapclient.NewDelRequest(slapdtest.PersonDN("ann"), nil)) })
	if got, err := d.Find(t.Context(), "ann"); slipway.ErrorCode(err) != slipway.CodeNotFound {
		t.Error(got, err)
	}
}

// A directory that lets anybody search needs no account.
func TestWithoutAnAccount(t *testing.T) {
	t.Parallel()
	s := slapdtest.Start(t, staff(), "access to * by * read")
	config := s.Config()
	config.BindDN, config.User.Bind = "", "uid={name},ou=people,"+slapdtest.Suffix
	d := open(t, config)
	if got, err := d.SignIn(t.Context(), "ann", slapdtest.Password); err != nil || len(got.Groups) != 2 {
		t.Error(got, err)
	}
	config.User.Bind = "cn={name},ou=groups," + slapdtest.Suffix
	if got, err := open(t, config).SignIn(t.Context(), "ann", slapdtest.Password); slipway.ErrorCode(err) != slipway.CodeUnauthenticated {
		t.Errorf("bound as another entry than was found: %v %v", got, err)
	}
}

func TestNewRefusesWhatIsNoFilter(t *testing.T) {
	t.Parallel()
	_, err := ldap.New(slipway.LDAP{User: slipway.LDAPUser{Filter: "(&(uid={name})"}, Group: slipway.LDAPGroup{Filter: "(member={dn})"}}, secret)
	if slipway.ErrorCode(err) != slipway.CodeInvalid {
		t.Error(err)
	}
}
