package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"slipway"
	"slipway/drivers/audit"
)

// A story of two requests and a way back, the latest first.
var story = []slipway.AuditEntry{
	{Kind: slipway.AuditEvent, Action: "edge.override", Project: "search", Service: "query-api", Release: "search.query-api.1", Edge: "e1", User: "operator:otto", Code: slipway.AuditOK, Reason: "slow"},
	{Kind: slipway.AuditRefused, Action: "service.lock", Project: "search", Service: "query-api", User: "vic", Code: slipway.CodeForbidden, Detail: "vic may not", Request: "r2"},
	{Kind: slipway.AuditOutcome, Action: "release.submit", Project: "search", Service: "query-api", Release: "search.query-api.2", User: "ann", Code: slipway.AuditOK, Reason: "faster", Request: "r1"},
	{Kind: slipway.AuditIntent, Action: "release.submit", Project: "search", Service: "query-api", User: "ann", Reason: "faster", Request: "r1"},
}

// auditLog lists the story, two entries to a page.
func (s *fakeServer) auditLog(r *http.Request) (any, error) {
	var entries []slipway.AuditEntry
	for _, e := range story {
		e.Time = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
		filter := slipway.AuditFilter{User: r.FormValue("user"), Action: r.FormValue("action"), Request: r.FormValue("request")}
		if filter.Takes(e) {
			entries = append(entries, e)
		}
	}
	next := ""
	if r.FormValue("page") == "2" {
		entries = entries[2:]
	} else if len(entries) > 2 {
		entries, next = entries[:2], "2"
	}
	return map[string]any{"entries": entries, "next_page": next}, nil
}

func (s *fakeServer) auditAnchor(*http.Request) (any, error) {
	return slipway.AuditAnchor{Heads: []slipway.AuditHead{{Chain: "slipway-test-1", Seq: 3}}}, nil
}

// writeAuditLog writes three entries to a directory.
func writeAuditLog(ts *testscript.TestScript, _ bool, args []string) {
	log, err := audit.Open(audit.Options{Dir: ts.MkAbs(args[0]), Part: "slipway-test", Logger: slog.New(slog.DiscardHandler)})
	ts.Check(err)
	for range 3 {
		ts.Check(log.Append(context.Background(), story[3]))
	}
	ts.Check(log.Close())
	ts.Setenv("chain", log.Head().Chain)
	ts.Setenv("file", strings.Join([]string{args[0], log.Head().Chain, "000000000001.jsonl"}, "/"))
}
