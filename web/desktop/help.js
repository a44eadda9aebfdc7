// @ts-check
// What the keys do, and the switch that turns them off.
import { html } from "./html.js";
import { isOn, keys, places, turn } from "./keys.js";
import { t } from "./words.js";

/** @param {{again: () => void}} p again draws the page */
export function KeyHelp({ again }) {
  const all = [...keys, ...Object.values(places), { key: "1–9", word: "call" }];
  return html`<details class="card keyhelp"><summary>${t("keys.title")}</summary>
    <label class="check"><input type="checkbox" id="keys" checked=${isOn()} onChange=${(/** @type {any} */ e) => { turn(e.target.checked); again(); }} /> ${t("keys.on")}</label>
    <p class="dim">${t("keys.how")}</p>
    <dl class="facts">${all.map((k) => html`<dt><kbd>${k.key}</kbd></dt><dd>${t("keys." + k.word)}</dd>`)}</dl></details>`;
}
