"use strict";

// Without this script every page can be read; with it a release moves by
// itself, and the buttons work.

// prepare shows the forms that act by the API, and makes them do so.
function prepare(root) {
  for (const form of root.querySelectorAll("form[data-api]")) {
    form.hidden = false;
    form.addEventListener("submit", act);
  }
}

async function act(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const body = {};
  for (const [name, value] of new FormData(form, event.submitter)) {
    if (value === "") continue;
    // A release is chosen by its id; what is sent is its number.
    body[name] = name === "to" ? Number(value.split(".").pop()) : value;
  }
  const key = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  const buttons = form.querySelectorAll("button");
  buttons.forEach((b) => { b.disabled = true; });
  try {
    const method = form.dataset.method || "POST";
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    const answer = method === "POST"
      ? await fetch(form.dataset.api, { method, headers, body: JSON.stringify(body) })
      : await fetch(form.dataset.api + "?" + new URLSearchParams(body), { method, headers });
    if (!answer.ok) throw new Error((await answer.json()).detail);
    form.reset();
    if ("reload" in form.dataset) { location.reload(); return; }
    const result = answer.status === 204 ? {} : await answer.json();
    if (result.release) location.assign("/releases/" + encodeURIComponent(result.release));
  } catch (problem) {
    form.querySelector("output").textContent = problem.message;
  } finally {
    buttons.forEach((b) => { b.disabled = false; });
  }
}

// follow asks the server for the page again whenever the release has moved: it
// alone says how a release looks.
function follow(live) {
  const events = new EventSource(live.dataset.live);
  let asking = false, again = false;
  async function refresh() {
    if (asking) { again = true; return; }
    asking = true;
    do {
      again = false;
      try {
        const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
        if (answer.redirected) { location.reload(); return; } // signed out meanwhile
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const next = page.querySelector("[data-live]");
        if (next) show(next);
      } catch { /* the event source comes again by itself, and so does this */ }
    } while (again);
    asking = false;
  }
  function show(next) {
    const typed = live.querySelector("form[data-api]:focus-within input[name=reason]");
    prepare(next);
    const form = typed && next.querySelector(`form[data-api="${typed.form.dataset.api}"]`);
    if (form) form.elements.reason.value = typed.value;
    live.replaceChildren(...next.childNodes);
    if (form) form.elements.reason.focus();
  }
  for (const type of ["phase", "host", "progress", "gate"]) events.addEventListener(type, refresh);
  events.addEventListener("end", () => { events.close(); refresh(); });
}

prepare(document);
const live = document.querySelector("[data-live]");
if (live && live.dataset.live) follow(live);

// The list of Temporal's web interface, which is below this address, shows no
// search attributes until columns are chosen. Choose them for an operator who
// has not: how a release stands is in them.
const columns = "namespace-workflow-table-columns";
if (document.querySelector('a[href^="/temporal/"]') && !localStorage.getItem(columns)) {
  const labels = ["Status", "Workflow ID", "SlipwayPhase", "SlipwayOutcome", "SlipwayRequester", "SlipwayDigest", "Start", "End"];
  localStorage.setItem(columns, JSON.stringify({ slipway: labels.map((label) => ({ label })) }));
}
