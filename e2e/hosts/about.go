package main

import (
	"os"
	"path/filepath"
	"text/template"

	"slipway/e2e/lab"
)

// about is what the files and the explanation are made of.
type about struct {
	*lab.Hosts
	Way                lab.Way
	Registry, Bin, Dir string
	Password, Bcrypt   string
}

func (a about) write(name, text string) (err error) {
	file, err := os.Create(filepath.Join(a.Dir, name))
	if err != nil {
		return err
	}
	defer file.Close()
	return template.Must(template.New(name).Parse(text)).Execute(file, a)
}

const fleetYAML = `{{.FleetYAML .Way}}registries:
  - {name: main, role: [source, production], url: "{{.Registry}}"}
projects:
  - name: search
    roles: {admin: [ops]}
directory:
  users: [{name: olga, password_bcrypt: "{{.Bcrypt}}", groups: [ops]}]
`

const serviceYAML = `project: search
service: demo
image: search/demo
container: {port: 8080}
route: {host: demo.example.com}
healthcheck: {path: /healthz}
`

const howTo = `
{{range .All}}{{.Name}}  {{.Address}}  docker -H {{.Host}} ps    edge {{.EdgeURL}}
{{end}}
The fleet file is {{.Dir}}/fleet.yaml. Release onto them:

  {{.Bin}}/slipway-standalone --data {{.Dir}}/standalone --fleet {{.Dir}}/fleet.yaml
  echo '{{.Password}}' | {{.Bin}}/slipway login --user olga --password-stdin
  {{.Bin}}/slipway release -f {{.Dir}}/service.yaml --tag v1 --wait     # and v2
{{with index .All 0}}  curl -H 'Host: demo.example.com' {{.EdgeURL}}

Break them:

  {{.Cable "down"}}     # cut off; up heals
  kill -STOP $(cat {{.Keeps}}/docker.pid)     # dockerd hangs; -CONT heals
{{end}}
They stay up until Ctrl-C.
`
