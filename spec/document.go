package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

const (
	maxSize   = 1 << 20 // bytes of a file
	maxValues = 100_000 // values read, each alias counted wherever it is used: the bound on alias bombs
)

// A document is one file while it is read.
type document struct {
	file     string
	problems []Error
	values   int     // read so far
	hosts    []value // names of hosts, to be compared with those of the fleet
	profiles []value // the same of profiles
	holidays []value // of lists of holidays
	projects []value // of projects
}

// parse reads the one YAML document of text and hands its value to decode. The
// hint says what an empty file should have held.
func parse(file string, text []byte, hint string, decode func(value)) error {
	d := &document{file: file}
	if root := d.syntax(text, hint); root != nil {
		decode(d.value(root, ""))
	}
	if d.values > maxValues {
		// What was not read would be reported as missing: say only this.
		d.problems = []Error{{File: file, Message: fmt.Sprintf("holds more than %d values, counting aliases wherever they are used", maxValues)}}
	}
	return report(file, d.problems)
}

// syntax returns the root of the only document, or nil after a problem.
func (d *document) syntax(text []byte, hint string) *yaml.Node {
	if len(text) > maxSize {
		d.add(0, 0, "", fmt.Sprintf("found %d bytes; a file has at most %d", len(text), maxSize))
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	var first, second yaml.Node
	err := decoder.Decode(&first)
	if errors.Is(err, io.EOF) || err == nil && first.Content[0].Tag == "!!null" {
		d.add(0, 0, "", "the file is empty; "+hint)
		return nil
	}
	if err == nil {
		err = decoder.Decode(&second)
	}
	switch {
	case errors.Is(err, io.EOF):
		return first.Content[0]
	case err == nil:
		d.add(second.Line, 0, "", "a second document begins here; write one per file")
	default:
		d.notYAML(err, text)
	}
	return nil
}

var (
	yamlError     = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	unknownAnchor = regexp.MustCompile(`(?s)^unknown anchor '(.*)' referenced$`)
)

// notYAML reports the YAML library's own message. It has no type with the line
// in it, only text.
func (d *document) notYAML(err error, text []byte) {
	line, message := 0, err.Error()
	if m := yamlError.FindStringSubmatch(message); m != nil {
		line, _ = strconv.Atoi(m[1])
		message = m[2]
	}
	lines := bytes.Split(text, []byte("\n"))
	if m := unknownAnchor.FindStringSubmatch(message); m != nil { // maybe a password that begins with *, so not quoted
		message = "found an alias whose anchor is not above it; put text that begins with * in quotes"
		line = 1 + slices.IndexFunc(lines, func(l []byte) bool { return bytes.Contains(l, []byte("*"+m[1])) })
	}
	if line > 0 && line <= len(lines) &&
		bytes.HasPrefix(bytes.TrimLeft(lines[line-1], " "), []byte("\t")) {
		message += "; the line is indented with a tab, YAML wants spaces"
	}
	d.add(line, 0, "", "not YAML: "+strings.TrimSpace(message))
}

func (d *document) add(line, column int, field, message string) {
	d.problems = append(d.problems, Error{File: d.file, Line: line, Column: column, Field: field, Message: message})
}

// value wraps a node, an alias by what it stands for, and counts it.
func (d *document) value(node *yaml.Node, field string) value {
	d.values++
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	return value{doc: d, node: node, field: field}
}

// full reports whether the bound is passed; then nothing more is read.
func (d *document) full() bool { return d.values > maxValues }
