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

// What was asked for and got no answer may have been done: it is asked for again
// under the same key.
const unanswered = new Map();

async function act(event) {
  event.preventDefault();
  const form = event.currentTarget;
  const body = {};
  for (const [name, value] of new FormData(form, event.submitter)) {
    if (value === "") continue;
    // A release is chosen by its id; what is sent is its number.
    body[name] = name === "to" ? Number(value.split(".").pop()) : value;
  }
  const method = form.dataset.method || "POST";
  const wanted = [method, form.dataset.api, JSON.stringify(body)].join(" ");
  const key = unanswered.get(wanted)
    ?? Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16).padStart(2, "0")).join("");
  unanswered.set(wanted, key);
  const buttons = form.querySelectorAll("button");
  buttons.forEach((b) => { b.disabled = true; });
  complain(form, "");
  try {
    const headers = { "Content-Type": "application/json", "Idempotency-Key": key };
    const answer = method === "POST"
      ? await fetch(form.dataset.api, { method, headers, body: JSON.stringify(body) })
      : await fetch(form.dataset.api + "?" + new URLSearchParams(body), { method, headers });
    if (answer.status < 500) unanswered.delete(wanted);
    if (!answer.ok) {
      const problem = await answer.json().catch(() => ({})); // of something in between
      throw new Error(problem.detail ?? `answered with status ${answer.status}`);
    }
    form.reset();
    if ("reload" in form.dataset) { location.reload(); return; }
    const result = answer.status === 204 ? {} : await answer.json();
    if (result.release) location.assign("/releases/" + encodeURIComponent(result.release));
  } catch (problem) {
    complain(form, problem.message);
  } finally {
    buttons.forEach((b) => { b.disabled = false; });
  }
}

// twin is the form below root that asks for the same.
function twin(form, root) {
  return [...root.querySelectorAll("form[data-api]")].find((f) =>
    f.dataset.api === form.dataset.api && f.elements.gate?.value === form.elements.gate?.value);
}

// complain says beside a form what went wrong; where the page has moved on since,
// beside the one that has taken its place, or at its top.
function complain(form, text) {
  const now = form.isConnected ? form : twin(form, document);
  if (now) {
    now.querySelector("output").textContent = text;
  } else if (text !== "") {
    const line = document.createElement("p");
    line.className = "error";
    line.setAttribute("role", "alert");
    line.textContent = text;
    document.querySelector("main").prepend(line);
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
    prepare(next);
    let focused = null;
    for (const form of live.querySelectorAll("form[data-api]")) {
      const now = twin(form, next);
      if (!now) continue;
      now.querySelector("output").textContent = form.querySelector("output").textContent;
      if (now.elements.reason && form.elements.reason) now.elements.reason.value = form.elements.reason.value;
      if (form.matches(":focus-within")) focused = now.elements.reason;
    }
    live.replaceChildren(...next.childNodes);
    focused?.focus();
  }
  for (const type of ["phase", "host", "progress", "gate"]) events.addEventListener(type, refresh);
  events.addEventListener("end", () => { events.close(); refresh(); });
  events.addEventListener("error", () => {
    if (events.readyState !== EventSource.CLOSED) return; // it comes again by itself
    refresh();
    setTimeout(() => follow(live), 5000);
  });
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
