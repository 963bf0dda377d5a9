// Command hosts makes Docker hosts on a network of their own, each with an
// address, a Docker Engine and an edge, to try Slipway on several hosts, and
// what breaks there. It says how to use them, stays up until it is interrupted,
// and removes all that it made. It needs root.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"text/template"

	"slipway/e2e/lab"
	"slipway/e2e/system"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "hosts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) (err error) {
	count := flag.Int("count", 3, "how many `hosts`")
	way := flag.String("way", string(lab.TCP), "`how` Slipway reaches them: "+ways())
	disk := flag.Int64("disk", 0, "`MiB` of a disk of its own for each; 0: the machine's")
	flag.Parse()
	if !known(lab.Way(*way)) {
		return fmt.Errorf("-way is %q: write one of %s", *way, ways())
	}
	bin, err := system.Binaries()
	if err != nil {
		return err
	}
	hosts, err := lab.StartHosts(ctx, lab.HostsOptions{Count: *count, Disk: *disk << 20, Edge: filepath.Join(bin, "slipway-edge"), SSH: lab.Way(*way) == lab.SSH})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, hosts.Close()) }()
	registry, err := hosts.StartRegistry(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, registry.Close()) }()
	app, err := lab.BuildApp(ctx, hosts.Dir())
	if err != nil {
		return err
	}
	for _, version := range []string{"v1", "v2"} {
		image := lab.Image{Binary: app, Port: 8080, Env: []string{"VERSION=" + version}}
		if _, err := lab.Push(ctx, registry.Address()+"/search/demo:"+version, image); err != nil {
			return err
		}
	}
	door, err := hosts.Certify("machine", hosts.Address())
	if err != nil {
		return err
	}
	about := about{Door: door, Hosts: hosts, Way: lab.Way(*way), Registry: registry.URL(), Bin: bin, Dir: hosts.Dir(), Password: system.Password, Bcrypt: system.PasswordBcrypt}
	for name, text := range map[string]string{"fleet.yaml": fleetYAML, "service.yaml": serviceYAML} {
		if err := about.write(name, text); err != nil {
			return err
		}
	}
	if err := template.Must(template.New("").Parse(howTo)).Execute(os.Stdout, about); err != nil {
		return err
	}
	<-ctx.Done()
	fmt.Println("\nRemoving the hosts.")
	return nil
}

func known(way lab.Way) bool { return strings.Contains(", "+ways()+",", ", "+string(way)+",") }

func ways() string {
	var names []string
	for _, way := range lab.Ways {
		if way != lab.Unix { // these hosts are machines of their own
			names = append(names, string(way))
		}
	}
	return strings.Join(names, ", ")
}
