package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"slipway/e2e/system"
)

// screenshots is where the browser's pictures go, for people to look at.
var screenshots = flag.String("screenshots", "", "directory to put screenshots of the pages in")

func TestThePagesShowAReleaseInARealBrowser(t *testing.T) {
	s := start(t)
	svc := service(t, s, "pages", "strategy: {blue_green: {hold: 10m}}\n")
	push(t, s, "pages", "v1")
	push(t, s, "pages", "v2")
	release(t, s, svc, "v1", 0)
	second := release(t, s, svc, "v2", 0)
	b := browse(t, s)

	b.signIn("olga")
	b.see("/", "search/pages", "home")
	b.see("/releases/"+second.ID, "holding", "release")
	b.see("/services/search/pages", second.ID, "service")
	b.see("/temporal/namespaces/slipway/workflows?query=WorkflowType%3D%22Release%22", "SlipwayPhase", "temporal-list")
	b.see("/temporal/namespaces/slipway/workflows/release%2F"+second.ID, "Timeline", "temporal-timeline")
	at := perform(b, "find the details", chromedp.Poll[string](`[...document.querySelectorAll("a")].find(a => a.textContent.includes("User Metadata"))?.getAttribute("href")`))
	b.see(at, "Blue is held until", "temporal-details")

	b.see("/releases/"+second.ID, "Roll back", "way-back")
	b.rollsBackAlthoughAnAnswerIsLost()
}

// rollsBackAlthoughAnAnswerIsLost goes back on the page of a release twice, as
// people do who see that the first click got no answer. It is one and the same
// wish.
func (b *browser) rollsBackAlthoughAnAnswerIsLost() {
	b.t.Helper()
	perform(b, "lose an answer", chromedp.Evaluate[bool](`
		const keys = [];
		const send = window.fetch;
		window.fetch = (to, options) => {
			if (options?.method !== "POST") return send(to, options);
			keys.push(options.headers["Idempotency-Key"]);
			sessionStorage.setItem("keys", JSON.stringify(keys)); // outlives the page
			return keys.length === 1 ? Promise.reject(new Error("the answer was lost")) : send(to, options);
		};
		const form = document.querySelector('form[data-api$="/rollback"]');
		form.elements.reason.value = "users see errors";
		form.requestSubmit();
		true`))
	perform(b, "hear of it", chromedp.Poll[bool](`document.querySelector('form[data-api$="/rollback"] output').textContent === "the answer was lost"`))
	perform(b, "ask again", chromedp.Evaluate[bool](`document.querySelector('form[data-api$="/rollback"]').requestSubmit(); true`))
	const undone = `document.body.textContent.includes("users see errors") && !document.querySelector('form[data-api$="/rollback"]')`
	deadline := time.Now().Add(time.Minute)
	for { // the page goes over to another one, which ends what is being evaluated
		shown, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](undone))
		if err == nil && shown {
			break
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("the page does not show that it was undone: %v", err)
		}
	}
	if !perform(b, "compare the keys", chromedp.Evaluate[bool](`const keys = JSON.parse(sessionStorage.getItem("keys")); keys.length === 2 && keys[0] === keys[1]`)) {
		b.t.Error("the second click asked for something else than the first")
	}
}

// browser is a headless Chromium that a person sits at.
type browser struct {
	t   *testing.T
	url string
	ctx context.Context
}

func browse(t *testing.T, s *system.System) *browser {
	t.Helper()
	chromium, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatalf("this test looks at pages in Chromium: install the package chromium: %v", err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(chromium),
		chromedp.NoSandbox, // the tests run as root
		chromedp.Flag("disable-quic", true),
		chromedp.WindowSize(1400, 1100),
	)
	allocator, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return &browser{t: t, url: s.URL, ctx: ctx}
}

// perform carries an action out and returns what it gives.
func perform[T any](b *browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	value, err := chromedp.Run(b.ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v", what, err)
	}
	return value
}

func (b *browser) signIn(user string) {
	b.t.Helper()
	perform(b, "open the sign-in page", chromedp.Navigate(b.url+"/login"))
	perform(b, "name", chromedp.SendKeys(`input[name="user"]`, user))
	response, err := chromedp.RunResponse(b.ctx, chromedp.SendKeys(`input[name="password"]`, system.Password+"\n"))
	if err != nil || response.Status != 200 {
		b.t.Fatalf("sign in: %v, %+v", err, response)
	}
}

// openings is how often a page is opened before it counts as broken. Chromium
// drops the requests of a page while network interfaces of the machine come and
// go, as they do here with every container.
const openings = 3

// see opens a page, waits until it shows the text, and takes a picture of it.
func (b *browser) see(at, text, picture string) {
	b.t.Helper()
	// Temporal shows a workflow's details in a frame of their own.
	expression := fmt.Sprintf(`[document, ...[...document.querySelectorAll("iframe")].map(f => f.contentDocument)].some(d => d?.body?.textContent.includes(%q))`, text)
	var err error
	for range openings {
		perform(b, "open "+at, chromedp.Navigate(b.url+at))
		if _, err = chromedp.Run(b.ctx, chromedp.Poll[bool](expression, chromedp.WithPollingTimeout(10*time.Second))); err == nil {
			b.picture(picture)
			return
		}
	}
	b.picture(picture)
	shown := perform(b, "read "+at, chromedp.Evaluate[string]("document.body.innerText"))
	b.t.Fatalf("%s does not show %q (%v):\n%.3000s", at, text, err, shown)
}

func (b *browser) picture(name string) {
	b.t.Helper()
	if *screenshots == "" {
		return
	}
	png := perform(b, "take a picture", chromedp.CaptureScreenshot())
	if err := os.WriteFile(filepath.Join(*screenshots, name+".png"), png, 0o644); err != nil {
		b.t.Fatal(err)
	}
}
