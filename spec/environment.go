package spec

import (
	"path"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"slipway"
)

var variablePattern = regexp.MustCompile(`^[^\s=[:cntrl:]]{1,256}$`)

// environment is a mapping, or a list of "NAME=VALUE", of the variables of a
// process. Problems quote no value.
func (v value) environment() map[string]slipway.Value {
	variables := map[string]slipway.Value{}
	for _, e := range v.pairs("{LOG_LEVEL: info}") {
		if !variablePattern.MatchString(e.key) {
			e.bad("is not the name of a variable; write one without spaces and =, for example LOG_LEVEL")
			continue
		}
		switch {
		case e.node.Kind == yaml.MappingNode:
			variables[e.key] = e.secret()
		case e.node.ShortTag() == "!!null":
			e.bad("has no value; write \"\" for an empty one")
		default:
			s, _ := e.scalar("write text, or {secret: \"env://NAME\"}")
			variables[e.key] = slipway.Value{Plain: s}
		}
	}
	if len(variables) == 0 {
		return nil
	}
	return variables
}

var secretKeys = object[slipway.Value]{
	"secret": func(s *slipway.Value, v value) { s.Secret = v.secretReference() },
}

// secret is {secret: …}.
func (v value) secret() slipway.Value {
	var s slipway.Value
	secretKeys.decode(v, &s, `{secret: "env://NAME"}`, nil).need([2]string{"secret", `"env://NAME"`})
	return s
}

var (
	envReference  = regexp.MustCompile(`^env://[A-Za-z_][A-Za-z0-9_]*$`)
	fileReference = regexp.MustCompile(`^file:///[^[:cntrl:]]+$`)
)

// secretReference says where a secret is. What is none may be the secret
// itself, and is not quoted.
func (v value) secretReference() string {
	const right = "write \"env://NAME\" or \"file:///path\", where the worker finds it"
	if v.notes(textSchema(right)) {
		return ""
	}
	s, filePath := v.node.Value, strings.TrimPrefix(v.node.Value, "file://")
	if v.node.Kind != yaml.ScalarNode ||
		!envReference.MatchString(s) && !(fileReference.MatchString(s) && path.Clean(filePath) == filePath) {
		v.bad("is not a reference to a secret; %s", right)
		return ""
	}
	return s
}
