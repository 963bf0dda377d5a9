package main

import (
	"os"
	"path/filepath"
	"text/template"

	"slipway"
	"slipway/e2e/lab"
)

// about is what the files and the explanation are made of.
type about struct {
	*lab.Hosts
	Door               slipway.TLS // that agents are shown
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
{{if eq .Way "agent"}}
  (printf 'signing:\n  keys:\n'
  for data in {{.Dir}}/standalone{{range .All}} {{.Keeps}}/agent{{end}}; do {{.Bin}}/slipway key --data $data | sed 's/^/  /'; done) >> {{.Dir}}/fleet.yaml
{{end}}
  {{.Bin}}/slipway-standalone --data {{.Dir}}/standalone --fleet {{.Dir}}/fleet.yaml{{if eq .Way "agent"}} \
    --agents-listen {{.Address}}:7244 --agents-tls-cert {{.Door.Cert}} --agents-tls-key {{.Door.Key}} --agents-client-ca {{.Door.CA}}
{{range .All}}  TEMPORAL_ADDRESS={{$.Address}}:7244 TEMPORAL_TLS_CLIENT_CERT_PATH={{.Certificate.Cert}} TEMPORAL_TLS_CLIENT_KEY_PATH={{.Certificate.Key}} TEMPORAL_TLS_SERVER_CA_CERT_PATH={{.Certificate.CA}} \
    {{range .Inside}}{{.}} {{end}}{{$.Bin}}/slipway worker --host {{.Name}} --fleet {{$.Dir}}/fleet.yaml --data {{.Keeps}}/agent --docker {{.Host}} &
{{end}}{{end}}
  echo '{{.Password}}' | {{.Bin}}/slipway login --user olga --password-stdin
  {{.Bin}}/slipway release -f {{.Dir}}/service.yaml --tag v1 --wait     # and v2
{{with index .All 0}}  curl -H 'Host: demo.example.com' {{.EdgeURL}}

Break them:

  {{.Cable "down"}}     # cut off; up heals
  kill -STOP $(cat {{.Keeps}}/docker.pid)     # dockerd hangs; -CONT heals
{{end}}
They stay up until Ctrl-C.
`
