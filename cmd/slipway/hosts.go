package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"slipway"
)

func (p *program) hosts() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hosts",
		Short: "List hosts and how they answer",
		Long: `Hosts asks every host of your projects now, and says how it is reached, whether
its Docker Engine answers, and, where a host has an agent, whether that takes
work or when it last did; then how many services of your projects run there, and
how many are still to be brought there (-o json says which, and why).`,
		Args: cobra.NoArgs,
	}
	cmd.RunE = p.verb(func(ctx context.Context, _ []string) error {
		server, err := p.server()
		if err != nil {
			return err
		}
		hosts, err := server.Hosts(ctx)
		if err != nil {
			return err
		}
		return p.out.result(struct {
			Hosts []slipway.HostStatus `json:"hosts"`
		}{hosts}, machines(hosts))
	})
	return cmd
}

// machines is a table of hosts.
func machines(hosts []slipway.HostStatus) string {
	if len(hosts) == 0 {
		return "there are no hosts"
	}
	rows := [][]string{{"HOST", "WAY", "ADDRESS", "LABELS", "DOCKER", "ANSWERS", "AGENT", "SERVICES", "CORDON"}}
	for _, h := range hosts {
		row := []string{h.Name, h.Way, h.Address, labels(h.Labels), "-", "no: " + h.Error, agent(h.Agent), strconv.Itoa(h.Services), "-"}
		if h.Cordon != nil {
			row[8] = h.Cordon.String()
		}
		if n := len(h.ToCome); n > 0 {
			row[7] += fmt.Sprintf(", %d to come", n)
		}
		if h.Facts != nil {
			row[4], row[5] = h.Facts.Version, "in "+h.Facts.Answered.Std().Round(time.Millisecond).String()
		}
		rows = append(rows, row)
	}
	return table(rows)
}

func labels(all map[string]string) string {
	if len(all) == 0 {
		return "-"
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		out = append(out, name+"="+all[name])
	}
	return strings.Join(out, ",")
}

func agent(a *slipway.AgentStatus) string {
	switch {
	case a == nil:
		return "-"
	case a.Alive:
		return "takes work"
	case a.Seen == nil:
		return "not seen for minutes"
	}
	return "last seen " + clock(*a.Seen)
}
