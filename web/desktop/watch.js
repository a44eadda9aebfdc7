// @ts-check
// What the topics beside "me" add up to, as docs/events.md says it: a team's agents and their calls, who waits in a queue; and of
// "me" the wrap-ups that are over.
import { begins, blank, foldCall, leaves, without } from "./fold.js";

/**
 * @typedef {import("./client.js").Agent} Agent
 * @typedef {import("./client.js").Call} Call
 * @typedef {import("./client.js").Frame} Frame
 * @typedef {{message: string, rev: number, at: string, by: {kind: string, id?: string}, to: {kind: string, id?: string}, text: string, level: string,
 *   needs_ack: boolean, until?: string, can: string[]}} Message
 * @typedef {{agents: Record<string, Agent>, calls: Record<string, Call>, messages: Record<string, Message>, seen: Record<string, string>}} Team
 * @typedef {{call: string, rev: number, state: string, position: number, priority: number, from?: string, callback?: boolean, since: string,
 *   ani?: any}} Waiting
 * @typedef {{wrap: string, call: string, queue?: string, over: string, disposition: string, notes: string}} Past
 */

/** @param {Frame} f @param {any} d @param {string[]} can @returns {any} */
export const message = (f, d, can) => ({ ...d, message: f.message, rev: f.rev, at: f.at, by: f.by, can });

/** @param {Team} team @param {Frame} f @param {any} d @returns {Team} */
export function foldTeam(team, f, d) {
  switch (f.type) {
    case "agent.state_changed": {
      const seen = d.state === "reserved" ? team.seen : without(team.seen, d.agent);
      return { ...team, seen, agents: { ...team.agents, [d.agent]: d } };
    }
    case "pop.seen": return d.what === "shown" ? { ...team, seen: { ...team.seen, [f.agent]: f.call } } : team;
    case "message.received": return { ...team, messages: { ...team.messages, [f.message]: message(f, d, []) } };
    case "call.cleared": return { ...team, calls: without(team.calls, f.call) };
    default: return f.type.startsWith("call.") ? teamCall(team, f, d) : team;
  }
}

/** A call stays in a team as long as one of its agents is on it. @param {Team} team @param {Frame} f @param {any} d @returns {Team} */
function teamCall(team, f, d) {
  const known = team.calls[f.call];
  if (!known && !begins(f, d)) return team;
  const old = known ?? blank(f.call);
  const gone = leaves(f, d, old);
  const told = [...(f.agents ?? []), f.agent].filter((a) => a && team.agents[a]);
  const agents = [...new Set([...(old.agents ?? []), ...told])].filter((a) => a !== gone).sort();
  if (agents.length === 0) return { ...team, calls: without(team.calls, f.call) };
  return { ...team, calls: { ...team.calls, [f.call]: { ...foldCall(old, { ...f, can: undefined }, d), agents } } };
}

/** @param {Record<string, Waiting>} book @param {string} queue @param {Frame} f @param {any} d @returns {Record<string, Waiting>} */
export function foldWaiting(book, queue, f, d) {
  const old = book[f.call];
  const be = (/** @type {any} */ w) => ({ ...book, [f.call]: { ...w, rev: f.rev } });
  switch (f.type) {
    case "call.queued":
      if (f.queue !== queue) return without(book, f.call);
      return be({ ...(old ?? { call: f.call, since: f.at, ani: d.ani }), state: "waiting", position: d.position, priority: d.priority, from: d.from, callback: d.callback });
    case "call.waiting_changed":
      if (f.queue !== queue) return without(book, f.call);
      return be({ ...(old ?? { call: f.call, state: "waiting", callback: d.callback, since: d.since ?? f.at, ani: d.ani }), position: d.position, priority: d.priority });
    case "call.delivered": return old ? be({ ...old, state: "offered" }) : book;
    case "call.diverted": return old ? be({ ...old, state: d.next === "ringing_elsewhere" ? old.state : "waiting" }) : book;
    default: return without(book, f.call);
  }
}

/** How many wrap-ups that are over are kept. */
const maxPast = 5;

/** The agent's wrap-up is over, if his new view says so. @param {Past[]} past @param {?Agent} was @param {any} is @param {string} at */
export function wrapOver(past, was, is, at) {
  const w = was?.wrap;
  if (!w || is.wrap?.id === w.id) return past;
  return pastOf(past, { wrap: w.id, call: w.call, queue: w.queue, over: at, disposition: "", notes: "" }, {});
}

/** He has handed one in; an empty text leaves what was there. @param {Past[]} past @param {Frame} f @param {any} d */
export function wrapSaved(past, f, d) {
  return pastOf(past, { wrap: d.wrap, call: f.call, over: f.at, disposition: "", notes: "" }, d);
}

/** @param {Past[]} past @param {Past} fresh @param {any} set @returns {Past[]} */
function pastOf(past, fresh, set) {
  const list = past.some((p) => p.wrap === fresh.wrap) ? past : [...past, fresh].slice(-maxPast);
  return list.map((p) => (p.wrap === fresh.wrap ? { ...p, disposition: set.disposition || p.disposition, notes: set.notes || p.notes } : p));
}
