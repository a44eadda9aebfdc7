// @ts-check
// The page: log-in, one connection, one state, and the screens drawn from it.
import { api, client, session } from "./api.js";
import { Connection, initial } from "./client.js";
import * as drafts from "./drafts.js";
import { Front } from "./front.js";
import { html, render } from "./html.js";
import { pressed } from "./keys.js";
import { Login } from "./login.js";
import { from } from "./messages.js";
import { PhoneLine } from "./phoneline.js";
import { Softphone } from "./softphone.js";
import { Desk } from "./views.js";
import { endWord, errorWord, numberWord, plain, reasonWord, short, stateWord, t } from "./words.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));
const loud = /** @type {HTMLElement} */ (document.getElementById("loud"));
const quiet = /** @type {HTMLElement} */ (document.getElementById("quiet"));
const foot = /** @type {HTMLElement} */ (document.getElementById("phone"));

let screen = "start";
let hint = "";
let note = "";
let noteTimer = 0;
let state = initial();
/** @type {import("./client.js").Line} */
let line = { state: "off", code: 0, text: "", retryAt: 0, lastFrame: 0 };
/** @type {import("./ui.js").Directory} who and what a call can go to, and the teams to watch; as of the last look */
let directory = { agents: [], queues: [], teams: [] };
let looked = ""; // the session that it was looked up in

const front = new Front(() => {
  document.documentElement.dataset.front = String(front.held);
  runPhone();
});

/** The telephone in the page; browser tests read its counters. */
const phone = new Softphone({ account: () => api("GET", "/api/v1/me/phone"), changed: () => draw() });
Object.assign(window, { ctidPhone: phone });

/** Which of his telephones the agent has chosen; empty: his first. */
let chosen = "";

/** The telephone is in the front tab of the desktop at which the agent is on duty. */
function runPhone() {
  if (!front.held || line.state === "human") phone.run(false); // another tab, or another desktop, has taken over
  if (line.state !== "open" || !state.fresh) return; // what was known of the agent holds for now
  const at = state.agent?.state ?? "out";
  if (chosen !== (state.agent?.phone ?? "")) phone.run(false); // the new one may be in the page or not
  chosen = state.agent?.phone ?? "";
  phone.run(front.held && at !== "out");
  phone.expect(at === "talking" || at === "reserved");
}

/** Lets the telephone pick up for an agent who answers in any of the tabs. @param {string} id of the call */
function pickUp(id) {
  const leg = Object.values(state.pops).find((p) => p.call === id)?.data.leg ?? "";
  if (front.held) phone.pickUp(leg);
  else tabs.postMessage({ pickUp: leg });
}

/** Tabs tell each other of a new token of the same user. */
const tabs = new BroadcastChannel("ctid-tabs");

const conn = new Connection({
  url: location.origin.replace(/^http/, "ws") + "/ws",
  clientID: client,
  ticket: async () => (await api("POST", "/api/v1/ws-tickets")).ticket,
  isFront: () => front.held,
  changed: (s, l) => {
    const before = state;
    [state, line] = [s, l];
    if (s.who && s.who !== before.who) drafts.belong(s.who.user);
    if (l.state === "login" && screen === "desk") {
      session.token = "";
      [screen, hint] = ["login", l.text];
    }
    runPhone();
    if (l.state === "open" && looked !== s.session) {
      looked = s.session;
      lookUp();
    }
    draw();
    announce(before, s);
  },
});

/** Asks who and what a call can go to. */
function lookUp() {
  conn.request("directory.get").then((f) => {
    directory = f.data;
    conn.watchTopics(wanted());
    draw();
  }, () => {}); // then what was known stays
}

/** What the right half shows: the caller, or the team. */
const view = () => (location.hash === "#team" ? "team" : "desk");

/** The topics beside the agent's own that the page shows; a session may have 64. */
function wanted() {
  const team = directory.teams.length > 0;
  const queues = view() === "team" || !team ? directory.queues.filter((q) => q.watch) : [];
  const figures = queues.length > 0 && team ? ["queue.stats:*"] : [];
  const days = [...(state.who?.agent ? ["agent.stats:" + state.who.agent] : []), ...(view() === "team" ? directory.teams.map((x) => "team.stats:" + x) : [])];
  return [...figures, ...days, ...directory.teams.map((x) => "team:" + x), ...queues.map((q) => "queue.calls:" + q.queue)].slice(0, 60);
}

/** @param {string} v */
function show(v) { location.hash = v === "team" ? "team" : ""; }

addEventListener("hashchange", () => { conn.watchTopics(wanted()); draw(); });

/** Speaks what changed, each thing once: loudly a new call and a lost one, quietly the rest. @param {typeof state} a @param {typeof state} b */
function announce(a, b) {
  if (a.session !== b.session || !a.fresh) return;
  for (const id of Object.keys(b.pops)) {
    if (!a.pops[id]) loud.textContent = t("say.call", { name: caller(b.pops[id]) });
  }
  if (b.lastEnd && b.lastEnd.seq !== a.lastEnd?.seq) loud.textContent = endWord(b.lastEnd.side);
  for (const [id, p] of Object.entries(b.pops)) {
    if (a.pops[id] && caller(a.pops[id]) !== caller(p)) quiet.textContent = t("say.caller", { name: caller(p) });
  }
  for (const [id, c] of Object.entries(b.calls)) {
    if (c.monitored && a.calls[id] && !a.calls[id].monitored) quiet.textContent = t("card.monitored");
  }
  for (const [id, m] of Object.entries(b.messages)) if (!a.messages[id]) quiet.textContent = `${from(m)}: ${plain(m.text)}`;
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

/** @type {import("./ui.js").Busy} */
const busy = (op, args) => conn.busy(op, args);

/** @type {import("./ui.js").Act} */
async function act(op, args) {
  const going = conn.request(op, args, () => { if (op === "call.answer") pickUp(args.call); });
  draw(); // its button is busy now
  try {
    const f = await going;
    if (f.already && op !== "agent.wrapup_done") tell(t("note.already"));
    return true;
  } catch (e) {
    const err = /** @type {any} */ (e);
    if (err.code === "seat_taken" && confirm(err.message + "\n\n" + t("login.takeover"))) return act("agent.login", { takeover: true });
    tell(errorWord(err.code, err.message));
    return false;
  } finally {
    draw();
  }
}

/** Asks for something that changes nothing. @type {import("./ui.js").Ask} */
const ask = (op, args) => conn.request(op, args).then((f) => f.data);

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
    session.token = (await api("POST", "/api/v1/login", { user, password })).token;
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
    session.token = fresh;
    tabs.postMessage({ user, token: fresh });
  } catch (e) {
    return /** @type {Error} */ (e).message;
  }
  return "";
}

tabs.onmessage = (m) => {
  if (m.data.pickUp && front.held) return phone.pickUp(m.data.pickUp);
  if (screen !== "desk" || !m.data.token || m.data.user !== state.who?.user) return;
  session.token = m.data.token;
  conn.renew(session.token).catch(() => {}); // then this tab goes on asking for the password
};

async function leave() {
  drafts.wipe();
  phone.run(false);
  conn.stop();
  conn.state = state = initial();
  [directory, looked, screen] = [{ agents: [], queues: [], teams: [] }, "", "login"];
  conn.watchTopics([]);
  draw();
  await api("POST", "/api/v1/logout").catch(() => {}); // a token that is no longer good is as well as revoked
  session.token = "";
}

function draw() {
  document.title = title();
  if (screen === "login") render(html`<${Login} title=${t("login.title")} login=${login} text=${hint} />`, root);
  if (screen === "desk") {
    /** @type {import("./ui.js").Desk} */
    const desk = { off: line.state !== "open", now: Date.now() + state.skew, act, ask, busy, directory, lookUp };
    render(html`<${Desk} desk=${desk} state=${state} line=${line} note=${note} view=${view()} show=${show} leave=${leave} again=${() => conn.start()} renew=${renew} tell=${tell} draw=${draw} />`, root);
  }
  render(screen === "desk" ? html`<${PhoneLine} phone=${phone} off=${line.state !== "open"} joined=${Object.values(state.calls).some((c) => c.state === "talking")} />` : null, foot);
}

function title() {
  if (screen !== "desk" || !state.agent) return "ctid desktop";
  const pop = Object.values(state.pops)[0];
  return state.agent.state === "reserved" && pop ? `☎ ${short(caller(pop), 60)}` : `${stateWord(state.agent.state)} – ctid`;
}

function kick() {
  conn.kick();
  phone.kick();
}
for (const e of ["online", "pageshow", "focus"]) addEventListener(e, kick);
document.addEventListener("resume", kick);
document.addEventListener("visibilitychange", kick);
addEventListener("keydown", pressed);
addEventListener("beforeunload", (e) => { if (Object.values(state.calls).length > 0 || phone.talking) e.preventDefault(); });
setInterval(draw, 500);
front.start();

api("GET", "/api/v1/me").then(() => { screen = "desk"; conn.start(); }, () => { screen = "login"; }).then(draw);
