package spec_test

import (
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The examples of the reference, by the comment in their first line, are read.
func TestExamplesOfTheReferenceAreRead(t *testing.T) {
	text := reference(t)
	for kind, read := range readers {
		_, example, ok := strings.Cut(text, "```yaml\n# "+kind+".yaml\n")
		example, _, _ = strings.Cut(example, "```")
		if !ok {
			t.Fatalf("docs/files.md has no example of %s.yaml", kind)
		}
		if _, err := read(kind+".yaml", []byte(example)); err != nil {
			t.Error(err)
		}
	}
}

// For every mapping that the reference knows, the reader is asked for the keys
// that it knows there, by one that it cannot know. So the reference, the
// messages and the reader are held to the same keys.
func TestTheReferenceNamesExactlyTheKeysThatAreRead(t *testing.T) {
	text := reference(t)
	for kind, read := range readers {
		_, section, _ := strings.Cut(text, "\n## "+kind+".yaml\n")
		section, _, _ = strings.Cut(section, "\n## ")
		documented := map[string][]string{"": nil} // keys by the mapping that has them
		for _, row := range regexp.MustCompile("(?m)^\\| `([^`]+)` \\|").FindAllStringSubmatch(section, -1) {
			parent, key := "", row[1]
			if i := strings.LastIndex(key, "."); i >= 0 {
				parent, key = key[:i], key[i+1:]
			}
			documented[parent] = append(documented[parent], key)
			for _, field := range []string{row[1], row[1] + "[]", row[1] + ".*"} {
				if _, ok := documented[field]; !ok {
					documented[field] = nil // maybe a mapping; asking will tell
				}
			}
		}
		for _, parent := range slices.Sorted(maps.Keys(documented)) {
			want := slices.Sorted(slices.Values(documented[parent]))
			if got := knownKeys(read, parent); !slices.Equal(want, got) {
				t.Errorf("%s.yaml: %q has other keys (-documented +read):\n%s", kind, parent, cmp.Diff(want, got))
			}
		}
	}
}

// knownKeys asks for the keys of the mapping at a field such as
// "hosts[].labels"; none where that is no mapping with fixed keys.
func knownKeys(read func(string, []byte) (any, error), field string) []string {
	const unknown = "qqqqqqqqqqqqqqqqqqqqqqqq"
	text := fmt.Sprintf("{%s: 1}", unknown)
	parts := strings.Split(field, ".")
	slices.Reverse(parts)
	for _, part := range parts {
		name, isList := strings.CutSuffix(part, "[]")
		if isList {
			text = "[" + text + "]"
		}
		if name == "*" {
			name = "nofile" // a limit, and as good as any name of a variable
		}
		if name != "" {
			text = "{" + name + ": " + text + "}"
		}
	}
	_, err := read("probe.yaml", []byte(text))
	known := regexp.MustCompile(unknown + `: unknown key; (?:known are (.*)|did you mean (.*)\?)`).FindStringSubmatch(fmt.Sprint(err))
	if known == nil || known[1] == "" {
		return nil
	}
	return strings.Split(known[1], ", ")
}

func reference(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/files.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
