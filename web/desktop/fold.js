// @ts-check
// What the events of a call add up to, as docs/events.md says it. The server's snapshots are made by the same rules.

/** @typedef {import("./client.js").Call} Call */
/** @typedef {import("./client.js").Frame} Frame */

const joined = new Set(["talking", "held", "consulting", "rescue"]);

/** Whether an event puts a call on the screen; one that only tells how something ended does not. @param {Frame} f @param {any} d */
export function begins(f, d) {
  if (f.type === "call.consulted") return d.state !== "over";
  if (f.type === "call.monitoring_changed") return d.mode !== "none";
  return !["call.left_queue", "call.waiting_changed", "call.diverted", "call.party_left", "call.data_changed", "call.progress", "call.failed"].includes(f.type);
}

/** The agent whom an event takes off the call; "" for none. @param {Frame} f @param {any} d @param {?Call} c @returns {string} */
export function leaves(f, d, c) {
  switch (f.type) {
    case "call.diverted": return d.from_agent ?? "";
    case "call.party_left": return d.agent ?? "";
    case "call.transferred": return d.from?.kind === "agent" && d.from.id !== d.now_owner ? d.from.id : "";
    case "call.consulted": return d.state === "over" ? agentOf(c, d.leg) || (d.to?.kind === "agent" ? d.to.id : "") : "";
    case "call.monitoring_changed": return d.mode === "none" ? f.agent ?? "" : "";
    case "call.failed": return agentOf(c, d.leg);
    default: return "";
  }
}

/** @param {?Call} c @param {string} leg @returns {string} */
function agentOf(c, leg) {
  return c?.legs.find((l) => l.leg === leg)?.agent ?? "";
}

/** One call after one of its events. The old one is not changed. @param {Call} old @param {Frame} f @param {any} d @returns {Call} */
export function foldCall(old, f, d) {
  const c = { ...old, rev: f.rev, can: f.can ?? old.can, queue: f.queue ?? old.queue, legs: old.legs.slice() };
  const gone = leaves(f, d, old);
  const one = folds[f.type];
  if (one) one(c, d, f);
  if (gone && c.owner === gone) c.owner = undefined;
  if (c.consult && (c.state === "talking" || c.state === "held")) c.state = "consulting";
  c.monitored = c.legs.some((l) => l.role === "monitor");
  if (f.type === "call.established" && d.talk !== "side" && d.since) c.since = d.since;
  else if (c.state !== old.state || !c.since) c.since = f.at;
  return c;
}

/** A call of which nothing is known yet. @param {string} call @returns {Call} */
export function blank(call) {
  return { call, rev: 0, state: "", since: "", legs: [], can: [], consult: null, parked: null };
}

/** @template T @param {Record<string, T>} o @param {string} key @returns {Record<string, T>} */
export function without(o, key) {
  const next = { ...o };
  delete next[key];
  return next;
}

/** @type {Record<string, (c: Call, d: any, f: Frame) => void>} */
const folds = {
  "call.arrived": (c, d) => { c.state = "arrived"; c.dir = d.dir; },
  "call.queued": (c) => { c.state = "queued"; c.parked = null; },
  "call.left_queue": (c) => unlessJoined(c, "arrived"),
  "call.waiting_changed": (c, d) => { if (d.from) unlessJoined(c, "queued"); }, // in another queue
  "call.originated": (c, d, f) => {
    [c.state, c.dir, c.to, c.owner] = ["dialing", d.dir, d.to, f.agent];
    if (d.leg) setLeg(c, { leg: d.leg, role: "agent", agent: f.agent, state: "dialing" });
  },
  "call.progress": (c, d) => setLeg(c, { leg: d.leg, role: "caller", state: d.what }),
  "call.delivered": (c, d, f) => {
    unlessJoined(c, "offered");
    setLeg(c, { leg: d.leg, role: "agent", agent: f.agent, state: "ringing" });
  },
  "call.established": established,
  "call.diverted": (c, d) => {
    c.legs = c.legs.filter((l) => !l.agent || l.agent !== d.from_agent);
    if (d.next !== "ringing_elsewhere") unlessJoined(c, d.next === "script" ? "arrived" : "queued");
  },
  "call.data_changed": (c, d) => { c.data_rev = d.data_rev; },
  "call.held": (c, d) => { c.state = d.why === "rescue" ? "rescue" : "held"; },
  "call.retrieved": (c) => { c.state = "talking"; c.parked = null; },
  "call.consulted": consulted,
  "call.conferenced": (c, d) => {
    [c.state, c.consult] = ["talking", null];
    replaceLegs(c, d.legs);
    if (d.owner) c.owner = d.owner;
  },
  "call.transferred": (c, d) => {
    [c.state, c.owner, c.consult] = [transferred(d), d.now_owner, null];
    // Who listened in, or was asked, has the call now.
    c.legs = c.legs.map((l) => (d.now_owner && l.agent === d.now_owner ? { ...l, role: "agent", mode: undefined } : l));
  },
  "call.parked": (c, d) => { [c.state, c.consult, c.parked] = ["parked", null, { slot: d.slot, until: d.until, back_to: d.back_to }]; },
  "call.failed": (c, d) => {
    dropLeg(c, d.leg);
    c.state = { held: "held", back: "offered", queue: "queued" }[/** @type {string} */ (d.next)] ?? c.state;
  },
  "call.monitoring_changed": (c, d, f) => {
    if (d.mode === "none") dropLeg(c, d.leg);
    else setLeg(c, { leg: d.leg, role: "monitor", agent: f.agent, state: "up", mode: d.mode });
  },
  "call.party_left": (c, d) => dropLeg(c, d.leg),
};

/** @param {Call} c @param {any} d @param {Frame} f */
function established(c, d, f) {
  if (d.talk === "side") {
    c.state = "consulting";
    for (const l of d.legs) setLeg(c, l);
    return;
  }
  [c.state, c.owner, c.consult, c.parked] = ["talking", f.agent, null, null];
  replaceLegs(c, d.legs);
  c.talking_since = d.since ?? c.talking_since ?? f.at;
}

/** @param {Call} c @param {any} d */
function consulted(c, d) {
  if (d.state === "over") {
    dropLeg(c, d.leg);
    c.consult = null;
    if (c.state === "consulting") c.state = "held";
    return;
  }
  [c.consult, c.state] = [{ leg: d.leg, to: d.to, state: d.state, data_shared: d.data_shared }, "consulting"];
  setLeg(c, { leg: d.leg, role: "consult", agent: d.to?.kind === "agent" ? d.to.id : undefined, state: d.state === "ringing" ? "ringing" : "up" });
}

/** @param {any} d */
function transferred(d) {
  if (d.how !== "blind" || d.now_owner) return "talking";
  return { queue: "queued", ivr: "arrived" }[/** @type {string} */ (d.to?.kind)] ?? "offered";
}

/** @param {Call} c @param {string} state */
function unlessJoined(c, state) {
  if (!joined.has(c.state)) c.state = state;
}

/** @param {Call} c @param {Call["legs"][0]} l */
function setLeg(c, l) {
  const i = c.legs.findIndex((x) => x.leg === l.leg);
  if (i < 0) c.legs.push(l);
  else c.legs[i] = { ...c.legs[i], state: l.state, mode: l.mode };
}

/** @param {Call} c @param {Call["legs"]} legs */
function replaceLegs(c, legs) {
  const monitors = c.legs.filter((l) => l.role === "monitor" && !legs.some((x) => x.leg === l.leg));
  c.legs = [...legs, ...monitors];
}

/** @param {Call} c @param {string} leg */
function dropLeg(c, leg) {
  c.legs = c.legs.filter((l) => l.leg !== leg);
  if (c.consult?.leg !== leg) return;
  c.consult = null;
  if (c.state === "consulting") c.state = "held";
}
