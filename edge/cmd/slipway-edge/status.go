package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"slipway"
)

func statusCommand() *cobra.Command {
	var there address
	var output string
	cmd := &cobra.Command{
		Use:   "status --admin unix:PATH|https://HOST:PORT",
		Short: "Show what this edge serves",
		Args:  usage(cobra.NoArgs),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "text" && output != "json" {
				return slipway.Errorf(slipway.CodeInvalid, "-o is %q: write text or json", output)
			}
			client, err := there.client()
			if err != nil {
				return err
			}
			table, err := client.Table(cmd.Context())
			if err != nil {
				return err
			}
			if output == "json" {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(table)
			}
			return printTable(cmd.OutOrStdout(), table)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", "text", "text or json")
	there.flags(cmd)
	return cmd
}

func printTable(out io.Writer, table slipway.Table) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SERVICE\tROUTE\tACTIVE\tUPSTREAMS\tCAN GO BACK TO\tGENERATION\tBY\tSINCE")
	for _, key := range slices.Sorted(maps.Keys(table)) {
		r := table[key]
		others := slices.DeleteFunc(slices.Sorted(maps.Keys(r.Targets)), func(name string) bool { return name == r.Active })
		since := ""
		if !r.ChangedAt.IsZero() {
			since = r.ChangedAt.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\t%s\t%s\n", r.ServiceID, r.Route, dash(r.Active),
			upstreams(r), dash(strings.Join(others, ",")), r.Generation, dash(r.By), dash(since))
	}
	return w.Flush()
}

// upstreams are where the containers of the active release are.
func upstreams(r slipway.RouteState) string {
	if r.Active != "" && r.Targets[r.Active].Away() {
		return "none: away"
	}
	return dash(strings.Join(r.Targets[r.Active].Upstreams, ","))
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
