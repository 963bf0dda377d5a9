package api

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"slipway"
	"slipway/starter"
)

func (s *server) homePage(w http.ResponseWriter, r *request) error {
	services, err := s.services(r.Context(), "")
	if err != nil {
		return err
	}
	releases, _, err := s.visible(r.Context(), starter.Filter{Limit: 20})
	if err != nil {
		return err
	}
	return s.render(w, r, http.StatusOK, "home", view{Title: "Services", Page: struct {
		Services []slipway.ServiceStatus
		Releases []slipway.Release
	}{services, releases}})
}

func (s *server) servicePage(w http.ResponseWriter, r *request) error {
	id, err := s.service(r.Context(), r.PathValue("project"), r.PathValue("service"), slipway.RightView)
	if err != nil {
		return err
	}
	status, err := s.Releases.Service(r.Context(), id)
	if err != nil {
		return err
	}
	releases, _, err := s.visible(r.Context(), starter.Filter{Service: id, Limit: 50})
	if err != nil {
		return err
	}
	mayRelease := s.may(r.Context(), id.Project, slipway.RightRelease)
	return s.render(w, r, http.StatusOK, "service", view{
		Title:    id.String(),
		Temporal: "/temporal/namespaces/slipway/workflows/" + url.PathEscape("lane/"+id.Key()),
		Page: struct {
			slipway.ServiceStatus
			Releases             []slipway.Release
			MayRollBack, MayLock bool
			Shut                 *slipway.Wait
		}{status, releases, mayRelease && len(status.Good) > 0, mayRelease, s.shutFor(status)},
	})
}

// releaseView is a release, and what whoever looks at it may do with it.
type releaseView struct {
	slipway.Release
	MayAbort, MayRollBack, MayAccept bool
	MayBreak                         bool
	MayDecide                        []string // the gates
}

func (s *server) releasePage(w http.ResponseWriter, r *request) error {
	id, err := s.release(r.Context(), r.PathValue("id"), slipway.RightView)
	if err != nil {
		return err
	}
	release, err := s.Releases.Release(r.Context(), id)
	if err != nil {
		return err
	}
	shown := releaseView{Release: release}
	if s.may(r.Context(), id.Project, slipway.RightRelease) {
		switch release.Phase {
		case slipway.Holding:
			shown.MayRollBack, shown.MayAccept = release.Blue != "", !slices.ContainsFunc(release.Gates, func(g slipway.GateState) bool {
				return g.Before == slipway.BeforeAccept && g.State != slipway.GateApproved // it decides
			})
		case slipway.Stuck:
			held := release.Stuck.During == slipway.Holding
			shown.MayRollBack, shown.MayAccept, shown.MayAbort = held, true, !held
		case slipway.Undoing, slipway.Ended:
		default:
			shown.MayAbort = true
			shown.MayBreak = release.Waits != nil && release.Waits.For == slipway.WaitsForWindow
		}
	}
	for _, gate := range release.Gates {
		if gate.State == slipway.GateOpen && slipway.PersonOf(release.RequestedBy) != r.session.person && s.mayDecide(r.Context(), id.Project, gate.Approvers) {
			shown.MayDecide = append(shown.MayDecide, gate.Name)
		}
	}
	return s.render(w, r, http.StatusOK, "release", view{
		Title:    id.String(),
		Temporal: "/temporal/namespaces/slipway/workflows/" + url.PathEscape("release/"+id.String()),
		Page:     shown,
	})
}

// signInView is the sign-in page.
type signInView struct{ User, Next, Problem string }

func (s *server) loginPage(w http.ResponseWriter, r *request) error {
	return s.render(w, r, http.StatusOK, "login", view{Title: "Sign in", Page: signInView{Next: r.URL.Query().Get("next")}})
}

// loginForm signs in without a script.
func (s *server) loginForm(w http.ResponseWriter, r *request) error {
	if err := r.ParseForm(); err != nil {
		return slipway.Errorf(slipway.CodeInvalid, "the sign-in did not arrive whole: send it again (%w)", err)
	}
	user, next := r.PostFormValue("user"), r.PostFormValue("next")
	signedIn, err := s.signIn(r.Context(), user, r.PostFormValue("password"), forBrowser)
	if code := slipway.ErrorCode(err); slices.Contains([]slipway.Code{slipway.CodeUnauthenticated, slipway.CodeTooMany}, code) {
		p := r.problem(err)
		return s.render(w, r, p.Status, "login", view{Title: "Sign in", Page: signInView{user, next, p.Detail}})
	}
	if err != nil {
		return err
	}
	cookie := r.cookie(signedIn)
	http.SetCookie(w, &cookie)
	http.Redirect(w, r.Request, local(next), http.StatusSeeOther)
	return nil
}

// local is where to go after the sign-in: a path of this server, never another
// site.
func local(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.IsAbs() || u.Host != "" || !strings.HasPrefix(next, "/") || strings.HasPrefix(next, "//") || strings.ContainsAny(next, "\\\t\r\n") {
		return "/"
	}
	return next
}

func (s *server) logoutForm(w http.ResponseWriter, r *request) error {
	cookie := r.cookie(Session{})
	http.SetCookie(w, &cookie)
	if err := s.signOut(r); err != nil {
		return err
	}
	http.Redirect(w, r.Request, "/login", http.StatusSeeOther)
	return nil
}
