// @ts-check
// Small pieces that every screen is made of.
import { html } from "./html.js";
import { shortcutOf } from "./keys.js";
import { short, stateWord, t } from "./words.js";

/**
 * @typedef {(op: string, args?: any) => Promise<boolean>} Act makes a request; false when it failed and was told
 * @typedef {(op: string, args?: any) => Promise<any>} Ask asks for something; what is answered
 * @typedef {(op: string, args?: any) => boolean} Busy whether such a request is under way
 * @typedef {{agents: {agent: string, label?: string, team?: string, state: string, doing?: string, since: string, device_ok: boolean}[],
 *   queues: {queue: string, label?: string, waiting?: number, watch: boolean}[], teams: string[]}} Directory
 * @typedef {{off: boolean, now: number, act: Act, ask: Ask, busy: Busy, directory: Directory, lookUp: () => void}} Desk what all screens share:
 *   off says that the line is down, now is the server's time
 */

/**
 * The button of a request. It stays in its place while the request is under way, and does nothing then.
 * Props: desk, op, args, label; cls, go (in place of the request), expanded.
 * @param {any} p
 */
export function Do({ desk, op, args, label, cls = "", go, expanded }) {
  const busy = !go && desk.busy(op, args);
  const press = go ?? (() => desk.act(op, args));
  return html`<button type="button" class=${cls} data-op=${op} disabled=${desk.off} aria-busy=${busy ? "true" : null} aria-expanded=${expanded === undefined ? null : String(expanded)}
    aria-keyshortcuts=${shortcutOf(op)} onClick=${() => { if (!busy) press(); }}>${label ?? t("do." + op)}</button>`;
}

/** What people call an agent. @param {Directory} directory @param {string} agent */
export const nameOf = (directory, agent) => short(directory.agents.find((a) => a.agent === agent)?.label || agent, 40);

/** A state as a shape and a word. @param {{state: string}} p */
export const Mark = ({ state }) => html`<span class="state small" data-state=${state}><span class="mark" aria-hidden="true"></span> ${stateWord(state)}</span>`;

/** Whoever holds an open box may close it with Escape. @param {() => void} close */
export const onEscape = (close) => (/** @type {KeyboardEvent} */ e) => {
  if (e.key !== "Escape") return;
  e.stopPropagation();
  close();
};
