// SPDX-License-Identifier: GPL-3.0-or-later
// What does a person see of MyX in a browser? Runs, hosts, and the log of a run as it grows.
//
// Everything that comes from the API is put on the page as text nodes, never as markup. The token
// stays in this tab (sessionStorage) and travels only in the Authorization header. Who signs in with a
// password has a session in a cookie that no script reads; changes bring its CSRF token besides.

const TOKEN_KEY = "myx-token";
const API = "api/v1";
const PAGE_SIZE = 50;
const REFRESH_MS = 4000;
const RETRY_MS = [500, 1000, 2000, 5000];
const LOG_WAIT_S = 25;
const LOG_TAIL_BYTES = 1024 * 1024; // a longer log is shown from its last mebibyte
const LOG_MAX_NODES = 20000; // what a browser still scrolls through smoothly
const HOSTS_SHOWN = 500;
const END_STATES = new Set(["successful", "failed", "canceled", "timed_out", "lost"]);

const main = document.getElementById("main");
const nav = document.getElementById("nav");
const signOut = document.getElementById("sign-out");
const notice = document.getElementById("notice");

let view = new AbortController(); // aborted when another view is shown
let csrf = null; // of the session, where there is one

// ---------------------------------------------------------------- page elements

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

function makeStatus(status) {
  return make("span", { className: `status ${status}` }, status.replace("_", " "));
}

function makeTable(headings, rows) {
  const head = make("tr", {}, ...headings.map((text) => make("th", { scope: "col" }, text)));
  return make("table", {}, make("thead", {}, head), make("tbody", {}, ...rows));
}

function makeRow(...cells) {
  return make("tr", {}, ...cells.map((cell) => (cell instanceof HTMLTableCellElement ? cell : make("td", {}, cell ?? ""))));
}

function tight(...children) {
  return make("td", { className: "tight" }, ...children);
}

function say(text) {
  notice.textContent = text;
  notice.hidden = !text;
}

function tellTime(timestamp) {
  return timestamp ? new Date(timestamp).toLocaleString() : "";
}

function tellDuration(row) {
  if (!row.started_at) return "";
  const end = row.finished_at ? new Date(row.finished_at) : new Date();
  const seconds = Math.max(0, (end - new Date(row.started_at)) / 1000);
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${Math.round(seconds % 60)} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

// ---------------------------------------------------------------- talking to the API

class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function request(path, options = {}) {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const shown = token ? { Authorization: `Bearer ${token}` } : csrf ? { "X-CSRF-Token": csrf } : {};
  const response = await fetch(`${API}${path}`, {
    ...options,
    headers: { ...shown, ...options.headers },
    signal: options.signal ?? view.signal,
    cache: "no-store",
  });
  if (response.ok) return response;
  const problem = await response.json().catch(() => ({}));
  throw new ApiError(response.status, problem.detail ?? `HTTP ${response.status}`);
}

async function signInWith(name, secret) {
  if (!name) {
    sessionStorage.setItem(TOKEN_KEY, secret);
    await getJson("/account");
    return;
  }
  const body = JSON.stringify({ name, password: secret });
  const headers = { "Content-Type": "application/json" };
  csrf = (await (await request("/session", { method: "POST", headers, body })).json()).csrf_token;
}

// Says whether this browser shows something already: a token of this tab, or a session's cookie.
async function isSignedIn() {
  if (sessionStorage.getItem(TOKEN_KEY) || csrf) return true;
  try {
    csrf = (await getJson("/session")).csrf_token;
  } catch (error) {
    if (error.status !== 401) showError(error);
  }
  return csrf !== null;
}

async function getJson(path) {
  return (await request(path)).json();
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}

// Calls `attempt` until it returns true; waits first where the connection broke off.
async function persist(signal, attempt) {
  let failures = 0;
  while (!signal.aborted) {
    try {
      if (await attempt(() => { failures = 0; say(""); })) return;
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ApiError && error.status < 500) { showError(error); return; }
      say("The control plane does not answer; trying again ...");
      await pause(RETRY_MS[Math.min(failures++, RETRY_MS.length - 1)], signal);
    }
  }
}

function showError(error) {
  if (error.name === "AbortError") return;
  if (error.status === 401) { forget(error.message); return; }
  say(error instanceof ApiError ? error.message : "The control plane does not answer.");
}

async function* readEvents(path, signal) {
  const reader = (await request(path, { signal })).body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    text += value;
    const blocks = text.split("\n\n");
    text = blocks.pop();
    for (const block of blocks) {
      const lines = block.split("\n");
      const name = lines.find((line) => line.startsWith("event: "))?.slice(7);
      const data = lines.filter((line) => line.startsWith("data: ")).map((line) => line.slice(6)).join("\n");
      if (name) yield { name, data: JSON.parse(data) };
    }
  }
}

// ---------------------------------------------------------------- terminal output as text nodes

// Colours and weights become classes, every other control sequence is dropped.
class AnsiText {
  #held = "";
  #style = { color: null, bold: false, dim: false, italic: false, underline: false };

  *pieces(text) {
    text = this.#held + text;
    const cut = text.search(/\x1b(?:\[[0-9;:?]*|\][^\x07\x1b]*)?$/);
    this.#held = cut >= 0 && text.length - cut < 4096 ? text.slice(cut) : "";
    if (this.#held) text = text.slice(0, cut);
    for (const part of text.split(/(\x1b\[[0-9;:?]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b.)/s)) {
      if (part.startsWith("\x1b")) this.#apply(part);
      else if (part) yield [part.replace(/\r+\n/g, "\n").replace(/\r/g, "\n").replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g, ""), this.#classes()];
    }
  }

  #classes() {
    const style = this.#style;
    const color = style.color === null ? null : `f${style.bold && style.color < 8 ? style.color + 8 : style.color}`;
    return [color, style.bold && "b", style.dim && "d", style.italic && "i", style.underline && "u"].filter(Boolean).join(" ");
  }

  #apply(sequence) {
    const match = /^\x1b\[([0-9;]*)m$/.exec(sequence);
    if (!match) return;
    const codes = match[1].split(";").map(Number);
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      if (code === 38 || code === 48) {
        const indexed = codes[i + 1] === 5;
        if (code === 38) this.#style.color = indexed && codes[i + 2] < 16 ? codes[i + 2] : null;
        i += indexed ? 2 : 4;
      } else this.#set(code);
    }
  }

  #set(code) {
    const style = this.#style;
    if (code === 0) Object.assign(style, { color: null, bold: false, dim: false, italic: false, underline: false });
    else if (code === 1) style.bold = true;
    else if (code === 2) style.dim = true;
    else if (code === 3) style.italic = true;
    else if (code === 4) style.underline = true;
    else if (code === 22) style.bold = style.dim = false;
    else if (code === 23) style.italic = false;
    else if (code === 24) style.underline = false;
    else if (code >= 30 && code <= 37) style.color = code - 30;
    else if (code >= 90 && code <= 97) style.color = code - 82;
    else if (code === 39) style.color = null;
  }
}

// Shows one execution's log from an offset on, and stays at its end unless the reader scrolls up.
class LogPane {
  constructor() {
    this.element = make("pre", { className: "log", tabIndex: 0 });
    this.element.setAttribute("role", "log");
    this.note = make("span", { className: "faint" });
  }

  async follow(execution, signal) {
    this.element.replaceChildren();
    if (execution.log_removed_at) {
      this.note.textContent = `Its log was removed on ${tellTime(execution.log_removed_at)}: it was too old, or logs had become too many.`;
      return;
    }
    let offset = Math.max(0, execution.log_bytes - LOG_TAIL_BYTES);
    this.note.textContent = offset ? "Only the end is shown; download has all of it." : "";
    const texts = { stdout: new AnsiText(), stderr: new AnsiText() };
    await persist(signal, async (progress) => {
      const path = `/executions/${execution.id}/log?offset=${offset}&wait_s=${LOG_WAIT_S}`;
      const piece = await (await request(path, { signal })).json();
      if (signal.aborted) return true;
      progress();
      if (piece.new_offset > offset) this.#append(decodeLog(piece), piece.log_type, texts[piece.log_type]);
      offset = piece.new_offset;
      if (piece.is_final && piece.size === 0) this.note.textContent = "It printed nothing.";
      return piece.is_final;
    });
  }

  #append(text, type, ansi) {
    const pane = this.element;
    const atEnd = pane.scrollHeight - pane.scrollTop - pane.clientHeight < 40;
    const fragment = document.createDocumentFragment();
    for (const [part, classes] of ansi.pieces(text)) {
      const className = type === "stderr" ? `${classes} stderr`.trim() : classes;
      fragment.append(className ? make("span", { className }, part) : document.createTextNode(part));
    }
    pane.append(fragment);
    while (pane.childNodes.length > LOG_MAX_NODES) {
      pane.firstChild.remove();
      this.note.textContent = "Only the end is shown; download has all of it.";
    }
    if (atEnd) pane.scrollTop = pane.scrollHeight;
  }
}

function decodeLog(piece) {
  if (piece.encoding !== "base64") return piece.log_data;
  const bytes = Uint8Array.from(atob(piece.log_data), (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}

async function downloadLog(execution) {
  const blob = await (await request(`/executions/${execution.id}/log/download`)).blob();
  const link = make("a", { href: URL.createObjectURL(blob), download: `run-${execution.run_id}-${execution.host}.log` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

// ---------------------------------------------------------------- views

function showSignIn(message = "") {
  nav.hidden = signOut.hidden = true;
  say(message);
  const name = make("input", { id: "name", autocomplete: "username", spellcheck: false });
  const secret = make("input", { type: "password", id: "secret", autocomplete: "current-password", required: true, spellcheck: false });
  const form = make("form", { className: "sign-in" },
    make("h1", {}, "Sign in"),
    make("label", { htmlFor: "name" }, "Name"),
    name,
    make("label", { htmlFor: "secret" }, "Password, or without a name a token"),
    secret,
    make("button", { type: "submit" }, "Sign in"),
    make("p", { className: "faint" }, "The first start of the control plane wrote the admin token to the file ",
      make("code", {}, "admin-token"), " in its data directory. A token is kept in this tab only."));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      await signInWith(name.value.trim(), name.value.trim() ? secret.value : secret.value.trim());
      show();
    } catch (error) {
      showError(error);
    }
  });
  main.replaceChildren(form);
  name.focus();
}

function forget(message = "") {
  sessionStorage.removeItem(TOKEN_KEY);
  csrf = null;
  view.abort();
  view = new AbortController();
  showSignIn(message);
}

async function leave() {
  if (csrf) await request("/session", { method: "DELETE" }).catch(() => {});
  forget();
}

// Draws now and then again, for as long as the view is shown and the tab is looked at.
async function keepFresh(draw) {
  const { signal } = view;
  await persist(signal, async (progress) => {
    if (!document.hidden) { await draw(); progress(); }
    await pause(REFRESH_MS, signal);
    return false;
  });
}

function makePager(page, count, base) {
  const last = Math.max(1, Math.ceil(count / PAGE_SIZE));
  const link = (text, to) => (to >= 1 && to <= last ? make("a", { href: `${base}?page=${to}` }, text) : make("span", { className: "faint" }, text));
  return make("div", { className: "bar" }, link("← newer", page - 1), `page ${page} of ${last}, ${count} in all`, link("older →", page + 1));
}

function showRuns(parameters) {
  const page = Number(parameters.get("page") ?? 1);
  document.title = "Runs · MyX";
  return keepFresh(async () => {
    const { count, results } = await getJson(`/runs?page=${page}&page_size=${PAGE_SIZE}`);
    const rows = results.map((run) => makeRow(
      tight(make("a", { href: `#/runs/${run.id}` }, String(run.id))), tight(makeStatus(run.status)), run.kind,
      make("a", { href: `#/runs/${run.id}` }, run.name), String(run.hosts_total), tight(tellTime(run.created_at)), tight(tellDuration(run))));
    main.replaceChildren(make("h1", {}, "Runs"),
      rows.length ? makeTable(["Run", "Status", "Kind", "What", "Hosts", "Created", "Took"], rows)
        : make("p", {}, "Nothing has run yet. Try: ", make("code", {}, "myx run playbooks/demo.yml")),
      makePager(page, count, "#/runs"));
  });
}

function showHosts(parameters) {
  const page = Number(parameters.get("page") ?? 1);
  document.title = "Hosts · MyX";
  return keepFresh(async () => {
    const { count, results } = await getJson(`/hosts?page=${page}&page_size=${PAGE_SIZE}`);
    const rows = results.map((host) => makeRow(host.name, host.address, host.groups.join(", "),
      make("td", {}, makeStatus(host.agent.status), host.agent.last_error && host.agent.status === "offline" ? make("div", { className: "faint" }, host.agent.last_error) : null),
      host.agent.version, tight(tellTime(host.agent.last_seen_at))));
    main.replaceChildren(make("h1", {}, "Hosts"),
      rows.length ? makeTable(["Host", "Address", "Groups", "Agent", "Version", "Last seen"], rows)
        : make("p", {}, "No hosts yet. Add one: ", make("code", {}, "myx host add NAME --address A")),
      makePager(page, count, "#/hosts"));
  });
}

class RunView {
  #run = null;
  #executions = new Map();
  #selected = null;
  #reading = new AbortController();
  #pane = new LogPane();
  #title = make("h1");
  #facts = make("div", { className: "bar" });
  #cancel = make("button", {}, "Cancel run");
  #download = make("button", {}, "Download log");
  #hosts = make("div", { className: "hosts-of-run" });
  #logBar = make("div", { className: "bar" });

  constructor(id) {
    this.id = id;
    this.#cancel.addEventListener("click", () => this.#askToCancel());
    this.#download.addEventListener("click", () => downloadLog(this.#executions.get(this.#selected)).catch(showError));
    main.replaceChildren(this.#title, this.#facts, this.#hosts, this.#logBar, this.#pane.element);
  }

  async follow() {
    const { signal } = view;
    signal.addEventListener("abort", () => this.#reading.abort(), { once: true });
    await persist(signal, async (progress) => {
      for await (const { name, data } of readEvents(`/runs/${this.id}/stream?log=false`, signal)) {
        progress();
        if (name === "execution") this.#executions.set(data.id, data);
        else if (name === "run" || name === "end") this.#run = data;
        this.#plan();
        if (name === "end") return true;
      }
      throw new Error("the stream ended before the run did");
    });
  }

  // A run over a thousand hosts begins with a thousand events: they are drawn once.
  #plan() {
    if (this.planned) return;
    this.planned = true;
    requestAnimationFrame(() => { this.planned = false; if (this.#run) this.#draw(); });
  }

  #draw() {
    const run = this.#run;
    document.title = `${run.id} ${run.status} · MyX`;
    this.#title.textContent = `Run ${run.id}: ${run.name}`;
    const words = [run.kind, run.reported_from && `from ${run.reported_from}`, run.job, run.limit && `limit ${run.limit}`, run.check && "check mode", tellTime(run.created_at), tellDuration(run)];
    this.#facts.replaceChildren(makeStatus(run.status), make("span", { className: "faint" }, words.filter(Boolean).join(" · ")),
      ...(run.reason && run.status !== "successful" ? [make("span", {}, run.reason)] : []),
      make("span", { className: "grow" }), ...(END_STATES.has(run.status) || run.kind === "reported" ? [] : [this.#cancel]));
    // The control node of a run that was started elsewhere is in no wave, and has the whole log.
    const all = [...this.#executions.values()].sort((a, b) => (a.wave > 0) - (b.wave > 0) || a.host.localeCompare(b.host));
    this.#hosts.replaceChildren(makeTable(["Host", "Status", "Recap", "Took", "Reason"], all.slice(0, HOSTS_SHOWN).map((each) => this.#makeRow(each))),
      ...(all.length > HOSTS_SHOWN ? [make("p", { className: "faint" }, `The first ${HOSTS_SHOWN} of ${all.length} hosts.`)] : []));
    const started = all.find((each) => each.log_bytes > 0 || each.started_at);
    if (this.#selected === null && (started ?? all[0])) this.#select((started ?? all[0]).id);
  }

  #makeRow(execution) {
    const recap = Object.entries(execution.recap ?? {}).filter(([name, count]) => count || name === "ok").map(([name, count]) => `${name}=${count}`).join(" ");
    const row = makeRow(make("a", { href: "#", onclick: (event) => { event.preventDefault(); this.#select(execution.id); } }, execution.host),
      tight(makeStatus(execution.status)), recap, tight(tellDuration(execution)), execution.status === "successful" ? "" : execution.reason);
    row.setAttribute("aria-selected", String(execution.id === this.#selected));
    return row;
  }

  #select(id) {
    this.#reading.abort();
    this.#reading = new AbortController();
    this.#selected = id;
    const execution = this.#executions.get(id);
    this.#download.hidden = Boolean(execution.log_removed_at);
    this.#logBar.replaceChildren(make("strong", {}, `Log of ${execution.host}`), this.#pane.note, make("span", { className: "grow" }), this.#download);
    this.#pane.follow(execution, this.#reading.signal);
    this.#plan();
  }

  async #askToCancel() {
    if (!confirm(`Cancel run ${this.id}? Its processes are ended on every host.`)) return;
    this.#cancel.disabled = true;
    await request(`/runs/${this.id}/cancel`, { method: "POST" }).catch((error) => { this.#cancel.disabled = false; showError(error); });
  }
}

async function show() {
  view.abort();
  view = new AbortController();
  say("");
  const { signal } = view;
  const known = await isSignedIn();
  if (signal.aborted) return;
  if (!known) { showSignIn(notice.textContent); return; }
  nav.hidden = signOut.hidden = false;
  const [path, query] = location.hash.slice(1).split("?");
  const parameters = new URLSearchParams(query);
  const [, noun = "runs", id] = path.split("/");
  for (const link of nav.children) link.toggleAttribute("aria-current", link.hash === `#/${noun}`);
  main.replaceChildren();
  if (noun === "hosts") showHosts(parameters);
  else if (/^\d+$/.test(id ?? "")) new RunView(Number(id)).follow();
  else showRuns(parameters);
}

signOut.addEventListener("click", leave);
addEventListener("hashchange", show);
show();
