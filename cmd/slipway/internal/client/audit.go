package client

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"slipway"
)

// Audit calls each with entries of the audit log of the server's machine, the
// latest first, until there are no more, limit (0: none) is reached, or each
// returns an error.
func (c *Client) Audit(ctx context.Context, f AuditFilter, limit int, each func(slipway.AuditEntry) error) error {
	query := url.Values{}
	for key, value := range map[string]string{"project": f.Project, "service": f.Service, "user": f.User, "action": f.Action, "request": f.Request} {
		if value != "" {
			query.Set(key, value)
		}
	}
	if !f.Since.IsZero() {
		query.Set("since", f.Since.UTC().Format(time.RFC3339Nano))
	}
	const atOnce = 500
	for seen := 0; ; {
		size := atOnce
		if limit > 0 {
			size = min(size, limit-seen)
		}
		query.Set("limit", strconv.Itoa(size))
		var list struct {
			Entries  []slipway.AuditEntry `json:"entries"`
			NextPage string               `json:"next_page"`
		}
		if err := c.get(ctx, "/audit", query, &list); err != nil {
			return err
		}
		for _, e := range list.Entries {
			if err := each(e); err != nil {
				return err
			}
		}
		seen += len(list.Entries)
		if list.NextPage == "" || limit > 0 && seen >= limit {
			return nil
		}
		query.Set("page", list.NextPage)
	}
}

// AuditFilter narrows a list of entries. What is empty does not.
type AuditFilter struct {
	Project, Service, User, Action, Request string
	Since                                   time.Time
}

// AuditAnchor is what Temporal keeps of the audit logs.
func (c *Client) AuditAnchor(ctx context.Context) (anchor slipway.AuditAnchor, err error) {
	err = c.get(ctx, "/audit/anchor", nil, &anchor)
	return anchor, err
}
