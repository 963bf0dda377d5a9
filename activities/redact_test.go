package activities_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"slipway"
	"slipway/activities"
)

// A value that looks different wherever it is written.
const (
	secret = "p@ss <word> & \"more\"\nsecond-line-of-it"
	before = "what-it-was-before"
)

var secretOf = map[string]string{"DB_PASSWORD": "env://DB"}

// sayings are texts with the secret in them.
func sayings() []string {
	inJSON, _ := json.Marshal(map[string]string{"dsn": secret})
	return []string{
		"dsn=" + secret,
		fmt.Sprintf("cannot connect with %q", secret),
		string(inJSON),
		"GET http://db/?token=" + url.QueryEscape(secret),
		"Authorization: " + base64.StdEncoding.EncodeToString([]byte(secret)),
		"only " + strings.Split(secret, "\n")[1],
		"on one line " + strings.Join(strings.Fields(secret), " "),
		"cut off: " + secret[:9],
		"before it was changed: " + before,
		"cut off before it was changed: " + before[:7],
	}
}

// betrays reports a text in which a part of the secret is left.
func betrays(t *testing.T, where string, of any) {
	t.Helper()
	text, _ := json.Marshal(of)
	for _, part := range []string{"p@ss", "word", "second-line", "what-", base64.StdEncoding.EncodeToString([]byte(secret))[:12]} {
		if strings.Contains(string(text), part) {
			t.Errorf("%s holds %q of the secret: %s", where, part, text)
		}
	}
	if !strings.Contains(string(text), "[secret env://DB]") {
		t.Errorf("%s does not say that there was a secret: %s", where, text)
	}
}

func TestNothingThatAContainerSaysBetraysItsSecrets(t *testing.T) {
	t.Parallel()
	for _, said := range sayings() {
		t.Run(said[:8], func(t *testing.T) {
			t.Parallel()
			m, host := newMachine()
			m.secrets["env://DB"], m.environment = secret, map[string]string{"DB_PASSWORD": before, "LOG": "info"}
			m.greenAt = "10.0.0.1"
			m.logs, m.startError = said, slipway.Errorf(slipway.CodeInvalid, "the runtime says: %s", said)
			answers := slipway.Errorf(slipway.CodeUnavailable, "it answered 503: %s", said)

			betrays(t, "the error of a start", message(run(t, host.StartGreen, starting(), nil)))

			m.answer("10.0.0.1:8080", answers)
			proof := proving(func(in *activities.ProbeInput) {
				in.Deadline, in.Secrets = slipway.Duration(50*time.Millisecond), secretOf
			})
			betrays(t, "the error of a proof", message(run(t, host.ProbeGreen, proof, nil)))

			m.exit <- slipway.Exit{Code: 1}
			proof.Deadline = slipway.Duration(10 * time.Second)
			betrays(t, "what it said last", message(run(t, host.ProbeGreen, proof, nil)))

			m.greenAt = "10.0.0.2"
			in := watching(true)
			in.Green.Secrets, in.Blue.Secrets = secretOf, secretOf
			for _, at := range []string{greenAt, blueAt} {
				m.answer(greenAt)
				m.answer(blueAt)
				m.answer(at, answers)
				var seen activities.WatchResult
				if err := run(t, host.WatchHost, in, &seen); err != nil {
					t.Fatal(err)
				}
				betrays(t, "what a watch saw", seen)
			}

			var kept activities.EvidenceResult
			if err := run(t, host.KeepEvidence, activities.ContainerInput{Host: "h1", Release: "search.api.2", Container: "search.api.2"}, &kept); err != nil {
				t.Fatal(err)
			}
			betrays(t, "the tail of the evidence", kept)
			wellKept := func() {
				t.Helper()
				for where, text := range map[string]any{"log": m.kept.Logs, "description": m.kept.Inspect, "labels": m.kept.Container.Labels, "exit": m.kept.Container.Exit} {
					betrays(t, "the evidence's "+where, text)
				}
			}
			wellKept()

			m.states = []slipway.ContainerState{{Image: image.Config, Environment: m.environment}}
			m.exit <- slipway.Exit{Code: 1}
			var ran activities.PreDeployResult
			if err := run(t, host.RunPreDeploy, migrating(), &ran); err != nil || ran.Failed == "" {
				t.Fatal(ran, err)
			}
			betrays(t, "what a command said", ran)
			wellKept()
		})
	}
}

func TestWhatMayHoldASecretThatNobodyKnowsIsWithheld(t *testing.T) {
	t.Parallel()
	m, host := newMachine() // which knows no secret, and has no container
	m.answer("10.0.0.1:8080", errors.New("it answered 503: hunter2"))
	err := run(t, host.ProbeGreen, proving(func(in *activities.ProbeInput) {
		in.Deadline, in.Secrets = slipway.Duration(50*time.Millisecond), secretOf
	}), nil)
	failed(t, err, slipway.CodeInvalid, false, "search.api.2 on h1 was not ready within 50ms: GET /healthz: (withheld: its secrets may be in it, and the Docker Engine does not say which it has)")
	if strings.Contains(message(err), "hunter2") {
		t.Error(err)
	}
}

func TestSecretsThatCouldNotBeKeptOutOfLogsAreRefused(t *testing.T) {
	t.Parallel()
	for value, says := range map[string]string{
		"":                         "shorter than 6 characters",
		"12345":                    "shorter than 6 characters",
		"\xff\xfe\xfd\xfc\xfb\xfa": "is not text",
		"hunter\x002":              "is not text",
	} {
		m, host := newMachine()
		m.image, m.secrets["env://DB"] = image.Config, value
		err := run(t, host.StartGreen, starting(), nil)
		failed(t, err, slipway.CodeInvalid, false, says)
		if m.spec.Name != "" || value != "" && strings.Contains(message(err), value) {
			t.Errorf("it was started, or quoted: %v", err)
		}
	}
}

func message(err error) string { return fmt.Sprint(err) }
