package edge_test

import (
	"io"
	"net/http"
	"testing"
	"time"

	"slipway"
	"slipway/drivers/slipwayedge"
	"slipway/drivers/slipwayedge/mtls/mtlstest"
	"slipway/edge"
)

// prepareTLS is an edge that is administered over mutual TLS.
func prepareTLS(t *testing.T, ca *mtlstest.Authority) *process {
	t.Helper()
	p := prepare(t)
	own, slipways := ca.Issue("edge", time.Now().Add(time.Hour)), ca.Issue("slipway", time.Now().Add(time.Hour))
	address := freeAddress(t)
	p.changes = append(p.changes, func(o *edge.Options) { o.Admin, o.AdminTLS = address, &own })
	client, err := slipwayedge.New(slipway.Edge{Name: "e1", Admin: "https://" + address, TLS: &slipways})
	if err != nil {
		t.Fatal(err)
	}
	p.client, p.socket = client, address
	return p
}

func TestEdgeIsAdministeredOverMutualTLS(t *testing.T) {
	p := prepareTLS(t, mtlstest.NewAuthority(t))
	p.start()
	p.stage(1, 0)
	p.commit(1, 0)
	before := p.takeOver()
	p.stage(2, 1)
	p.commit(2, 1)
	if _, body, err := p.get("/"); err != nil || body != release(2) {
		t.Errorf("%q, %v", body, err)
	}
	http.DefaultClient.CloseIdleConnections()
	if err := before.Wait(); err != nil {
		t.Error(err)
	}
	res, err := http.Get("http://" + p.socket + "/v1/table")
	if err == nil {
		defer res.Body.Close()
		text, _ := io.ReadAll(res.Body)
		if res.StatusCode != http.StatusBadRequest {
			t.Errorf("plain HTTP is answered: %s %s", res.Status, text)
		}
	}
}

func TestAdministrationOverTCPWithoutTLSDoesNotBegin(t *testing.T) {
	p := prepare(t)
	p.changes = append(p.changes, func(o *edge.Options) { o.Admin = freeAddress(t) })
	refusesToStart(t, p, "mutual TLS only")
}
