package ldap_test

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	ber "github.com/go-asn1-ber/asn1-ber"
	ldapclient "github.com/go-ldap/ldap/v3"

	"slipway"
	"slipway/drivers/ldap/slapdtest"
)

// An activeDirectory answers binds and searches as a domain controller does:
// with references to other domains beside what was found. OpenLDAP does not
// know the matching rule for groups in groups.
type activeDirectory struct {
	mu      sync.Mutex
	filters []string
}

func (a *activeDirectory) serve(c net.Conn) {
	defer c.Close()
	for {
		request, err := ber.ReadPacket(c)
		if err != nil || len(request.Children) < 2 {
			return
		}
		id, op := request.Children[0].Value.(int64), request.Children[1]
		if op.Tag == ldapclient.ApplicationBindRequest {
			code := ldapclient.LDAPResultSuccess
			if op.Children[2].Data.String() != slapdtest.Password {
				code = ldapclient.LDAPResultInvalidCredentials
			}
			_, _ = c.Write(answer(id, ldapclient.ApplicationBindResponse, uint16(code)))
		}
		if op.Tag == ldapclient.ApplicationSearchRequest {
			filter, err := ldapclient.DecompileFilter(op.Children[6])
			if err != nil {
				return
			}
			a.mu.Lock()
			a.filters = append(a.filters, filter)
			a.mu.Unlock()
			switch {
			case strings.Contains(filter, "sAMAccountName=ann"):
				_, _ = c.Write(entry(id, "CN=Ann (UK),OU=Staff,DC=example,DC=com", "sAMAccountName", "Ann"))
			case strings.Contains(filter, `member:1.2.840.113556.1.4.1941:=CN=Ann \28UK\29,OU=Staff,DC=example,DC=com`):
				_, _ = c.Write(entry(id, "CN=search-dev,DC=example,DC=com", "cn", "search-dev"))
				_, _ = c.Write(entry(id, "CN=everyone,DC=example,DC=com", "cn", "everyone"))
			}
			_, _ = c.Write(reference(id))
			_, _ = c.Write(answer(id, ldapclient.ApplicationSearchResultDone, ldapclient.LDAPResultSuccess))
		}
	}
}

func message(id int64, op *ber.Packet) []byte {
	p := ber.NewSequence("")
	p.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, id, ""))
	p.AppendChild(op)
	return p.Bytes()
}

func text(s string) *ber.Packet {
	return ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, s, "")
}

func answer(id int64, tag ber.Tag, code uint16) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, tag, nil, "")
	op.AppendChild(ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagEnumerated, uint64(code), ""))
	op.AppendChild(text(""))
	op.AppendChild(text(""))
	return message(id, op)
}

func entry(id int64, dn, attribute, value string) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldapclient.ApplicationSearchResultEntry, nil, "")
	op.AppendChild(text(dn))
	attributes, one, values := ber.NewSequence(""), ber.NewSequence(""), ber.Encode(ber.ClassUniversal, ber.TypeConstructed, ber.TagSet, nil, "")
	values.AppendChild(text(value))
	one.AppendChild(text(attribute))
	one.AppendChild(values)
	attributes.AppendChild(one)
	op.AppendChild(attributes)
	return message(id, op)
}

func reference(id int64) []byte {
	op := ber.Encode(ber.ClassApplication, ber.TypeConstructed, ldapclient.ApplicationSearchResultReference, nil, "")
	op.AppendChild(text("ldap://elsewhere.invalid/DC=other,DC=com"))
	return message(id, op)
}

func TestActiveDirectory_FindsGroupsInGroupsOnItsSide(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	domain := new(activeDirectory)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go domain.serve(c)
		}
	}()
	d := open(t, slipway.LDAP{
		URLs:    []string{"ldap://" + l.Addr().String()},
		BindDN:  "slipway@example.com",
		Timeout: slipway.DefaultLDAPTimeout,
		User: slipway.LDAPUser{
			BaseDN: "DC=example,DC=com", Name: "sAMAccountName",
			Filter: "(&(objectCategory=person)(sAMAccountName={name})(!(userAccountControl:1.2.840.113556.1.4.803:=2)))",
		},
		Group: slipway.LDAPGroup{
			BaseDN: "DC=example,DC=com", Name: "cn",
			Filter: "(&(objectClass=group)(member:1.2.840.113556.1.4.1941:={dn}))",
		},
	})
	got, err := d.SignIn(t.Context(), "ANN", slapdtest.Password)
	if err != nil || got.Name != "ann" || !slices.Equal(got.Groups, []string{"everyone", "search-dev"}) {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := d.SignIn(t.Context(), "ann", "wrong"); slipway.ErrorCode(err) != slipway.CodeUnauthenticated {
		t.Error(err)
	}
	if len(domain.filters) == 0 || slices.ContainsFunc(domain.filters, func(f string) bool { return strings.Contains(f, "{") }) {
		t.Error(fmt.Sprint(domain.filters))
	}
}
