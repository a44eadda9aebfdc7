// @ts-check
// The line at the foot of the page that says how the telephone in it does.
import { html } from "./html.js";
import { plain, t } from "./words.js";

/** @typedef {import("./softphone.js").Softphone} Softphone */

/**
 * @param {{phone: Softphone, off: boolean, joined: boolean}} p off: ctid cannot be asked to end a call; joined: there is
 *   somebody to be heard
 */
export function PhoneLine({ phone, off, joined }) {
  if (phone.state === "off") return null;
  const talking = phone.talking;
  return html`<aside class="phone" data-phone=${phone.state} aria-label=${t("phone.title")}>
    <span class="says" role="status">${talking && phone.state === "ready" ? t("phone.talking") : t("phone." + phone.state)}${phone.why ? html` <bdi class="dim">${plain(phone.why)}</bdi>` : null}</span>
    ${talking && joined && phone.deaf >= 4 ? html`<span class="warn">${t("phone.deaf")}</span>` : null}
    ${phone.blocked ? html`<button class="main" onClick=${() => phone.play()}>${t("phone.play")}</button>` : null}
    ${phone.state === "mic" ? html`<button onClick=${() => phone.kick()}>${t("phone.again")}</button>` : null}
    ${talking && off ? html`<button class="stop" onClick=${() => phone.hangUp()}>${t("do.call.hangup")}</button>` : null}
    ${phone.mics.length > 0 ? html`<label>${t("phone.microphone")} <select name="mic" value=${phone.mic} onChange=${(/** @type {any} */ e) => phone.choose(e.target.value)}>
      ${phone.mics.map((m, i) => html`<option value=${m.id}>${plain(m.label) || t("phone.nth", { n: i + 1 })}</option>`)}</select></label>` : null}
    ${talking ? html`<meter aria-label=${t("phone.level")} min="0" max="1" value=${Math.min(1, 3 * phone.level)}></meter>` : null}
  </aside>`;
}
