package audit

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"slipway"
)

// A Report is what Verify found out.
type Report struct {
	Chains   []Verified `json:"chains"`
	Findings []Finding  `json:"findings"` // empty: all is as it was written
}

// Verified is a chain that was read.
type Verified struct {
	Chain    string `json:"chain"`
	Files    int    `json:"files"`
	Entries  uint64 `json:"entries"`
	Hash     string `json:"hash"`     // of the last line
	Anchored uint64 `json:"anchored"` // the number up to which the anchor vouches for it; 0: it does not know the chain
}

// A Finding is one place where the log is not what was written.
type Finding struct {
	Chain string `json:"chain"`
	File  string `json:"file,omitempty"`
	Line  int    `json:"line,omitempty"` // from 1
	What  string `json:"what"`
}

func (f Finding) String() string {
	at := f.Chain
	if f.File != "" {
		at = filepath.Join(at, f.File)
	}
	if f.Line != 0 {
		at += fmt.Sprintf(":%d", f.Line)
	}
	return at + ": " + f.What
}

// Verify reads all chains of a directory from their first lines, and compares
// them with the anchor. Without an anchor, which may be nil, a chain that was
// written anew, lost its last lines or is gone as a whole looks like one that
// never was different.
//
// A log that is being written is read as far as it has come. The error is of
// reading, not of what was read.
func Verify(dir string, anchor *slipway.AuditAnchor) (Report, error) {
	report := Report{Chains: []Verified{}, Findings: []Finding{}}
	if _, err := os.Stat(dir); err != nil {
		return report, slipway.Errorf(slipway.CodeInvalid, "read the audit log: %w", err)
	}
	names, err := chainDirs(dir)
	if err != nil {
		return report, err
	}
	for _, name := range names {
		c := &check{report: &report, chain: Verified{Chain: name, Hash: none}}
		if anchor != nil {
			for _, h := range anchor.Heads {
				if h.Chain == name {
					c.heads = append(c.heads, h)
				}
			}
		}
		if err := c.read(filepath.Join(dir, name)); err != nil {
			return report, err
		}
		report.Chains = append(report.Chains, c.chain)
	}
	if anchor != nil {
		place, err := Place(dir)
		if err != nil {
			return report, err
		}
		for _, h := range anchor.Heads {
			if latest, _ := anchor.Latest(h.Chain); h == latest && h.Place == place && !slices.Contains(names, h.Chain) {
				report.add(Finding{Chain: h.Chain, What: fmt.Sprintf("the whole chain is gone: the anchor knows %d lines", h.Seq)})
			}
		}
		for _, h := range anchor.Odd {
			if slices.Contains(names, h.Chain) || h.Place == place {
				report.add(Finding{Chain: h.Chain, What: fmt.Sprintf("at %s it had line %d with another hash, or fewer lines than before: it was cut or written anew, and gone on with", h.At.Format("2006-01-02 15:04:05 UTC"), h.Seq)})
			}
		}
	}
	return report, nil
}

func (r *Report) add(f Finding) { r.Findings = append(r.Findings, f) }

// check is the reading of one chain. After a finding it goes on with what it
// found, so that one change is one finding, or two.
type check struct {
	report *Report
	chain  Verified            // so far; Hash is of the line before
	last   uint64              // the number of the line before
	heads  []slipway.AuditHead // that the anchor knows and were not met yet, in the order of their numbers
	file   string
	line   int
}

func (c *check) read(dir string) error {
	files, err := segments(dir)
	if err != nil {
		return err
	}
	if err := c.strangers(dir); err != nil {
		return err
	}
	for i, s := range files {
		text, err := os.ReadFile(s.path)
		if err != nil {
			return fmt.Errorf("read the audit log: %w", err)
		}
		c.chain.Files++
		c.file, c.line = filepath.Base(s.path), 0
		if filepath.Base(segmentPath(dir, s.first)) != c.file || s.first != c.last+1 {
			c.find("the file's name does not say the number of its first line, %d: one before it is missing, or it was renamed", c.last+1)
		}
		rest := lines(text, func(line []byte) bool {
			c.take(line)
			return true
		})
		if len(rest) > 0 && i < len(files)-1 {
			c.line++
			c.find("the last line is cut off")
		} else if len(rest) > 0 && !held(filepath.Join(dir, lockName)) { // or else it is being written
			c.line++
			c.find("the last line is cut off; if the process that wrote it was killed, it cuts it off and says so when it is started again")
		}
	}
	c.file, c.line = "", 0
	if len(c.heads) > 0 {
		last := c.heads[len(c.heads)-1]
		c.find("the end is gone: the anchor knows line %d, and the last one there is %d", last.Seq, c.last)
	}
	return nil
}

// strangers reports what does not belong into a chain's directory.
func (c *check) strangers(dir string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return fmt.Errorf("read the audit log: %w", err)
	}
	for _, e := range entries {
		name := e.Name()
		if name != lockName && !strings.HasPrefix(name, "torn-") &&
			(filepath.Ext(name) != fileSuffix || strings.Trim(strings.TrimSuffix(name, fileSuffix), "0123456789") != "" || e.Type() != fs.FileMode(0)) {
			c.file = name
			c.find("this file is not one of the audit log's")
		}
	}
	c.file = ""
	return nil
}

func (c *check) take(line []byte) {
	c.line++
	hash, err := intact(line)
	if err != nil {
		c.find("%v", err)
		c.last, c.chain.Hash = c.last+1, "" // the next line tells what it was
		return
	}
	var e struct {
		Chain string `json:"chain"`
		Seq   uint64 `json:"seq"`
		Prev  string `json:"prev"`
	}
	if err := json.Unmarshal(line, &e); err != nil {
		c.find("the line is not an entry: %v", err)
	}
	switch known := c.chain.Hash != ""; {
	case e.Chain != c.chain.Chain:
		c.find("the line belongs to chain %s", e.Chain)
	case e.Seq > c.last+1:
		c.find("lines %d to %d are missing before this one", c.last+1, e.Seq-1)
	case e.Seq <= c.last:
		c.find("line %d comes after line %d: the order was changed, or it is there twice", e.Seq, c.last)
	case known && e.Prev != c.chain.Hash:
		c.find("line %d does not follow the one before it: that was replaced", e.Seq)
	}
	c.chain.Entries++
	c.last, c.chain.Hash = e.Seq, hash
	c.meet(e.Seq, hash)
}

// meet compares a line with what the anchor knows of it.
func (c *check) meet(seq uint64, hash string) {
	for len(c.heads) > 0 && c.heads[0].Seq <= seq {
		head := c.heads[0]
		c.heads = c.heads[1:]
		if head.Seq == seq && head.Hash == hash {
			c.chain.Anchored = seq
		} else {
			c.find("line %d is not the one that the anchor knows: the chain was written anew", head.Seq)
		}
	}
}

func (c *check) find(format string, args ...any) {
	c.report.add(Finding{Chain: c.chain.Chain, File: c.file, Line: c.line, What: fmt.Sprintf(format, args...)})
}
