package spec_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"slipway/spec"
)

var schemas = map[string]func() *spec.Schema{"service": spec.ServiceSchema, "fleet": spec.FleetSchema}

// compiled is a schema as any program reads it.
func compiled(t *testing.T, schema *spec.Schema) *jsonschema.Schema {
	t.Helper()
	text, err := json.Marshal(schema)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := jsonschema.UnmarshalJSON(strings.NewReader(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	read, err := compiler.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return read
}

// shown is a file as an editor shows it to a schema: dates are text there.
func shown(text []byte) (any, error) {
	var read any
	err := yaml.Unmarshal(text, &read)
	return plain(read), err
}

func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for key := range v {
			v[key] = plain(v[key])
		}
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case time.Time:
		return v.Format(time.RFC3339)
	}
	return v
}

func TestTheSchemaTakesEveryFileThatIsRead(t *testing.T) {
	reference := reference(t)
	for kind, of := range schemas {
		schema := compiled(t, of())
		eachFile(t, kind, "good", func(t *testing.T, _ string, text []byte) {
			file, err := shown(text)
			if err == nil {
				err = schema.Validate(file)
			}
			if err != nil {
				t.Error(err)
			}
		})
		_, example, _ := strings.Cut(reference, "```yaml\n# "+kind+".yaml\n")
		example, _, _ = strings.Cut(example, "```")
		file, err := shown([]byte(example))
		if err == nil {
			err = schema.Validate(file)
		}
		if err != nil {
			t.Error(err)
		}
	}
}

// What a schema cannot say are bounds of what is written as text, and what holds
// between keys; the reader says those.
func TestTheSchemaRefusesUnknownKeysWrongTypesAndWhatIsMissing(t *testing.T) {
	said := regexp.MustCompile(`unknown key|unknown role|unknown limit|found (?:text|nothing|a mapping|a list|the (?:number|boolean))|is missing; write for example`)
	for kind, of := range schemas {
		schema := compiled(t, of())
		eachFile(t, kind, "bad", func(t *testing.T, name string, text []byte) {
			golden, err := os.ReadFile(strings.TrimSuffix(name, filepath.Ext(name)) + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			file, err := shown(text)
			if err != nil {
				return // it is no YAML, and an editor says so without a schema
			}
			if err := schema.Validate(file); err == nil && said.Match(golden) {
				t.Errorf("takes what is refused with\n%s", golden)
			}
		})
	}
}

// Nothing is left that anything may be but notes of one's own.
func TestTheSchemaSaysOfEveryKeyWhatItIs(t *testing.T) {
	for kind, of := range schemas {
		text, err := json.Marshal(of())
		if err != nil {
			t.Fatal(err)
		}
		if rest := strings.ReplaceAll(string(text), `"patternProperties":{"^x-":{}}`, ""); strings.Contains(rest, "{}") {
			t.Errorf("%s: a key may be anything: %s", kind, text)
		}
	}
}
