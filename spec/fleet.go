package spec

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"slices"
	"strings"

	"slipway"
)

// LoadFleet reads a fleet file. Its errors are Errors, or of CodeInvalid where
// the file cannot be read.
func LoadFleet(path string) (*slipway.Fleet, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, slipway.Errorf(slipway.CodeInvalid, "read the fleet file: %w", err)
	}
	return ParseFleet(path, text)
}

// ParseFleet reads the text of a fleet file; name is how problems call it. Its
// errors are Errors. The fleet's Hash is that of the text.
func ParseFleet(name string, text []byte) (*slipway.Fleet, error) {
	var f slipway.Fleet
	err := parse(name, text, "a fleet file has at least hosts and registries", func(v value) { readFleet(&f, v) })
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(text)
	f.Hash = hex.EncodeToString(sum[:])
	return &f, nil
}

func readFleet(f *slipway.Fleet, v value) {
	g := fleetKeys.decode(v, f, "{hosts: […], registries: […]}", nil)
	g.need([2]string{"hosts", `[{name: h1, docker: "unix:///var/run/docker.sock", address: 10.0.0.1}]`},
		[2]string{"registries", `[{name: main, role: [source, production], url: "http://127.0.0.1:5000"}]`})
	checkHosts(*f, g)
	checkProfiles(*f, g)
	checkRegistries(*f, g)
	checkWindows(*f, g)
}

var fleetKeys = object[slipway.Fleet]{
	"hosts":      func(f *slipway.Fleet, v value) { f.Hosts = v.hosts() },
	"edges":      func(f *slipway.Fleet, v value) { f.Edges = v.edges() },
	"registries": func(f *slipway.Fleet, v value) { f.Registries = v.registries() },
	"roles":      func(f *slipway.Fleet, v value) { f.Roles = v.roles() },
	"projects":   func(f *slipway.Fleet, v value) { f.Projects = v.projects() },
	"profiles":   func(f *slipway.Fleet, v value) { f.Profiles = v.profiles() },
	"directory": func(f *slipway.Fleet, v value) {
		directoryKeys.decode(v, &f.Directory, "{users: […]}", nil)
	},
	"audit_copies": func(f *slipway.Fleet, v value) { f.Copies = v.auditCopies() },

	"windows":  func(f *slipway.Fleet, v value) { f.Windows = v.windows(windowKeys) },
	"freezes":  func(f *slipway.Fleet, v value) { f.Freezes = v.windows(windowKeys) },
	"holidays": func(f *slipway.Fleet, v value) { f.Holidays = v.holidays() },
	"signing":  func(f *slipway.Fleet, v value) { signingKeys.decode(v, &f.Signing, "{keys: […]}", nil) },
}

// checkHosts reports what names a host that is not there.
func checkHosts(f slipway.Fleet, g given) {
	if len(f.Hosts) == 0 {
		return // reported, and what names a host cannot be judged
	}
	var known []string
	for _, h := range f.Hosts {
		known = append(known, h.Name)
	}
	for _, v := range g.doc.hosts {
		if name := v.node.Value; !slices.Contains(known, name) {
			v.bad("no host is named %s; %s", quote(name), didYouMean(name, known))
		}
	}
}

// checkRegistries asks for one registry to copy from and one to copy to.
func checkRegistries(f slipway.Fleet, g given) {
	for _, r := range f.Registries {
		if len(r.Roles) == 0 || slices.Contains(r.Roles, "") {
			return // reported, and what is missing cannot be judged
		}
	}
	if len(f.Registries) == 0 {
		return // reported
	}
	for _, role := range []slipway.RegistryRole{slipway.SourceRegistry, slipway.ProductionRegistry} {
		var names []string
		for _, r := range f.Registries {
			if r.Has(role) {
				names = append(names, quote(r.Name))
			}
		}
		switch len(names) {
		case 0:
			g.at("registries").bad("none has the role %s; give it to one, which may have both", role)
		case 1:
		default:
			g.at("registries").bad("%s have the role %s; exactly one has it", strings.Join(names, " and "), role)
		}
	}
}
