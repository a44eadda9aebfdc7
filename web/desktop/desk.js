// @ts-check
// The page: log-in, one connection, one state, and the screens drawn from it.
import { Connection, initial, randomID } from "./client.js";
import * as drafts from "./drafts.js";
import { Front } from "./front.js";
import { html, render } from "./html.js";
import { Desk, Login } from "./views.js";
import { endWord, numberWord, plain, reasonWord, short, stateWord } from "./words.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const loud = /** @type {HTMLElement} */ (document.getElementById("loud"));
const quiet = /** @type {HTMLElement} */ (document.getElementById("quiet"));

/** The session token, in memory only; after a reload the cookie stands in for it, where there is one. */
let token = "";
let screen = "start";
let hint = "";
let note = "";
let noteTimer = 0;
let state = initial();
/** @type {import("./client.js").Line} */
let line = { state: "off", code: 0, text: "", retryAt: 0, lastFrame: 0 };

/** @param {string} method @param {string} path @param {any} [body] */
async function api(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (token) headers.Authorization = "Bearer " + token;
  if (body) headers["Content-Type"] = "application/json";
  const res = await fetch(path, { method, headers, body: body ? JSON.stringify(body) : undefined, credentials: "same-origin" });
  const out = res.status === 204 ? {} : await res.json();
  if (!res.ok) throw Object.assign(new Error(out.detail ?? "The server refused."), { login: res.status === 401, code: out.code });
  return out;
}

/** One id for each browser profile: several tabs of it share the agent's seat. */
function clientID() {
  try {
    const old = localStorage.getItem("ctid.client");
    if (old) return old;
    const id = randomID();
    localStorage.setItem("ctid.client", id);
    return id;
  } catch {
    return randomID(); // storage is off
  }
}

const front = new Front(() => { document.documentElement.dataset.front = String(front.held); });

/** Tabs tell each other of a new token of the same user. */
const tabs = new BroadcastChannel("ctid-tabs");

const conn = new Connection({
  url: location.origin.replace(/^http/, "ws") + "/ws",
  clientID: clientID(),
  ticket: async () => (await api("POST", "/api/v1/ws-tickets")).ticket,
  isFront: () => front.held,
  changed: (s, l) => {
    const before = state;
    [state, line] = [s, l];
    if (s.who && s.who !== before.who) drafts.belong(s.who.user);
    if (l.state === "login" && screen === "desk") {
      token = "";
      [screen, hint] = ["login", l.text];
    }
    draw();
    announce(before, s);
  },
});

/** Speaks what changed, each thing once: loudly a new call and a lost one, quietly the rest. @param {typeof state} a @param {typeof state} b */
function announce(a, b) {
  if (a.session !== b.session || !a.fresh) return;
  for (const id of Object.keys(b.pops)) {
    if (!a.pops[id]) loud.textContent = `Call from ${caller(b.pops[id])}`;
  }
  if (b.lastEnd && b.lastEnd.seq !== a.lastEnd?.seq) loud.textContent = endWord(b.lastEnd.side);
  for (const [id, p] of Object.entries(b.pops)) {
    if (a.pops[id] && caller(a.pops[id]) !== caller(p)) quiet.textContent = `The caller is ${caller(p)}`;
  }
  const [was, is] = [a.agent, b.agent];
  if (was && is && (was.state !== is.state || was.reason !== is.reason)) {
    quiet.textContent = [stateWord(is.state), reasonWord(is.reason, b.codes.pause)].filter(Boolean).join(", ");
  }
}

/** @param {import("./client.js").Pop} p */
function caller(p) {
  const m = p.data.match;
  const c = m?.customers?.find((/** @type {any} */ x) => m.chosen && x.id === m.chosen);
  return c ? plain(c.name) : numberWord(p.data.ani);
}

/** @param {string} op @param {any} [args] */
async function act(op, args) {
  try {
    await conn.request(op, args);
    return true;
  } catch (e) {
    const err = /** @type {any} */ (e);
    if (err.code === "seat_taken" && confirm(err.message + "\n\nTake over here?")) return act("agent.login", { takeover: true });
    tell(err.message);
    return false;
  }
}

/** @param {string} text */
function tell(text) {
  note = text;
  quiet.textContent = text;
  clearTimeout(noteTimer);
  noteTimer = setTimeout(() => { note = ""; draw(); }, 8000);
  draw();
}

/** @param {string} user @param {string} password @returns {Promise<string>} what went wrong, or "" */
async function login(user, password) {
  try {
    token = (await api("POST", "/api/v1/login", { user, password })).token;
  } catch (e) {
    return /** @type {Error} */ (e).message;
  }
  [screen, hint] = ["desk", ""];
  conn.start();
  return "";
}

/** Buys a new token before the old one ends, without leaving the page. @param {string} password @returns {Promise<string>} what went wrong, or "" */
async function renew(password) {
  const user = state.who?.user;
  try {
    const fresh = (await api("POST", "/api/v1/login", { user, password })).token;
    await conn.renew(fresh);
    token = fresh;
    tabs.postMessage({ user, token });
  } catch (e) {
    return /** @type {Error} */ (e).message;
  }
  return "";
}

tabs.onmessage = (m) => {
  if (screen !== "desk" || !m.data.token || m.data.user !== state.who?.user) return;
  token = m.data.token;
  conn.renew(token).catch(() => {}); // then this tab goes on asking for the password
};

async function leave() {
  drafts.wipe();
  conn.stop();
  conn.state = state = initial();
  screen = "login";
  draw();
  await api("POST", "/api/v1/logout").catch(() => {}); // a token that is no longer good is as well as revoked
  token = "";
}

function draw() {
  document.title = title();
  if (screen === "login") render(html`<${Login} login=${login} text=${hint} />`, root);
  if (screen === "desk") {
    render(html`<${Desk} state=${state} line=${line} now=${Date.now() + state.skew} note=${note} act=${act} leave=${leave} again=${() => conn.start()} renew=${renew} />`, root);
  }
}

function title() {
  if (screen !== "desk" || !state.agent) return "ctid desktop";
  const pop = Object.values(state.pops)[0];
  return state.agent.state === "reserved" && pop ? `☎ ${short(caller(pop), 60)}` : `${stateWord(state.agent.state)} – ctid`;
}

for (const e of ["online", "pageshow", "focus"]) addEventListener(e, () => conn.kick());
document.addEventListener("resume", () => conn.kick());
document.addEventListener("visibilitychange", () => conn.kick());
addEventListener("beforeunload", (e) => { if (Object.values(state.calls).length > 0) e.preventDefault(); });
setInterval(draw, 500);
front.start();
// A page with an open line is in use: its token must not end as an idle one.
setInterval(() => { if (line.state === "open") api("GET", "/api/v1/me").catch(() => {}); }, 600_000);

api("GET", "/api/v1/me").then(() => { screen = "desk"; conn.start(); }, () => { screen = "login"; }).then(draw);
