// @ts-check
// What a supervisor can do for a caller who waits: move, prioritise, take out, have somebody pick him up.
import { html } from "./html.js";
import { Menu } from "./menu.js";
import { nameOf } from "./ui.js";
import { plain, short, t } from "./words.js";

/** The priorities offered for choice; the usual one is 50. */
const priorities = [100, 75, 50, 25, 0];

/** What can become of a caller who is taken out; of a callback, where nobody is on the line. */
const removals = ["callback", "script", "hangup"], drops = ["hangup"];

/** The agents of the teams watched whose phones could be rung for a caller: name and state. @param {any} state @returns {any[]} */
function free(state) {
  /** @type {any[]} */
  const all = Object.values(state.teams).flatMap((/** @type {any} */ team) => Object.values(team.agents));
  const first = (/** @type {any} */ a, /** @type {number} */ i) => all.findIndex((b) => b.agent === a.agent) === i; // one may be in two teams' lists
  return all.filter(first).filter((a) => (a.state === "ready" || a.state === "paused") && a.device_ok).sort((a, b) => a.agent.localeCompare(b.agent));
}

/** The buttons of one waiting caller. Props: desk, state, queue, call (as queue.calls has it). @param {any} p */
export function Lead({ desk, state, queue, call: w }) {
  const may = (/** @type {string} */ op) => state.ops.includes(op);
  if (!["queue.move", "queue.prioritise", "queue.pick", "queue.remove"].some(may)) return null;
  const menu = (/** @type {string} */ op, /** @type {{code: string, label: string}[]} */ items, /** @type {(code: string) => any} */ args) => (!may(op) || items.length === 0 ? null
    : html`<${Menu} op=${op} small=${true} label=${t("do." + op)} off=${desk.off} busy=${desk.busy(op, { call: w.call })} items=${items}
      choose=${(/** @type {string} */ code) => desk.act(op, { call: w.call, ...args(code) })} />`);
  const queues = desk.directory.queues.filter((/** @type {any} */ q) => q.queue !== queue).map((/** @type {any} */ q) => ({ code: q.queue, label: short(q.label || q.queue, 40) }));
  const levels = priorities.filter((n) => n !== w.priority).map((n) => ({ code: String(n), label: t("pick.priority", { n }) }));
  const agents = free(state).map((a) => ({ code: a.agent, label: plain(nameOf(desk.directory, a.agent)) }));
  return html`<span class="acts lead">
    ${menu("queue.move", queues, (code) => ({ queue: code }))}
    ${menu("queue.prioritise", levels, (code) => ({ priority: Number(code) }))}
    ${menu("queue.pick", agents, (code) => ({ agent: code }))}
    ${menu("queue.remove", (w.callback ? drops : removals).map((how) => ({ code: how, label: t(w.callback ? "remove.drop" : "remove." + how) })), (code) => ({ how: code }))}</span>`;
}
