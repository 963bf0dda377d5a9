package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"slipway"
	"slipway/spec"
)

const (
	beforeTime = 500 * time.Millisecond // to find out how things stand before an action
	maxDetail  = 2000                   // bytes of an error, or of a reason, that are kept
	maxWord    = 200                    // bytes of anything else that whoever asks can choose
)

// kept are the keys of bodies and answers that are written down. What is not
// among them, such as a password or a token, is not.
var kept = []string{"tag", "force", "break_glass", "to", "decision", "digest", "settings", "name", "role", "expires", "expires_at", "id", "release", "held", "container", "host", "retire"}

// entry says who wants what, on what and why, as far as a request and what was
// read of it (nil: nothing) tell.
func (r *request) entry(in any) slipway.AuditEntry {
	action, _ := r.action()
	e := slipway.AuditEntry{Action: action, User: r.session.User, Via: r.via(), Address: origin(r.Request), Request: r.id}
	r.target(&e)
	if with, ok := in.(interface{ key(context.Context) string }); ok {
		e.Key = with.key(r.Context())
	}
	read := fields(in)
	e.Reason, _ = read["Reason"].(string)
	body, _ := read["Body"].(map[string]any)
	if reason, ok := body["reason"].(string); ok {
		e.Reason = cut(reason, maxDetail)
	}
	if gate, ok := body["gate"].(string); ok {
		e.Gate = cut(gate, maxWord)
	}
	if project, ok := body["project"].(string); ok && e.Project == "" && slipway.ValidName(project) {
		e.Project = project
	}
	e.After = chosen(body)
	if id := r.segment("{id}"); id != "" && e.Release == "" {
		e.After["id"] = cut(id, maxWord)
	}
	if host := r.segment("{host}"); host != "" {
		e.After["host"] = cut(host, maxWord)
	}
	if text, ok := body["service_file"].(string); ok {
		r.file(&e, text)
	}
	return e
}

// fields are those of a value as JSON has them.
func fields(v any) (read map[string]any) {
	text, err := json.Marshal(v)
	if err == nil {
		_ = json.Unmarshal(text, &read) // what is no object has none
	}
	return read
}

func chosen(body map[string]any) map[string]string {
	found := map[string]string{}
	for _, key := range kept {
		if value, ok := body[key]; ok && value != nil && value != "" {
			found[key] = cut(fmt.Sprint(value), maxWord)
		}
	}
	return found
}

// file keeps of a service file what it is about, and hashes.
func (r *request) file(e *slipway.AuditEntry, text string) {
	sum := sha256.Sum256([]byte(text))
	e.After["service_file"] = "sha256:" + hex.EncodeToString(sum[:])
	if svc, err := spec.ParseService("service.yaml", []byte(text)); err == nil {
		e.Project, e.Service = svc.Project, svc.ServiceID.Service
		e.After["settings"] = svc.SettingsHash()
	}
}

// via is how somebody is signed in.
func (r *request) via() string {
	switch {
	case r.Header.Get("Authorization") != "":
		return "token"
	case r.session.User != "":
		return "cookie"
	}
	return ""
}

// target reads off the path what an action is on. A request that was turned
// away was never matched, so this is done here.
func (r *request) target(e *slipway.AuditEntry) {
	if id, err := slipway.ParseServiceID(r.segment("{project}") + "/" + r.segment("{service}")); err == nil {
		e.Project, e.Service = id.Project, id.Service
	} else if project := r.segment("{project}"); slipway.ValidName(project) {
		e.Project = project
	}
	if id, err := slipway.ParseReleaseID(r.segment("{id}")); err == nil {
		e.Project, e.Service, e.Release = id.Project, id.Service, id.String()
	}
}

// segment is the part of the path where the route's pattern has a name.
func (r *request) segment(name string) string {
	_, pattern, _ := strings.Cut(r.route, " ")
	parts := strings.Split(r.URL.Path, "/")
	i := slices.Index(strings.Split(pattern, "/"), name)
	if i < 0 || i >= len(parts) {
		return ""
	}
	return parts[i]
}

// before is how what an action is on stands, as far as that is known soon, and
// may be seen by whoever acts.
func (r *request) before(e slipway.AuditEntry) map[string]string {
	ctx, cancel := context.WithTimeout(r.Context(), beforeTime)
	defer cancel()
	if e.Service == "" || !r.server.may(ctx, e.Project, slipway.RightView) {
		return nil
	}
	if id, err := slipway.ParseReleaseID(e.Release); err == nil {
		release, err := r.server.Releases.Release(ctx, id)
		if err != nil {
			return nil
		}
		return chosen(map[string]any{"digest": release.Digest, "settings": release.Settings, "tag": release.Tag})
	}
	id, err := slipway.ParseServiceID(e.Project + "/" + e.Service)
	if err != nil {
		return nil
	}
	status, err := r.server.Releases.Service(ctx, id)
	if err != nil {
		return nil
	}
	found := map[string]string{}
	if status.Live != nil {
		found = chosen(map[string]any{"release": status.Live.Release, "digest": status.Live.Digest, "settings": status.Live.Settings, "tag": status.Live.Tag})
	}
	if status.Lock != nil {
		found["lock"] = status.Lock.String()
	}
	return found
}

// came adds to an entry what has come of it.
func (r *request) came(e *slipway.AuditEntry, out any, err error) {
	if err != nil {
		p := r.problem(err)
		e.Code, e.Detail = p.Code, detail(p, err)
		return
	}
	e.Code = slipway.AuditOK
	body, _ := fields(out)["Body"].(map[string]any)
	after := chosen(body)
	for _, key := range []string{"id", "release"} {
		if slipway.IsRelease(after[key]) && e.Release == "" {
			e.Release = after[key]
			delete(after, key)
		}
	}
	maps.Copy(after, e.After)
	e.After = after
}

// detail is what a problem says, without anything of a file but where it is
// wrong.
func detail(p *Problem, err error) string {
	text := p.Detail
	if flaws, ok := errors.AsType[spec.Errors](err); ok {
		places := make([]string, len(flaws))
		for i, f := range flaws {
			places[i] = fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Field)
		}
		text = "the file is wrong at " + strings.Join(places, ", ")
	}
	return cut(text, maxDetail)
}

// cut is a text of at most so many bytes: nobody fills the log with one request.
func cut(text string, size int) string {
	if len(text) <= size {
		return text
	}
	return strings.ToValidUTF8(text[:size], "") + "…"
}

// presented reports whether a request came with something to sign in by.
func (r *request) presented() bool {
	_, err := r.Cookie(cookieName(r.Request))
	return err == nil || r.Header.Get("Authorization") != ""
}

// refusal is the entry of a request that was refused before it was begun; ok is
// false where there is nothing to say of it: somebody who is just not signed in
// yet, or looked for what is not there.
func (r *request) refusal() (e slipway.AuditEntry, ok bool) {
	if r.recorded || r.err == nil || r.told == nil {
		return e, false
	}
	_, changes := r.action()
	switch code := r.told.Code; {
	case changes, code == slipway.CodeForbidden, r.hidden:
	case code == slipway.CodeUnauthenticated && r.presented():
	default:
		return e, false
	}
	e = r.entry(nil)
	e.Kind, e.Code, e.Detail = slipway.AuditRefused, r.told.Code, detail(r.told, r.err)
	if e.Action == signingIn {
		e.User, e.Via = cut(r.tried, maxWord), "password"
	}
	if e.Action == viewing {
		e.After = map[string]string{"path": cut(r.URL.Path, maxWord)}
	}
	return e, true
}
