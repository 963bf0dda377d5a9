package api

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"maps"
	"net/http"
	"path"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"slipway"
)

//go:embed console
var console embed.FS

// pages are the templates of the console by name, each within the layout.
type pages map[string]*template.Template

func newPages() (pages, error) {
	files, err := fs.Glob(console, "console/*.html")
	if err != nil {
		return nil, err
	}
	all := pages{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" {
			continue
		}
		all[name], err = template.New("layout.html").Funcs(words).ParseFS(console, "console/layout.html", file)
		if err != nil {
			return nil, err
		}
	}
	return all, nil
}

// words are what templates say of values.
var words = template.FuncMap{
	"digest": slipway.ShortDigest,
	"phrase": func(s any) string { return strings.ReplaceAll(text(s), "_", " ") },
	"time": func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return t.UTC().Format("2006-01-02 15:04:05 UTC")
	},
}

// text is a Phase, an Outcome or the like, or a pointer to one, as a string.
func text(s any) string {
	switch s := s.(type) {
	case slipway.Phase:
		return string(s)
	case slipway.HostPhase:
		return string(s)
	case *slipway.Outcome:
		if s != nil {
			return string(*s)
		}
	case string:
		return s
	}
	return ""
}

// A view is what the layout shows around a page.
type view struct {
	Title    string
	User     string // empty: nobody is signed in
	Operator bool   // sees the Temporal UI
	Temporal string // the page of the Temporal UI that belongs to this one
	Version  string
	Page     any
}

// page is a route of the console. What show returns as an error is a page, too.
func (s *server) page(pattern string, access access, show func(http.ResponseWriter, *request) error) route {
	return route{pattern: pattern, access: access, add: func(mux *http.ServeMux, _ huma.API) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			request := requestOf(r.Context())
			request.Request = r // which knows the values of the path
			_, err := audited(request, nil, func() (*struct{}, error) { return nil, show(w, request) })
			if err != nil {
				s.errorPage(w, request, err)
			}
		})
	}}
}

// render writes a page in the layout.
func (s *server) render(w http.ResponseWriter, r *request, status int, name string, v view) error {
	v.User, v.Version = r.session.User, s.Version
	v.Operator = s.TemporalUI != nil && r.session.may(s.Fleet(), "", slipway.RightOperate)
	var text bytes.Buffer
	if err := s.pages[name].Execute(&text, v); err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("Referrer-Policy", "same-origin")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // nothing is left to tell a client that has gone
	return nil
}

// errorPage says what went wrong where a page would be.
func (s *server) errorPage(w http.ResponseWriter, r *request, err error) {
	p := r.problem(err)
	maps.Copy(w.Header(), p.GetHeaders())
	if err := s.render(w, r, p.Status, "error", view{Title: p.Title, Page: p}); err != nil {
		refuse(w, r.problem(err))
	}
}

// static serves the style and the script.
func static() http.Handler {
	files, err := fs.Sub(console, "console/static")
	if err != nil { // the path is no path
		panic(err)
	}
	server := http.StripPrefix("/static", http.FileServerFS(files))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache") // a new version of Slipway has new ones
		server.ServeHTTP(w, r)
	})
}
