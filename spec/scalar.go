package spec

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"slipway"
)

// scalar is any text, number or boolean as it is written.
func (v value) scalar(right string) (string, bool) {
	if v.notes(scalarSchema(right)) {
		return "", false
	}
	if v.node.Kind != yaml.ScalarNode || strings.HasPrefix(v.describe(), "a value tagged") || v.node.ShortTag() == "!!null" {
		v.wrong(right)
		return "", false
	}
	if strings.ContainsRune(v.node.Value, 0) {
		v.bad("holds a NUL character, which no process can be given")
		return "", false
	}
	return v.node.Value, true
}

// text is text that is not empty, on one line.
func (v value) text(right string) (string, bool) {
	if v.notes(textSchema(right)) {
		return "", false
	}
	if v.node.Kind != yaml.ScalarNode || v.node.ShortTag() != "!!str" {
		v.wrong(right)
		return "", false
	}
	s := v.node.Value
	if s == "" || strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		v.bad("is empty or holds control characters; %s", right)
		return "", false
	}
	return s, true
}

// matching is text that matches the pattern of what it should be. It is quoted
// where it does not, so it must be no secret.
func (v value) matching(pattern *regexp.Regexp, what, right string) string {
	if v.notes(patternSchema(right, pattern)) {
		return ""
	}
	s, ok := v.text(right)
	if ok && !pattern.MatchString(s) {
		v.bad("%s is not %s; %s", quote(s), what, right)
		return ""
	}
	return s
}

var namePattern = regexp.MustCompile(`^` + slipway.NamePattern + `$`)

// name is a name as slipway.NamePattern has it.
func (v value) name() string {
	return v.matching(namePattern, "a name", "write 1 to 40 lower-case letters, digits and hyphens, with a letter or digit at both ends, for example query-api")
}

// oneOf is one of a few words.
func (v value) oneOf(words ...string) string {
	if v.notes(&Schema{Type: "string", Enum: words}) {
		return ""
	}
	s, ok := v.text("write " + strings.Join(words, " or "))
	if slices.Contains(words, s) {
		return s
	}
	if ok {
		v.bad("found %s; write %s", quote(s), strings.Join(words, " or "))
	}
	return ""
}

// integer is a whole number from least to most.
func (v value) integer(least, most int) int {
	if v.notes(numberSchema(least, most)) {
		return least
	}
	n, err := strconv.Atoi(v.node.Value)
	if v.node.ShortTag() != "!!int" || err != nil || n < least || n > most {
		v.bad("found %s; write a number from %d to %d, without quotes", v.describe(), least, most)
		return least
	}
	return n
}

// share is a number of things, or a percentage of them, from least of either.
func (v value) share(least int) slipway.Share {
	right := fmt.Sprintf("write a number from %d, or a percentage such as 50%%", least)
	if v.notes(&Schema{Type: []string{"integer", "string"}, Description: right, Minimum: &least, Pattern: "^[0-9]+%?$"}) {
		return slipway.Share{}
	}
	text, ok := v.scalar(right)
	if !ok {
		return slipway.Share{}
	}
	var s slipway.Share
	if s.UnmarshalText([]byte(text)) != nil || s.Number < least {
		v.bad("found %s; %s", quote(text), right)
	}
	return s
}

// boolean is true or false.
func (v value) boolean() bool {
	if v.notes(&Schema{Type: "boolean"}) {
		return false
	}
	b, err := strconv.ParseBool(v.node.Value)
	if v.node.ShortTag() != "!!bool" || err != nil {
		v.wrong("write true or false, without quotes")
	}
	return b
}

// duration is a time such as 10s, from least to most.
func (v value) duration(least, most time.Duration) slipway.Duration {
	const right = "write a number and a unit, for example 500ms, 10s, 5m or 24h"
	if v.notes(textSchema(fmt.Sprintf("%s; from %s to %s", right, brief(least), brief(most)))) {
		return 0
	}
	s, ok := v.text(right)
	if !ok {
		return 0
	}
	var d slipway.Duration
	if d.UnmarshalText([]byte(s)) != nil {
		v.bad("%s is not a duration; %s", quote(s), right)
	} else if d.Std() < least || d.Std() > most {
		v.bad("found %s; write a time from %s to %s", brief(d.Std()), brief(least), brief(most))
	}
	return d
}

// brief is a duration as people write it: "1h", not "1h0m0s".
func brief(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// listOf reads each item of a list.
func listOf[T any](v value, right string, read func(value) T) []T {
	var list []T
	for _, item := range v.items(right) {
		list = append(list, read(item))
	}
	return list
}

// texts is a mapping of any keys to scalars, or a list of "KEY=VALUE"; check
// may have more to say about each.
func (v value) texts(example string, check func(entry)) map[string]string {
	texts := map[string]string{}
	for _, e := range v.pairs(example) {
		if s, ok := e.scalar("write text, for example " + example); ok {
			texts[e.key] = s
			check(e)
		}
	}
	if len(texts) == 0 {
		return nil
	}
	return texts
}

// pairs are the entries of a mapping, or of Compose's other form of it, a list
// of "KEY=VALUE". Values are not quoted in problems: they may be secrets.
func (v value) pairs(example string) []entry {
	right := "write a mapping, for example " + example
	if v.node.Kind != yaml.SequenceNode {
		entries, _ := v.entries(right)
		return entries
	}
	var entries []entry
	taken := map[string]bool{}
	for _, item := range v.items(right) {
		s, ok := item.scalar("write KEY=VALUE")
		if !ok {
			continue
		}
		key, text, ok := strings.Cut(s, "=")
		switch {
		case !ok:
			item.bad("has no =; write KEY=VALUE")
		case taken[key]:
			item.bad("%s is there twice; keep one", quote(key))
		default:
			taken[key] = true
			node := *item.node
			node.Value, node.Tag = text, "!!str"
			entries = append(entries, entry{key: key, value: value{doc: v.doc, node: &node, field: v.below(key)}})
		}
	}
	return entries
}
