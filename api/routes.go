package api

import (
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"slipway"
)

// routes is all that is served, and to whom.
func (s *server) routes() []route {
	const v1 = "/api/v1"
	return []route{
		operation("POST "+v1+"/login", anyone, "Sign in", s.login),
		operation("POST "+v1+"/logout", anyone, "End the session", s.logout),
		operation("GET "+v1+"/whoami", person, "Say who is signed in", s.whoami),

		operation("POST "+v1+"/tokens", person, "Make a token for a machine", s.createToken, created).asks(slipway.RightView),
		operation("GET "+v1+"/tokens", person, "List tokens", s.listTokens).shows(slipway.RightOperate),
		operation("DELETE "+v1+"/tokens/{id}", person, "Revoke a token", s.revokeToken).asks(slipway.RightOperate),

		operation("POST "+v1+"/releases", person, "Release a version of a service", s.submit, accepted).asks(slipway.RightRelease),
		operation("POST "+v1+"/adoptions", person, "Put a container that serves already behind the edge, as release 0", s.adopt, accepted).asks(slipway.RightOperate),
		operation("POST "+v1+"/plan", person, "Say what a release would do", s.plan).asks(slipway.RightRelease),
		operation("POST "+v1+"/preflight", person, "Say how hosts are", s.preflight).asks(slipway.RightRelease),
		operation("GET "+v1+"/releases", person, "List releases, the latest first", s.listReleases).shows(slipway.RightView),
		operation("GET "+v1+"/releases/{id}", person, "Say how a release stands", s.getRelease).asks(slipway.RightView),
		operation("GET "+v1+"/releases/{id}/events", person, "Follow a release", s.events, eventStream).asks(slipway.RightView),
		operation("POST "+v1+"/releases/{id}/decisions", person, "Approve or reject at a gate", s.decide).asks(slipway.RightDecide),
		operation("POST "+v1+"/releases/{id}/decisions/signature", person, "Sign a decision, to be passed on by other means", s.signed).asks(slipway.RightDecide),
		operation("POST "+v1+"/releases/{id}/break-glass", person, "Have a release switch in spite of a window or a freeze, if a second person says so", s.breakGlass).asks(slipway.RightRelease),
		operation("POST "+v1+"/releases/{id}/abort", person, "Abort a release that does not serve yet", s.abort).asks(slipway.RightRelease),
		operation("POST "+v1+"/releases/{id}/accept", person, "Retire the version before now, or let what is stuck go on", s.accept).asks(slipway.RightRelease),

		operation("GET "+v1+"/services", person, "List services", s.listServices).shows(slipway.RightView),
		operation("GET "+v1+"/services/{project}/{service}", person, "Say how a service stands", s.getService).asks(slipway.RightView),
		operation("DELETE "+v1+"/services/{project}/{service}", person, "Take a service away", s.remove, accepted).asks(slipway.RightOperate),
		operation("POST "+v1+"/services/{project}/{service}/rollback", person, "Go back to what served before", s.rollback, accepted).asks(slipway.RightRelease),
		operation("POST "+v1+"/services/{project}/{service}/restart", person, "Release what is live once more", s.restart, accepted).asks(slipway.RightRelease),

		operation("GET "+v1+"/hosts", person, "List hosts and how they answer", s.listHosts).shows(slipway.RightView),
		operation("GET "+v1+"/audit", person, "List what people and machines did", s.audit).shows(slipway.RightView),
		operation("GET "+v1+"/audit/anchor", operator, "Say how far the audit logs have come", s.anchor),
		operation("GET "+v1+"/hosts/{host}/cordon", operator, "Say what still runs on a host that is to be empty", s.hostCare),
		operation("POST "+v1+"/hosts/{host}/cordon", operator, "Keep new releases off a host", s.cordon),
		operation("DELETE "+v1+"/hosts/{host}/cordon", operator, "Let a host be used again", s.uncordon),
		operation("POST "+v1+"/hosts/{host}/drain", operator, "Empty a host", s.drain, accepted),
		operation("GET "+v1+"/hosts/{host}/join", operator, "Say how far a host is part of what is live", s.hostJoin),
		operation("POST "+v1+"/hosts/{host}/join", operator, "Bring what is live to a host that is new", s.join, accepted),
		operation("DELETE "+v1+"/hosts/{host}", operator, "Take a host out for good", s.removeHost, accepted),

		operation("GET "+v1+"/line", person, "List what is stopped", s.listStops).shows(slipway.RightView),
		operation("POST "+v1+"/line", operator, "Stop the line of all projects", s.stopAll),
		operation("DELETE "+v1+"/line", operator, "Resume the line of all projects", s.resumeAll),
		operation("POST "+v1+"/projects/{project}/line", person, "Stop the line of a project", s.stopProject).asks(slipway.RightDecide),
		operation("DELETE "+v1+"/projects/{project}/line", person, "Resume the line of a project", s.resumeProject).asks(slipway.RightDecide),

		operation("POST "+v1+"/services/{project}/{service}/lock", person, "Keep new releases away", s.lock).asks(slipway.RightRelease),
		operation("DELETE "+v1+"/services/{project}/{service}/lock", person, "Let releases start again", s.unlock).asks(slipway.RightRelease),

		s.page("GET /{$}", person, s.homePage).shows(slipway.RightView),
		s.page("GET /releases/{id}", person, s.releasePage).asks(slipway.RightView),
		s.page("GET /services/{project}/{service}", person, s.servicePage).asks(slipway.RightView),
		s.page("GET /login", anyone, s.loginPage),
		s.page("POST /login", anyone, s.loginForm),
		s.page("POST /logout", anyone, s.logoutForm),
		plain("GET /static/{file}", anyone, static()),

		plain("/temporal/", operator, http.HandlerFunc(s.temporalUI)),
		plain("GET /openapi.json", person, http.HandlerFunc(s.openapi)),
		plain("GET /metrics", scraper, s.scrape()),
		plain("GET /healthz", anyone, http.HandlerFunc(s.healthz)),
		plain("GET /readyz", anyone, http.HandlerFunc(s.readyz)),
	}
}

// created documents that something new is there when the answer comes.
func created(op *huma.Operation) { op.DefaultStatus = http.StatusCreated }

// accepted documents that the work has only begun when the answer comes.
func accepted(op *huma.Operation) { op.DefaultStatus = http.StatusAccepted }
