package spec

import (
	"strings"
	"testing"
)

func TestTyposFindTheirKey(t *testing.T) {
	known := []string{"command", "cpus", "environment", "port", "volumes", "working_dir"}
	for name, want := range map[string]string{
		"enviroment":  "did you mean environment?",
		"Environment": "did you mean environment?",
		"prot":        "did you mean port?",
		"volume":      "did you mean volumes?",
		"workingdir":  "did you mean working_dir?",
		"cpu":         "did you mean cpus?",
		"banana":      "known are command, cpus, environment, port, volumes, working_dir",
		"x":           "known are command, cpus, environment, port, volumes, working_dir",

		strings.Repeat("port", 1000): "known are command, cpus, environment, port, volumes, working_dir",
	} {
		if got := didYouMean(name, known); got != want {
			t.Errorf("%s: got %q, want %q", bounded(name), got, want)
		}
	}
}
