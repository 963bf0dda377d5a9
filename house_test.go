package slipway_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// layers say what a package may import besides the standard library: paths, each
// with all below it. "slipway" is the vocabulary alone.
var layers = []struct {
	folder string
	may    []string
}{
	{".", nil},
	{"spec", []string{"slipway", "go.yaml.in/yaml/v3", "github.com/docker/go-units", "github.com/mattn/go-shellwords"}},
	{"activities", []string{"slipway", "go.temporal.io/sdk/activity", "go.temporal.io/sdk/temporal"}},
	{"workflows", []string{
		"slipway", "slipway/activities", "go.temporal.io/api/enums/v1",
		"go.temporal.io/sdk/temporal", "go.temporal.io/sdk/worker", "go.temporal.io/sdk/workflow",
	}},
	{"starter", []string{
		"slipway", "slipway/workflows", "go.temporal.io/api", "go.temporal.io/sdk/client", "go.temporal.io/sdk/converter",
		"go.temporal.io/sdk/temporal", "github.com/google/uuid", "golang.org/x/sync", "google.golang.org/protobuf",
	}},
}

// never says what a package must not import, whatever else it needs.
var never = []struct {
	folder string
	not    []string
}{
	{"workflows", []string{"crypto/rand", "math/rand", "math/rand/v2", "net", "net/http", "os", "os/exec"}},
	{"drivers", []string{"slipway/activities", "slipway/workflows", "slipway/starter", "slipway/worker", "slipway/api", "go.temporal.io"}},
	{"api", []string{"slipway/drivers", "slipway/activities", "slipway/workflows", "slipway/worker", "go.temporal.io", "github.com/docker/docker"}},
}

func TestPackagesImportOnlyWhatTheirLayerMay(t *testing.T) {
	t.Parallel()
	for folder, imports := range rootImports(t) {
		for _, layer := range layers {
			if folder != layer.folder {
				continue
			}
			for _, imported := range imports {
				if !isStandard(imported) && !slices.ContainsFunc(layer.may, covers(imported)) {
					t.Errorf("%s imports %s; it may import the standard library and %v", folder, imported, layer.may)
				}
			}
		}
		for _, rule := range never {
			if !within(folder, rule.folder) {
				continue
			}
			for _, imported := range imports {
				if slices.ContainsFunc(rule.not, covers(imported)) {
					t.Errorf("%s imports %s, which nothing in %s may", folder, imported, rule.folder)
				}
			}
		}
	}
}

func TestDriversDoNotKnowOneAnother(t *testing.T) {
	t.Parallel()
	for folder, imports := range rootImports(t) {
		if !within(folder, "drivers") {
			continue
		}
		technology, _, _ := strings.Cut(strings.TrimPrefix(folder, "drivers/"), "/")
		for _, imported := range imports {
			if within(imported, "slipway/drivers") && !within(imported, "slipway/drivers/"+technology) {
				t.Errorf("%s imports %s; drivers meet in package worker only", folder, imported)
			}
		}
	}
}

func TestEveryPackageSaysOnceWhatItIsFor(t *testing.T) {
	t.Parallel()
	comments := make(map[string][]string)
	for _, file := range goFiles(t) {
		folder := path.Dir(file)
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, parser.PackageClauseOnly|parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		comments[folder] = append(comments[folder], nil...)
		if parsed.Doc != nil {
			comments[folder] = append(comments[folder], path.Base(file))
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(comments)) {
		if found := comments[folder]; len(found) != 1 {
			t.Errorf("package in %s has %d package comments, want one; they are in %q", folder, len(found), found)
		}
	}
}

// rootImports are the imports of the root module's packages, tests left out, by
// folder.
func rootImports(t *testing.T) map[string][]string {
	t.Helper()
	imports := make(map[string][]string)
	for _, file := range goFiles(t) {
		if strings.HasSuffix(file, "_test.go") || slices.ContainsFunc(nested(t), func(module string) bool { return within(file, module) }) {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), filepath.FromSlash(file), nil, parser.ImportsOnly)
		if err != nil {
			t.Fatal(err)
		}
		for _, spec := range parsed.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			imports[path.Dir(file)] = append(imports[path.Dir(file)], imported)
		}
	}
	return imports
}

// goFiles are the Go files of every module, by their path from here.
func goFiles(t *testing.T) []string {
	return files(t, func(name string) bool { return path.Ext(name) == ".go" })
}

// nested are the folders of the modules below this one.
func nested(t *testing.T) (folders []string) {
	for _, file := range files(t, func(name string) bool { return name == "go.mod" }) {
		if file != "go.mod" {
			folders = append(folders, path.Dir(file))
		}
	}
	return folders
}

func files(t *testing.T, wanted func(name string) bool) (found []string) {
	t.Helper()
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "bin" || len(name) > 1 && strings.HasPrefix(entry.Name(), ".")):
			return fs.SkipDir
		case !entry.IsDir() && wanted(entry.Name()):
			found = append(found, filepath.ToSlash(name))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// isStandard goes by the rule that only paths with a dot in their first element
// can be fetched; this module is the exception.
func isStandard(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return first != "slipway" && !strings.Contains(first, ".")
}

// covers reports whether a rule's path is the imported one or above it.
func covers(imported string) func(rule string) bool {
	return func(rule string) bool {
		return imported == rule || rule != "slipway" && within(imported, rule)
	}
}

func within(name, folder string) bool {
	return name == folder || strings.HasPrefix(name, folder+"/")
}
