package spec

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"slipway"
)

// A Schema is a part of a JSON Schema (2020-12), for editors that complete keys
// and mark what is wrong while a file is written. What holds between keys it does
// not know: a file that it takes may still be refused.
type Schema struct {
	Dialect              string             `json:"$schema,omitempty"`
	Title                string             `json:"title,omitempty"`
	Description          string             `json:"description,omitempty"` // what would be right, as problems say it
	Type                 any                `json:"type,omitempty"`        // one, or a list
	Enum                 []string           `json:"enum,omitempty"`
	Pattern              string             `json:"pattern,omitempty"`
	Minimum              *int               `json:"minimum,omitempty"`
	Maximum              *int               `json:"maximum,omitempty"`
	Items                *Schema            `json:"items,omitempty"`
	Required             []string           `json:"required,omitempty"`
	Properties           map[string]*Schema `json:"properties,omitempty"`
	PatternProperties    map[string]*Schema `json:"patternProperties,omitempty"`
	AdditionalProperties any                `json:"additionalProperties,omitempty"` // false, or a *Schema
	AnyOf                []*Schema          `json:"anyOf,omitempty"`
}

// ServiceSchema is that of service.yaml.
func ServiceSchema() *Schema {
	return schemaOf("service.yaml", func(v value) { newServiceFile().read(v) })
}

// FleetSchema is that of fleet.yaml.
func FleetSchema() *Schema {
	return schemaOf("fleet.yaml", func(v value) { readFleet(&slipway.Fleet{}, v) })
}

// schemaOf has a file read that is not there: each value notes what it is asked
// for. So a schema comes from the code that reads, and from nothing else.
func schemaOf(title string, read func(value)) *Schema {
	root := &Schema{}
	for _, v := range imagined(&document{}, root) {
		read(v)
	}
	root = root.AnyOf[0] // a mapping and nothing else
	root.Dialect, root.Title = "https://json-schema.org/draft/2020-12/schema", title
	return root
}

// imagined is a value that is not there, as each of the kinds that it could be.
// What it is asked for as one of them is an alternative of the schema.
func imagined(d *document, into *Schema) []value {
	var all []value
	for _, kind := range []yaml.Kind{yaml.MappingNode, yaml.SequenceNode, yaml.ScalarNode} {
		node := &yaml.Node{Kind: kind}
		if kind == yaml.ScalarNode {
			node.Tag = "!!str"
		}
		all = append(all, value{doc: d, node: node, schema: into})
	}
	return all
}

// notes adds an alternative to what a value may be, if it is imagined to be
// neither a list nor a mapping, and reports whether it is imagined at all: then
// there is nothing to read.
func (v value) notes(s *Schema) bool {
	if v.schema == nil {
		return false
	}
	if v.node.Kind == yaml.ScalarNode && !slices.ContainsFunc(v.schema.AnyOf, s.equals) {
		v.schema.AnyOf = append(v.schema.AnyOf, s)
	}
	return true
}

func (s *Schema) equals(other *Schema) bool {
	one, _ := json.Marshal(s) // it holds nothing that JSON cannot carry
	two, _ := json.Marshal(other)
	return string(one) == string(two)
}

// MarshalJSON writes the one alternative where there are no others.
func (s *Schema) MarshalJSON() ([]byte, error) {
	type plain Schema
	if len(s.AnyOf) == 1 && s.Type == nil {
		return json.Marshal(s.AnyOf[0])
	}
	return json.Marshal((*plain)(s))
}

// object is the schema of a mapping with these keys, whose values are read into
// t.
func (o object[T]) schema(d *document, t *T, example string) *Schema {
	s := &Schema{Type: "object", Description: "for example " + example, Properties: map[string]*Schema{}, PatternProperties: map[string]*Schema{"^x-": {}}, AdditionalProperties: false}
	for key, read := range o {
		s.Properties[key] = &Schema{}
		for _, v := range imagined(d, s.Properties[key]) {
			read(t, v)
		}
	}
	return s
}

// imaginedEntries are those of a mapping that is not there: of each key that it
// may have, or of one that stands for any.
func (v value) imaginedEntries(right string, known []string) (entries []entry) {
	s := &Schema{Type: "object", Description: right}
	v.schema.AnyOf = append(v.schema.AnyOf, s)
	if len(known) == 0 {
		each := &Schema{}
		s.AdditionalProperties = each
		for _, one := range imagined(v.doc, each) {
			entries = append(entries, entry{"any", one})
		}
		return entries
	}
	s.Properties, s.AdditionalProperties = map[string]*Schema{}, false
	for _, key := range known {
		s.Properties[key] = &Schema{}
		for _, one := range imagined(v.doc, s.Properties[key]) {
			entries = append(entries, entry{key, one})
		}
	}
	return entries
}

// The schemas of what is no list and no mapping.

func textSchema(right string) *Schema { return &Schema{Type: "string", Description: right} }

func scalarSchema(right string) *Schema {
	return &Schema{Type: []string{"string", "number", "boolean"}, Description: right}
}

func patternSchema(right string, pattern *regexp.Regexp) *Schema {
	// JSON Schema has the expressions of JavaScript, which knows no classes of
	// POSIX.
	return &Schema{Type: "string", Description: right, Pattern: strings.ReplaceAll(pattern.String(), "[:cntrl:]", `\x00-\x1f\x7f`)}
}

func numberSchema(least, most int) *Schema {
	return &Schema{Type: "integer", Minimum: &least, Maximum: &most}
}
