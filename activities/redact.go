package activities

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"slipway"
)

// minSecret is the least length in bytes of a secret. A shorter one could not
// be told from other text, and replacing it would spoil logs and betray it.
const minSecret = 6

// leastCut is how many bytes of a secret at the end of a text are taken for a
// secret that was cut off there. Fewer are found in any text, and tell little.
const leastCut = 4

// inspecting is how long it may take to ask what a container was made with. The
// way back waits for it, and the engine may be hung.
const inspecting = time.Second

// concealable refuses a secret that could not be recognised in a log.
func concealable(name, ref, value string) error {
	switch {
	case len(value) < minSecret:
		return slipway.Errorf(slipway.CodeInvalid, "container.environment.%s: what %q stands for is shorter than %d characters, too short to be recognised in logs and kept out of them: take a longer one", name, ref, minSecret)
	case !utf8.ValidString(value) || strings.Contains(value, "\x00"):
		return slipway.Errorf(slipway.CodeInvalid, "container.environment.%s: what %q stands for is not text, which is all that a variable can hold: encode it, for example in base64", name, ref)
	}
	return nil
}

// A redactor replaces the values of secrets in texts by the references to
// them. It is what every text passes that a container, or whoever dealt with
// it, has had a say in, before it gets into a history or a file.
type redactor struct {
	replacer *strings.Replacer // nil: there are no secrets
	values   []concealed       // longest first
	withheld string            // why nothing can be told; empty: it can
}

type concealed struct{ text, by string }

// redactor knows the values that the container was made with, if environment
// is given, and those that the references stand for now: a secret may have been
// changed between the two. References are those of an order that was verified, or
// are written on the container.
func (a *Host) redactor(ctx context.Context, secrets, environment map[string]string) redactor {
	var r redactor
	for name, ref := range secrets {
		by := "[secret " + ref + "]"
		made, ok := environment[name]
		if ok {
			r.values = append(r.values, writings(made, by)...)
		}
		now, err := a.Secrets.Secret(ctx, ref)
		if err == nil {
			r.values = append(r.values, writings(now, by)...)
		} else if !ok {
			r.withheld = "the value of " + ref + ", which may be in it, could not be found out"
		}
	}
	slices.SortFunc(r.values, func(a, b concealed) int {
		if len(a.text) != len(b.text) {
			return len(b.text) - len(a.text)
		}
		return strings.Compare(a.text+a.by, b.text+b.by)
	})
	if len(r.values) == 0 {
		return r
	}
	var pairs []string
	for _, v := range r.values {
		pairs = append(pairs, v.text, v.by)
	}
	r.replacer = strings.NewReplacer(pairs...)
	return r
}

// starting is a redactor for what is said of the start of a container with these
// secrets, as they were ordered. It also works when ctx has ended, which may be
// what there is to tell.
func (a *Host) starting(ctx context.Context, in StartInput) redactor {
	secrets := in.Service.Container.Secrets()
	if len(secrets) == 0 {
		return redactor{}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), inspecting)
	defer cancel()
	var state slipway.ContainerState
	if engine, err := a.Engines.Engine(in.Host); err == nil {
		state, _ = engine.Inspect(ctx, in.Name) // without it, what the references stand for has to do
	}
	return a.redactor(ctx, secrets, state.Environment)
}

// telling is a redactor for what a container answers, by what is written on it.
// Where that is not known, what has come over the network is withheld if the
// container is said to have secrets. It also works when ctx has ended.
func (a *Host) telling(ctx context.Context, host string, of *asked) redactor {
	target := of.target
	overNetwork := target.Check.Path != "" || target.Check.TCP != 0
	if overNetwork && len(target.Secrets) == 0 { // nobody waits for an engine that may be hung
		return redactor{}
	}
	ctx = context.WithoutCancel(ctx)
	of.meet(ctx)
	switch {
	case of.made.Name == "" && overNetwork:
		return redactor{withheld: "its secrets may be in it, and the Docker Engine does not say which it has"}
	case of.made.Name == "": // it was not asked: what there is to tell is the engine's
		return redactor{}
	case !own(of.made):
		return redactor{withheld: "Slipway has not made " + of.made.Name}
	case overNetwork && !a.answersFor(of.made, host, target):
		return redactor{withheld: "it is not what " + of.made.Name + " was made to be asked, or not where that is"}
	}
	return a.redactor(ctx, secretsOf(of.made), of.made.Environment)
}

// writings are the ways in which a value is likely to be written: as it is,
// quoted, in JSON, in a URL, in base64, with its spaces made one, and line by
// line.
func writings(value, by string) []concealed {
	quoted := strconv.Quote(value)
	inJSON, _ := json.Marshal(value) // text always can be
	texts := []string{
		value, quoted[1 : len(quoted)-1], string(inJSON[1 : len(inJSON)-1]), url.QueryEscape(value), url.PathEscape(value),
		strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(value)), "="), strings.Join(strings.Fields(value), " "),
	}
	if lines := strings.Fields(value); len(lines) > 1 && strings.Contains(value, "\n") {
		texts = append(texts, strings.Split(value, "\n")...)
	}
	var list []concealed
	for _, text := range texts {
		if text = strings.TrimSpace(text); len(text) >= minSecret && !slices.Contains(list, concealed{text, by}) {
			list = append(list, concealed{text, by})
		}
	}
	return list
}

// text is s without secrets. One of which only the beginning is there, because
// s was cut off, is one too.
func (r redactor) text(s string) string {
	if r.withheld != "" && s != "" {
		return "(withheld: " + r.withheld + ")"
	}
	if r.replacer == nil {
		return s
	}
	s = r.replacer.Replace(s)
	for _, v := range r.values {
		for n := len(v.text) - 1; n >= leastCut; n-- {
			if strings.HasSuffix(s, v.text[:n]) {
				return s[:len(s)-n] + v.by
			}
		}
	}
	return s
}

// error is err without secrets.
func (r redactor) error(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err // of which nobody keeps the text
	}
	if text := r.text(err.Error()); text != err.Error() {
		return slipway.Errorf(slipway.ErrorCode(err), "%s", text)
	}
	return err
}

func (r redactor) exit(exit *slipway.Exit) *slipway.Exit {
	if exit == nil {
		return nil
	}
	told := *exit
	told.Error = r.text(exit.Error)
	return &told
}

// evidence is e without secrets.
func (r redactor) evidence(e slipway.Evidence) slipway.Evidence {
	e.Logs, e.Inspect = r.text(e.Logs), r.text(e.Inspect)
	e.Container.Exit = r.exit(e.Container.Exit)
	labels := make(map[string]string, len(e.Container.Labels))
	for name, value := range e.Container.Labels {
		labels[name] = r.text(value)
	}
	e.Container.Labels = labels
	return e
}
