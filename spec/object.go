package spec

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// An object is a mapping with fixed keys: for each, how its value is read into
// a T. It is the one table of what is accepted there.
type object[T any] map[string]func(*T, value)

// decode reads v into t and returns the keys that were given. A key that is
// not in the table is a problem: with its reason where refused has one,
// otherwise with the nearest known key.
func (o object[T]) decode(v value, t *T, example string, refused map[string]string) given {
	if v.schema != nil {
		g := given{value: v}
		if v.node.Kind == yaml.MappingNode {
			g.keys, g.shape = map[string]value{}, o.schema(v.doc, t, example)
			v.schema.AnyOf = append(v.schema.AnyOf, g.shape)
		}
		return g
	}
	entries, ok := v.entries("write a mapping, for example " + example)
	if !ok {
		return given{value: v}
	}
	g := given{value: v, keys: map[string]value{}}
	for _, e := range entries {
		g.keys[e.key] = e.value
		switch read := o[e.key]; {
		case read != nil:
			read(t, e.value)
		case strings.HasPrefix(e.key, "x-"):
		case refused[e.key] != "":
			e.bad("%s", refused[e.key])
		default:
			e.bad("unknown key; %s", didYouMean(e.key, slices.Sorted(maps.Keys(o))))
		}
	}
	return g
}

// given is an object that was read: the keys that the file has, right or wrong.
type given struct {
	value
	keys  map[string]value // nil: it was no mapping, which is reported
	shape *Schema          // of one that is imagined
}

// has reports whether the file gives the key.
func (g given) has(key string) bool {
	_, ok := g.keys[key]
	return ok
}

// need reports each of the keys that is missing.
func (g given) need(examples ...[2]string) {
	for _, example := range examples {
		key := example[0]
		if g.shape != nil && !slices.Contains(g.shape.Required, key) {
			g.shape.Required = append(g.shape.Required, key)
		}
		if g.keys != nil && !g.has(key) && !g.doc.full() {
			g.at(key).bad("is missing; write for example %s: %s", key, example[1])
		}
	}
}

// at is the value of a key, or where it is missing the mapping that should
// have it.
func (g given) at(key string) value {
	if v, ok := g.keys[key]; ok {
		return v
	}
	return value{doc: g.doc, node: g.node, field: g.below(key)}
}
