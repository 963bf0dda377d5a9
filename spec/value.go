package spec

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A value is one value of a document and the field it stands at.
type value struct {
	doc   *document
	node  *yaml.Node // never an alias
	field string     // as messages name it: "container.environment"

	schema *Schema // where what the value is asked for is noted; nil: it is there, and read
}

// An entry is one key of a mapping with its value.
type entry struct {
	key string
	value
}

// bad reports a problem of the value.
func (v value) bad(format string, args ...any) {
	v.doc.add(v.node.Line, v.node.Column, v.field, fmt.Sprintf(format, args...))
}

// wrong reports a value of the wrong type, and what would be right.
func (v value) wrong(right string) { v.bad("found %s; %s", v.describe(), right) }

// child is a value below v.
func (v value) child(node *yaml.Node, field string) value { return v.doc.value(node, field) }

// items are the values of a list. Anything else is reported with an example of
// what is right, and has none.
func (v value) items(right string) []value {
	if list := (&Schema{Type: "array", Items: &Schema{}}); v.schema != nil && v.node.Kind == yaml.SequenceNode {
		v.schema.AnyOf = append(v.schema.AnyOf, list)
		return imagined(v.doc, list.Items)
	}
	if v.node.Kind != yaml.SequenceNode {
		v.wrong(right)
		return nil
	}
	var items []value
	for i, node := range v.node.Content {
		if v.doc.full() {
			return nil
		}
		items = append(items, v.child(node, v.field+"["+strconv.Itoa(i)+"]"))
	}
	return items
}

func (v value) isList() bool { return v.node.Kind == yaml.SequenceNode }

// isEmptyList reports whether the value is a list of nothing.
func (v value) isEmptyList() bool {
	return v.node.Kind == yaml.SequenceNode && len(v.node.Content) == 0
}

// entries are the keys of a mapping in the order of the file, merge keys
// resolved; ok is false where it is none, which is reported with an example of
// what is right. Known are the keys that it may have (none: any), for the
// schema.
func (v value) entries(right string, known ...string) (entries []entry, ok bool) {
	if v.schema != nil && v.node.Kind == yaml.MappingNode {
		return v.imaginedEntries(right, known), true
	}
	if v.node.Kind != yaml.MappingNode {
		v.wrong(right)
		return nil, false
	}
	return v.merge(nil, map[string]bool{}, 0), true
}

// maxMerges bounds how deep mappings merge one another.
const maxMerges = 16

// merge appends to entries those of the mapping v whose keys are not taken:
// its own first, then those it merges, so that its own win.
func (v value) merge(entries []entry, taken map[string]bool, depth int) []entry {
	if depth > maxMerges {
		v.bad("<< merges more than %d levels deep; does the mapping merge itself?", maxMerges)
		return entries
	}
	own := map[string]bool{}
	var merged []value
	for i := 0; i+1 < len(v.node.Content) && !v.doc.full(); i += 2 {
		key := v.child(v.node.Content[i], v.field)
		if key.node.Kind != yaml.ScalarNode || key.node.ShortTag() == "!!null" {
			key.bad("found %s as a key; a key is text", key.describe())
			continue
		}
		name := key.node.Value
		key.field = v.below(name)
		if own[name] {
			key.bad("is there twice; keep one")
			continue
		}
		own[name] = true
		val := v.child(v.node.Content[i+1], key.field)
		switch {
		case key.node.ShortTag() == "!!merge":
			merged = append(merged, val.sources()...)
		case !taken[name]:
			taken[name] = true
			entries = append(entries, entry{key: name, value: val})
		}
	}
	for _, source := range merged {
		source.field = v.field // its keys are keys of v
		entries = source.merge(entries, taken, depth+1)
	}
	return entries
}

// sources are the mappings that the merge key << names.
func (v value) sources() []value {
	const right = "<< merges a mapping, for example <<: *common, or a list of mappings"
	sources := []value{v}
	if v.node.Kind == yaml.SequenceNode {
		sources = v.items(right)
	}
	for _, source := range sources {
		if source.node.Kind != yaml.MappingNode {
			source.wrong(right)
			return nil
		}
	}
	return sources
}

var plainKey = regexp.MustCompile(`^[A-Za-z0-9_.<-]{1,60}$`)

// below names the field of a key of v. A key that could upset a terminal, or
// pass for something else, is quoted; what follows a "=" was meant to be a
// value, maybe a secret, and is not.
func (v value) below(key string) string {
	if name, _, ok := strings.Cut(key, "="); ok {
		key = name + "=…"
	}
	if !plainKey.MatchString(key) {
		key = quote(key)
	}
	if v.field == "" {
		return key
	}
	return v.field + "." + key
}

// describe says what the value is, as far as that is no secret: the type, and
// for numbers and the like the value.
func (v value) describe() string {
	switch v.node.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch v.node.ShortTag() {
	case "!!str":
		return "text"
	case "!!null":
		return "nothing"
	case "!!int", "!!float":
		return "the number " + bounded(v.node.Value)
	case "!!bool":
		return "the boolean " + bounded(v.node.Value)
	case "!!timestamp":
		return "the date " + bounded(v.node.Value)
	}
	return "a value tagged " + quote(v.node.Tag)
}

// quote quotes what a person wrote, bounded and safe for a terminal.
func quote(s string) string { return strconv.QuoteToGraphic(bounded(s)) }

func bounded(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}
