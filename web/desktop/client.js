// @ts-check
// The reference client of ctid's websocket protocol: a reducer that turns frames into a state, and a connection that
// keeps a socket open, resumes after a cut and answers the server. docs/events.md describes the wire; nothing here knows
// of the page.
import { begins, blank, foldCall, leaves, without } from "./fold.js";
import { foldTeam, foldWaiting, message, wrapOver, wrapSaved } from "./watch.js";

/**
 * @typedef {Record<string, any> & {k: string}} Frame one message of the server
 * @typedef {{agent: string, rev: number, state: string, reason?: string, doing?: string, since: string, next: ?{state: string, reason?: string},
 *   wrap: ?Wrap, call?: string, phone?: string, locked?: boolean, device_ok: boolean, desk_awake: boolean, queues: string[], can: string[]}} Agent
 * @typedef {{id: string, call: string, queue?: string, until: string, forced: boolean, overrun: boolean, late?: boolean, extends_left: number}} Wrap
 * @typedef {{call: string, rev: number, state: string, dir?: string, to?: any, queue?: string, since: string, talking_since?: string,
 *   owner?: string, data_rev?: number, monitored?: boolean, consult?: ?{leg: string, to: any, state: string, data_shared: any},
 *   parked?: ?{slot: string, until: string, back_to: any}, legs: {leg: string, role: string, agent?: string, state: string, mode?: string}[],
 *   agents?: string[], can: string[]}} Call
 * @typedef {{pop: string, rev: number, call: string, seen: boolean, can: string[], data: Record<string, any>}} Pop
 * @typedef {{code: string, label: string}} Code
 * @typedef {import("./watch.js").Message} Message
 * @typedef {{
 *   epoch: string, pos: number, session: string, topics: string[], whole: string[], fresh: boolean,
 *   who: ?{user: string, agent?: string, roles: string[]}, ops: string[], devices: {name: string, kind: string}[], front: boolean, asleep: boolean,
 *   codes: {pause: Code[], disposition: Record<string, {forced: boolean, items: Code[]}>},
 *   agent: ?Agent, calls: Record<string, Call>, pops: Record<string, Pop>, queueOf: Record<string, string>,
 *   messages: Record<string, Message>, past: import("./watch.js").Past[], teams: Record<string, import("./watch.js").Team>,
 *   waiting: Record<string, Record<string, import("./watch.js").Waiting>>, figures: Record<string, any>, days: Record<string, any>,
 *   links: Record<string, {pbx: string, state: string, since: string}>, draining: ?Record<string, any>,
 *   parts: Record<string, Record<string, any>>, revs: ?Record<string, number>, replay: number,
 *   skew: number, desync: number, expiring: string, lastEnd: ?{call: string, side: string, reason: string, seq: number},
 * }} State
 */

/** @returns {State} */
export function initial() {
  return {
    epoch: "", pos: 0, session: "", topics: [], whole: [], fresh: false, who: null, ops: [], devices: [], front: false, asleep: false,
    codes: { pause: [], disposition: {} }, agent: null, calls: {}, pops: {}, queueOf: {}, messages: {}, past: [], teams: {}, waiting: {}, figures: {}, days: {},
    links: {}, draining: null, parts: {}, revs: null, replay: 0, skew: 0, desync: 0, expiring: "", lastEnd: null,
  };
}

/** Says that an event is missing: close with 4002 and come back. */
export class Hole extends Error {}

/**
 * Applies one frame. The old state is not changed. Throws Hole when an event is missing.
 * @param {State} s @param {Frame} f @param {number} [now] milliseconds of the local clock
 * @returns {State}
 */
export function reduce(s, f, now = Date.now()) {
  switch (f.k) {
    case "welcome": return welcome(s, f, now);
    case "snap": return snap(s, f);
    case "event": return event(s, f);
    case "tick": return { ...s, pos: Math.max(s.pos, f.seq), skew: Date.parse(f.at) - now };
    case "session": return session(s, f);
    case "state": return figures(s, f, now);
    case "res": return Array.isArray(f.data?.topics) ? keep(s, f.data.topics) : s; // of sub and unsub
    default: return s; // later versions may say more
  }
}

/** @param {State} s @param {Frame} f @param {number} now @returns {State} */
function welcome(s, f, now) {
  const kept = f.resumed ? keep(s, f.topics) : { ...initial(), desync: s.desync };
  const next = {
    ...kept, epoch: f.epoch, session: f.session, who: f.who, ops: f.ops ?? [], devices: f.devices ?? [], front: f.front, asleep: false, codes: codes(f.codes),
    skew: Date.parse(f.at) - now, parts: {}, expiring: "", topics: f.topics,
    revs: f.resumed ? f.revs : null, replay: f.resumed ? f.replay : 0, fresh: f.resumed || f.topics.length === 0,
  };
  return compare(next);
}

/** Splits a topic into its kind and what it names. @param {string} topic @returns {[string, string]} */
function cut(topic) {
  const i = topic.indexOf(":") + 1;
  return i ? [topic.slice(0, i), topic.slice(i)] : [topic, ""];
}

/** The session has these topics and no others: the state of the rest is forgotten. @param {State} s @param {string[]} topics @returns {State} */
function keep(s, topics) {
  const has = (/** @type {string} */ topic) => topics.includes(topic);
  const some = (/** @type {Record<string, any>} */ o, /** @type {string} */ kind) => Object.fromEntries(Object.entries(o).filter(([id]) => has(kind + id)));
  const any = (/** @type {string} */ kind) => topics.some((x) => x.startsWith(kind));
  return {
    ...s, topics, whole: s.whole.filter(has), teams: some(s.teams, "team:"), waiting: some(s.waiting, "queue.calls:"),
    figures: any("queue.stats:") ? s.figures : {}, days: any("agent.stats:") || any("team.stats:") ? s.days : {},
  };
}

/** A state topic: its newest value counts, and none is replayed. @param {string} topic */
const isState = (topic) => /^(queue|agent|team)\.stats:/.test(topic);

/** The figures of a queue, with when they came by the local clock; or the days of agents. @param {State} s @param {Frame} f @param {number} now @returns {State} */
function figures(s, f, now) {
  const [kind, id] = cut(f.topic);
  if (kind === "queue.stats:") return { ...s, figures: { ...s.figures, [id]: { ...f.data, got: now } } };
  return { ...s, days: { ...s.days, ...byKey(kind === "team.stats:" ? f.data.agents : [f.data], "agent") } };
}

/** @param {any} c @returns {State["codes"]} */
function codes(c) {
  return { pause: c?.pause ?? [], disposition: c?.disposition ?? {} };
}

/**
 * After a replay the state must have the revs the server named; what differs is counted and a snapshot mends it.
 * @param {State} s @returns {State}
 */
function compare(s) {
  if (!s.revs || s.replay > 0) return s;
  const mine = revs(s);
  const names = new Set([...Object.keys(mine), ...Object.keys(s.revs)]);
  let same = true;
  for (const n of names) same &&= mine[n] === s.revs[n];
  return { ...s, revs: null, desync: s.desync + (same ? 0 : 1) };
}

/** @param {State} s @returns {Record<string, number>} */
export function revs(s) {
  /** @type {Record<string, number>} */
  const out = {};
  const add = (/** @type {string} */ kind, /** @type {Record<string, {rev: number}>} */ all) => {
    for (const [id, x] of Object.entries(all)) if (x.rev) out[kind + id] = x.rev;
  };
  if (s.agent) add("agent:", { [s.agent.agent]: s.agent });
  add("call:", s.calls);
  add("pop:", s.pops);
  for (const [id, t] of Object.entries(s.teams)) {
    add(`team:${id}/agent:`, t.agents);
    add(`team:${id}/call:`, t.calls);
  }
  for (const [id, book] of Object.entries(s.waiting)) add(`queue.calls:${id}/call:`, book);
  return out;
}

/** A snapshot counts when its last part is here. @param {State} s @param {Frame} f @returns {State} */
function snap(s, f) {
  const had = f.part === 1 ? {} : s.parts[f.topic] ?? {};
  /** @type {Record<string, any>} */
  const all = { ...had };
  for (const [k, v] of Object.entries(f.data)) all[k] = Array.isArray(v) && Array.isArray(had[k]) ? [...had[k], ...v] : v;
  if (!f.last) return { ...s, parts: { ...s.parts, [f.topic]: all } };
  const next = {
    ...s, parts: without(s.parts, f.topic), pos: Math.max(s.pos, f.as_of), whole: [...new Set([...s.whole, f.topic])],
    fresh: s.fresh || f.topic === "me" || !s.who?.agent, draining: all.draining ?? null, links: byKey(all.links ?? [], "pbx"),
  };
  const [kind, id] = cut(f.topic);
  const calls = byKey(all.calls ?? [], "call");
  const messages = byKey(all.messages ?? [], "message");
  if (kind === "team:") {
    const seen = Object.fromEntries((all.seen ?? []).map((/** @type {any} */ x) => [x.agent, x.call]));
    return { ...next, teams: { ...s.teams, [id]: { agents: byKey(all.agents ?? [], "agent"), calls, messages, seen } } };
  }
  if (kind === "queue.calls:") return { ...next, waiting: { ...s.waiting, [id]: calls } };
  if (kind !== "me") return next;
  const queueOf = { ...s.queueOf };
  for (const p of all.pops ?? []) if (p.data?.queue?.id) queueOf[p.call] = p.data.queue.id;
  return { ...next, agent: all.agent ?? null, calls, pops: byKey(all.pops ?? [], "pop"), messages, past: all.past_wraps ?? [], queueOf };
}

/** @param {any[]} list @param {string} key @returns {Record<string, any>} */
function byKey(list, key) {
  return Object.fromEntries(list.map((x) => [x[key], x]));
}

/** @param {State} s @param {Frame} f @returns {State} */
function session(s, f) {
  switch (f.what) {
    case "front": return { ...s, front: f.front };
    case "asleep": return { ...s, asleep: true };
    case "awake": return { ...s, asleep: false };
    case "expiring": return { ...s, expiring: f.until };
    case "resync": return keep(s, f.topics);
    default: return s;
  }
}

/** @param {State} s @param {Frame} f @returns {State} */
function event(s, f) {
  if (f.seq <= s.pos) return s; // a pop sent again
  if (f.prev > s.pos) throw new Hole(`event ${f.seq} follows ${f.prev}, but the position is ${s.pos}`);
  const next = apply({ ...s, pos: f.seq }, f);
  return next.replay > 0 ? compare({ ...next, replay: next.replay - 1 }) : next;
}

/** @param {State} s @param {Frame} f @returns {State} */
function apply(s, f) {
  const d = f.data ?? {};
  if (f.type === "link.changed") return { ...s, links: { ...s.links, [f.pbx]: { ...d, pbx: f.pbx } } };
  if (f.type === "server.draining") return { ...s, draining: d };
  let next = s;
  for (const topic of f.topics ?? ["me"]) {
    const [kind, id] = cut(topic);
    if (kind === "me") next = mine(next, f, d);
    if (kind === "team:" && next.teams[id]) next = { ...next, teams: { ...next.teams, [id]: foldTeam(next.teams[id], f, d) } };
    if (kind === "queue.calls:" && next.waiting[id]) next = { ...next, waiting: { ...next.waiting, [id]: foldWaiting(next.waiting[id], id, f, d) } };
  }
  return next;
}

/** An event of the agent's own topic. @param {State} s @param {Frame} f @param {any} d @returns {State} */
function mine(s, f, d) {
  switch (f.type) {
    case "agent.state_changed":
      if (s.agent && d.rev <= s.agent.rev) return s;
      return { ...s, agent: d, past: wrapOver(s.past, s.agent, d, f.at) };
    case "agent.wrapup_saved": return { ...s, past: wrapSaved(s.past, f, d) };
    case "pop.offered":
      return {
        ...s, pops: { ...s.pops, [f.pop]: { pop: f.pop, rev: f.rev, call: f.call, seen: false, can: f.can ?? [], data: d } },
        queueOf: d.queue?.id ? { ...s.queueOf, [f.call]: d.queue.id } : s.queueOf,
      };
    case "pop.updated": {
      const p = s.pops[f.pop];
      if (!p || f.rev <= p.rev) return s;
      return { ...s, pops: { ...s.pops, [f.pop]: { ...p, rev: f.rev, can: f.can ?? p.can, data: mergePatch(p.data, d.patch) } } };
    }
    case "pop.closed": return { ...s, pops: without(s.pops, f.pop) };
    case "message.received": return { ...s, messages: { ...s.messages, [f.message]: message(f, d, f.can ?? []) } };
    case "message.acked": return f.agent === s.who?.agent ? { ...s, messages: without(s.messages, f.message) } : s;
    case "call.cleared":
      return { ...s, calls: without(s.calls, f.call), lastEnd: { call: f.call, side: d.end?.side, reason: d.end?.reason, seq: f.seq } };
    default: return f.type.startsWith("call.") ? call(s, f, d) : s;
  }
}

/** @param {State} s @param {Frame} f @param {any} d @returns {State} */
function call(s, f, d) {
  const old = s.calls[f.call] ?? blank(f.call);
  if (!s.calls[f.call] && !begins(f, d)) return s;
  if (leaves(f, d, old) === (s.who?.agent ?? "-")) return { ...s, calls: without(s.calls, f.call) };
  if (f.rev <= old.rev) return s;
  return { ...s, calls: { ...s.calls, [f.call]: foldCall(old, f, d) } };
}

/** RFC 7396. @param {any} target @param {any} patch @returns {any} */
export function mergePatch(target, patch) {
  if (patch === null || typeof patch !== "object" || Array.isArray(patch)) return patch;
  const out = target !== null && typeof target === "object" && !Array.isArray(target) ? { ...target } : {};
  for (const [k, v] of Object.entries(patch)) {
    if (v === null) delete out[k];
    else if (k !== "__proto__") out[k] = mergePatch(out[k], v);
  }
  return out;
}

/**
 * What to do after a close, by the hundreds of its code.
 * @param {number} code @param {?Frame} bye @param {number} tries failed tries in a row @param {() => number} [random]
 * @returns {{what: "stop"|"retry"|"login"|"human"|"bug", wait: number}} wait in milliseconds
 */
export function advice(code, bye, tries, random = Math.random) {
  const backoff = random() * Math.min(20_000, 500 * 2 ** tries);
  if (code === 1000) return { what: "stop", wait: 0 };
  if (code === 1011 || (code >= 4100 && code < 4200)) {
    return { what: "retry", wait: (bye?.retry_ms ?? 2000) + random() * (bye?.spread_ms ?? 4000) };
  }
  if (code >= 4000 && code < 4100) return { what: "retry", wait: Math.max(random() * 1000, tries > 3 ? backoff : 0) };
  if (code === 4202) return { what: "login", wait: 0 };
  if (code >= 4200 && code < 4300) return { what: "retry", wait: tries > 0 ? 1000 + backoff : 0 }; // with a new ticket
  if (code >= 4300 && code < 4400) return { what: "human", wait: 0 };
  if (code >= 4400 && code < 4500) return { what: "bug", wait: 0 };
  return { what: "retry", wait: backoff };
}

/** Requests worth sending later when the line was down; a hang-up pressed long ago is not. */
const keepable = new Set(["agent.wrapup_done", "call.set_data"]);

/**
 * @typedef {{state: "off"|"connecting"|"open"|"waiting"|"login"|"human"|"bug", code: number, text: string, retryAt: number, lastFrame: number}} Line
 * @typedef {{id: string, op: string, args: any, idem: string, epoch: string, sent: boolean,
 *   started: () => void, resolve: (f: Frame) => void, reject: (e: Error) => void}} Ask
 */

/** A request that failed; code is the server's, or offline, or not_sure when the line went before the answer. */
export class RequestError extends Error {
  /** @param {string} code @param {string} text */
  constructor(code, text) {
    super(text);
    this.code = code;
  }
}

/** Keeps one socket open. */
export class Connection {
  /**
   * @param {{url: string, name?: string, watches?: boolean, clientID: string, ticket: () => Promise<string>, isFront: () => boolean,
   *   changed: (s: State, line: Line) => void}} opts
   *   watches says that the page is no desktop: for an agent it answers neither ticks nor pops, which it does not show;
   *   ticket buys a ticket, and throws an Error with login:true when a human must log in; changed shows state and line,
   *   and has them on the screen when it returns: only then is a pop acknowledged.
   */
  constructor(opts) {
    this.opts = opts;
    this.state = initial();
    /** @type {Line} */
    this.line = { state: "off", code: 0, text: "", retryAt: 0, lastFrame: 0 };
    /** @type {?WebSocket} */
    this.ws = null;
    /** @type {?Frame} */
    this.bye = null;
    this.tries = 0;
    this.round = 0; // numbers the sockets, so that a late event of an old one is ignored
    /** @type {Ask[]} */
    this.asks = [];
    this.nextID = 0;
    this.timer = 0;
    this.watch = 0;
    this.lastWatch = 0;
    /** @type {string[]} topics beside "me" that are to be shown */
    this.wanted = [];
    /** @type {Set<string>} topics that this session may not have */
    this.refused = new Set();
    this.subscribing = false;
  }

  start() {
    this.stop();
    this.lastWatch = Date.now();
    this.watch = setInterval(() => this.check(), 5000);
    this.connect();
  }

  /** Ends the connection for good. @param {number} [code] */
  stop(code = 1000) {
    this.round++;
    clearTimeout(this.timer);
    clearInterval(this.watch);
    this.ws?.close(code);
    this.ws = null;
    this.failAsks(() => true, "offline", "The connection was closed.");
    this.setLine({ state: "off", code: 0, text: "" });
  }

  /** Tries at once if it was waiting: the network is back, or the page woke. */
  kick() {
    if (this.line.state === "waiting") this.connect();
  }

  async connect() {
    clearTimeout(this.timer);
    const round = ++this.round;
    this.setLine({ state: "connecting" });
    let ticket;
    try {
      ticket = await this.opts.ticket();
    } catch (e) {
      if (round !== this.round) return;
      if (/** @type {any} */ (e).login) this.setLine({ state: "login", text: "Please log in again." });
      else this.retry(advice(1006, null, this.tries++).wait);
      return;
    }
    if (round !== this.round) return;
    this.bye = null;
    const ws = new WebSocket(this.opts.url, ["ctid.v1", "ticket." + ticket]);
    this.ws = ws;
    ws.onopen = () => round === this.round && this.hello();
    ws.onmessage = (m) => round === this.round && this.message(m.data);
    ws.onclose = (c) => round === this.round && this.closed(c.code);
  }

  hello() {
    const s = this.state;
    /** @type {Record<string, any>} */
    const f = {
      k: "hello", client: { name: this.opts.name ?? "ctid-desk", version: "1", id: this.opts.clientID }, caps: ["pop.ack", "tock", "patch"],
      lang: document.documentElement.lang, topics: s.fresh ? [...s.whole, ...s.topics.filter(isState)] : [],
    };
    if (s.fresh && s.epoch) f.resume = { epoch: s.epoch, seq: s.pos };
    this.send(f);
  }

  /** @param {any} f */
  send(f) {
    if (this.ws?.readyState === WebSocket.OPEN) this.ws.send(JSON.stringify(f));
  }

  /** @param {string} text */
  message(text) {
    /** @type {Frame} */
    let f;
    try {
      f = JSON.parse(text);
    } catch {
      return; // not for us
    }
    this.line = { ...this.line, lastFrame: Date.now() };
    const before = this.state;
    try {
      this.state = reduce(before, f);
    } catch (e) {
      if (!(e instanceof Hole)) throw e;
      this.ws?.close(4002, "hole");
      return this.closed(4002);
    }
    this.opts.changed(this.state, this.line);
    this.answer(f, before);
  }

  /** Sends what the protocol expects back. @param {Frame} f @param {State} before */
  answer(f, before) {
    if (this.opts.watches && this.state.who?.agent && ["tick", "event", "snap"].includes(f.k)) return;
    switch (f.k) {
      case "welcome":
        this.tries = 0;
        this.setLine({ state: "open", code: 0, text: "" });
        this.resendAsks(f.epoch);
        this.refused.clear();
        this.subscribe();
        break;
      case "tick":
        this.send({ k: "tock", n: f.n, visible: document.visibilityState === "visible", front: this.opts.isFront() });
        break;
      case "event":
        if (f.type === "pop.offered") this.ack(f.pop, f.rev);
        break;
      case "snap":
        if (f.topic === "me" && f.last) for (const p of Object.values(this.state.pops)) if (!p.seen) this.ack(p.pop, p.rev);
        break;
      case "res": this.answered(f); break;
      case "bye": this.bye = f; break;
    }
    if (this.state.desync > before.desync) this.send({ k: "req", id: "desync" + this.state.desync, op: "snapshot", args: {} });
  }

  /** @param {string} pop @param {number} rev @param {string} [what] @param {string} [detail] */
  ack(pop, rev, what = "shown", detail) {
    this.send({ k: "ack", pop, rev, what, detail });
  }

  /** @param {number} code */
  closed(code) {
    this.round++;
    this.ws = null;
    const why = this.bye?.code ?? code;
    const a = advice(why, this.bye, this.tries++);
    this.failAsks((q) => q.sent && !keepable.has(q.op), "not_sure", "The line went before the answer came: look at the state.");
    const text = this.bye?.text ?? "";
    if (a.what === "retry") this.retry(a.wait, why, text);
    else this.setLine({ state: a.what === "stop" ? "off" : a.what, code: why, text });
  }

  /** @param {number} wait @param {number} [code] @param {string} [text] */
  retry(wait, code = 1006, text = "") {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.connect(), wait);
    this.setLine({ state: "waiting", code, text, retryAt: Date.now() + wait });
  }

  /** Notices a dead path and a page that has slept: its timers come late. */
  check() {
    const now = Date.now();
    const slept = now - this.lastWatch > 20_000;
    this.lastWatch = now;
    if (this.line.state === "open" && now - this.line.lastFrame > 45_000) {
      this.ws?.close(4003, "silent");
      this.closed(4003);
    } else if (slept) this.kick();
    this.opts.changed(this.state, this.line);
  }

  /** @param {Partial<Line>} l */
  setLine(l) {
    this.line = { ...this.line, ...l };
    this.opts.changed(this.state, this.line);
  }

  /**
   * Makes a request; resolves with its final reply, rejects with RequestError.
   * @param {string} op @param {any} [args] @param {() => void} [started] called when it was accepted and is being carried out
   * @returns {Promise<Frame>}
   */
  request(op, args = {}, started = () => {}) {
    return new Promise((resolve, reject) => {
      const open = this.line.state === "open";
      if (!open && !keepable.has(op)) {
        reject(new RequestError("offline", "Not connected: nothing was sent."));
        return;
      }
      /** @type {Ask} */
      const ask = { id: "r" + ++this.nextID, op, args, idem: randomID(), epoch: this.state.epoch, sent: false, started, resolve, reject };
      this.asks.push(ask);
      if (open) this.sendAsk(ask);
    });
  }

  /** Says which topics beside "me" are to be shown; others are let go. @param {string[]} topics */
  watchTopics(topics) {
    this.wanted = topics;
    this.subscribe();
  }

  /** Asks for the topics that are wanted and missing, then lets go those that are not wanted. */
  async subscribe() {
    const { topics } = this.state;
    const missing = this.wanted.filter((x) => !topics.includes(x) && !this.refused.has(x));
    const spare = topics.filter((x) => x !== "me" && !this.wanted.includes(x));
    if (this.subscribing || this.line.state !== "open" || missing.length + spare.length === 0) return;
    this.subscribing = true;
    try {
      const f = await this.request(missing.length > 0 ? "sub" : "unsub", { topics: missing.length > 0 ? missing : spare });
      for (const x of f.data?.refused ?? []) this.refused.add(x.topic);
    } catch {
      return; // the line went: the next welcome begins anew
    } finally {
      this.subscribing = false;
    }
    this.subscribe();
  }

  /** Whether such a request is under way: about the same call, wrap-up, message or agent. @param {string} op @param {any} [args] */
  busy(op, args = {}) {
    const about = (/** @type {any} */ a) => a.call ?? a.wrap ?? a.message ?? a.agent ?? a.slot ?? "";
    return this.asks.some((q) => q.op === op && about(q.args) === about(args));
  }

  /** Puts the session on a new token of the same user. @param {string} token */
  async renew(token) {
    await this.request("auth.renew", { token });
    this.state = { ...this.state, expiring: "" };
    this.opts.changed(this.state, this.line);
  }

  /** @param {Ask} q */
  sendAsk(q) {
    q.sent = true;
    q.epoch = this.state.epoch;
    this.send({ k: "req", id: q.id, op: q.op, args: q.args, idem: q.idem });
  }

  /** @param {Frame} f */
  answered(f) {
    const q = this.asks.find((x) => x.id === f.id);
    if (f.phase === "started") return q?.started();
    this.asks = this.asks.filter((x) => x !== q);
    if (!q) return;
    if (f.phase === "done") q.resolve(f);
    else q.reject(new RequestError(f.error?.code ?? "internal", f.error?.text ?? "It failed."));
  }

  /** Requests belong to an epoch: one sent in an older one is not repeated. @param {string} epoch */
  resendAsks(epoch) {
    this.failAsks((q) => q.sent && q.epoch !== epoch, "not_sure", "The server was restarted before the answer came: look at the state.");
    for (const q of this.asks) this.sendAsk(q);
  }

  /** @param {(q: Ask) => boolean} which @param {string} code @param {string} text */
  failAsks(which, code, text) {
    const out = this.asks.filter(which);
    this.asks = this.asks.filter((q) => !which(q));
    for (const q of out) q.reject(new RequestError(code, text));
  }
}

/** @returns {string} */
export function randomID() {
  const b = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(b, (x) => x.toString(16).padStart(2, "0")).join("");
}
