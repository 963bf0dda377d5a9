package main

import (
	"context"
	"errors"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"slipway"
	"slipway/cmd/slipway/internal/client"
)

// A program is one invocation: where it reads and writes, and how long it
// waits for a server.
type program struct {
	stdin    *os.File
	out      *output
	patience client.Patience
	format   string // text or json
	working  bool   // the arguments were right, the verb has begun
}

func newProgram(patience client.Patience) *program {
	return &program{stdin: os.Stdin, out: newOutput(os.Stdout, os.Stderr, os.Getenv), patience: patience}
}

// run carries out one command line and returns the exit status.
func (p *program) run(ctx context.Context, args []string) int {
	root := p.root()
	root.SetArgs(args)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitOK
	}
	if verdict, ok := errors.AsType[verdict](err); ok {
		return int(verdict)
	}
	if !p.working {
		p.out.json = wantsJSON(args)
		err = slipway.Errorf(slipway.CodeInvalid, "%w\nusage: %s", err, cmd.UseLine())
	}
	if errors.Is(err, context.Canceled) {
		err = errInterrupted
	}
	p.out.fail(err)
	if slipway.ErrorCode(err) == slipway.CodeUnauthenticated && cmd.Name() != "login" {
		p.out.hint("sign in with: slipway login --user NAME")
	}
	return exitStatus(err)
}

// root is the command line. Each verb is in a file of its own.
func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "slipway",
		Short: "Releases container images onto plain Docker hosts",
		Long: `Slipway releases container images onto plain Docker hosts: green starts beside
blue, is proven, and gets the traffic; what fails is undone.

The server is SLIPWAY_URL (` + defaultURL + `); who you are is SLIPWAY_TOKEN,
or what slipway login has kept under SLIPWAY_HOME (~/.config/slipway).

Exit status: 0 the new version serves, or done as asked; 1 refused or failed;
2 wrong usage or file; 3 rolled back, rejected, aborted or superseded, or stuck;
4 not signed in or not allowed; 5 no answer.`,
		SilenceErrors: true,
		SilenceUsage:  true,
		PersistentPreRunE: func(*cobra.Command, []string) error {
			if p.format != "text" && p.format != "json" {
				return slipway.Errorf(slipway.CodeInvalid, "output %q is not known: write -o json, or -o text", p.format)
			}
			p.out.json = p.format == "json"
			return nil
		},
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	outputFlag(root.PersistentFlags(), &p.format)
	for _, verb := range p.verbs() {
		verb.DisableFlagsInUseLine = true // each says them itself
		root.AddCommand(verb)
	}
	return root
}

func (p *program) verbs() []*cobra.Command {
	return []*cobra.Command{
		p.login(), p.logout(), p.token(),
		p.release(), p.plan(), p.preflight(), p.status(), p.why(), p.watch(), p.history(),
		p.rollback(), p.restart(), p.abort(), p.accept(), p.approve(), p.reject(),
		p.services(), p.hosts(), p.host(), p.lock(), p.unlock(), p.line(), p.breakGlass(), p.adopt(), p.remove(), p.audit(),
		p.schema(), p.worker(), p.api(), p.key(),
		p.version(),
	}
}

func outputFlag(flags *pflag.FlagSet, format *string) {
	flags.StringVarP(format, "output", "o", "text", "text, or json: one JSON value on standard output")
}

// wantsJSON reads -o off a command line that is wrong otherwise.
func wantsJSON(args []string) bool {
	var format string
	flags := pflag.NewFlagSet("", pflag.ContinueOnError)
	flags.ParseErrorsAllowlist.UnknownFlags = true
	flags.Usage = func() {}
	outputFlag(flags, &format)
	_ = flags.Parse(args) // what is wrong with it is being reported already
	return format == "json"
}
