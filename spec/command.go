package spec

import (
	"github.com/mattn/go-shellwords"
	"go.yaml.in/yaml/v3"
)

// command is a list of arguments, or one text that is split into arguments as
// Compose does. Problems quote none of it: arguments may be secrets.
func (v value) command() []string {
	const right = "write a list of arguments, for example [server, --port, \"8080\"], or one text"
	var args []string
	switch {
	case v.node.Kind == yaml.SequenceNode:
		args = listOf(v, right, func(item value) string {
			arg, _ := item.scalar("write an argument")
			return arg
		})
	case v.node.Kind == yaml.ScalarNode && v.node.ShortTag() == "!!str":
		line, ok := v.scalar(right)
		if !ok {
			return nil
		}
		parser := shellwords.NewParser()
		var err error
		if args, err = parser.Parse(line); err != nil || parser.Position >= 0 {
			v.bad("no shell runs it, so quotes and parentheses must match and ; & | < > be quoted; for a shell write [sh, -c, \"…\"]")
			return nil
		}
	default:
		v.wrong(right)
		return nil
	}
	if len(args) == 0 || args[0] == "" {
		v.bad("is empty; leave the key out to use the image's own, or %s", right)
	}
	return args
}
