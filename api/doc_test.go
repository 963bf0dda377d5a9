package api_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"slipway/api"
)

func TestThePackageCommentListsEveryPath(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var listed, served []string
	for _, line := range regexp.MustCompile(`(?m)^//\t([A-Z]+) +(/\S+)`).FindAllStringSubmatch(string(text), -1) {
		listed = append(listed, line[1]+" /api/v1"+line[2])
	}
	for pattern := range api.Patterns() {
		if strings.Contains(pattern, " /api/v1/") {
			served = append(served, pattern)
		}
	}
	slices.Sort(listed)
	slices.Sort(served)
	if diff := cmp.Diff(served, listed); diff != "" {
		t.Errorf("-served +listed:\n%s", diff)
	}
}
