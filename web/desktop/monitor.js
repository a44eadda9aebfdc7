// @ts-check
// What a supervisor can do in a call that he listens to. The way in is in the team's list.
import { html } from "./html.js";
import { t } from "./words.js";

export const modes = ["listen", "whisper", "barge"];

/** Props: desk, call, leg (his own), ops. @param {any} p */
export function Monitor({ desk, call, leg, ops }) {
  if (!leg) return null;
  const may = (/** @type {string} */ op) => ops.includes(op);
  const button = (/** @type {string} */ op, /** @type {string} */ word, /** @type {any} */ args = {}, /** @type {any} */ more = {}) => {
    const busy = desk.busy(op, { call: call.call });
    return html`<button type="button" data-monitor=${word} disabled=${desk.off} aria-busy=${busy ? "true" : null} ...${more}
      onClick=${() => { if (!busy) desk.act(op, { call: call.call, ...args }); }}>${t("do.monitor." + word)}</button>`;
  };
  return html`<div class="acts monitor" role="group" aria-label=${t("monitor.panel")} data-mode=${leg.mode}>
    ${may("monitor.mode") ? modes.map((m) => button("monitor.mode", m, { mode: m }, { "aria-pressed": String(leg.mode === m) })) : null}
    ${may("monitor.takeover") ? button("monitor.takeover", "takeover") : null}
    ${may("monitor.stop") ? button("monitor.stop", "stop", {}, { class: "stop" }) : null}</div>`;
}
