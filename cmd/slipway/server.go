package main

import (
	"os"
	"strings"

	"slipway/cmd/slipway/internal/client"
)

const defaultURL = "http://127.0.0.1:8400"

// server is the client of the server that the environment names, for whoever
// is signed in there.
func (p *program) server() (*client.Client, error) {
	url, err := serverURL()
	if err != nil {
		return nil, err
	}
	token := strings.TrimSpace(os.Getenv("SLIPWAY_TOKEN"))
	if token == "" {
		kept, err := readCredentials()
		if err != nil {
			return nil, err
		}
		token = kept.Servers[url].Token
	}
	return p.connect(url, token)
}

func (p *program) connect(url, token string) (*client.Client, error) {
	return client.New(client.Options{
		URL:      url,
		Token:    token,
		Agent:    "slipway/" + version,
		Patience: p.patience,
		Notice:   p.out.note,
	})
}

func serverURL() (string, error) {
	url := os.Getenv("SLIPWAY_URL")
	if url == "" {
		url = defaultURL
	}
	return client.ServerURL(url)
}
