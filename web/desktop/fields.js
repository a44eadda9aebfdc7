// @ts-check
// Inputs for the values that travel with a call. Secrets are not among them.
import { html } from "./html.js";
import { plain, short, t } from "./words.js";

const most = 12; // more are not for typing

/** @param {any[]} attached */
const editable = (attached) => attached.filter((a) => !a.secret && !a.masked).slice(0, most);

/** @param {{attached: any[]}} p */
export function Fields({ attached }) {
  return html`<fieldset class="fields"><legend>${t("data.title")}</legend>
    ${editable(attached).map((a) => html`<label key=${a.key}><bdi>${short(a.key, 40)}</bdi> <input name=${"value." + a.key} defaultValue=${plain(a.value)} maxlength="2000" autocomplete="off" /></label>`)}
    <div class="row"><label>${t("data.key")} <input name="new-key" pattern="[a-z][a-z0-9_.]{0,63}" title=${t("data.hint")} placeholder=${t("data.hint")} autocomplete="off" spellcheck=${false} /></label>
      <label>${t("data.value")} <input name="new-value" maxlength="2000" autocomplete="off" /></label></div></fieldset>`;
}

/** What was changed, by key. @param {HTMLFormElement} form @param {any[]} attached @returns {Record<string, string>} */
export function readFields(form, attached) {
  const f = new FormData(form);
  /** @type {Record<string, string>} */
  const set = {};
  for (const a of editable(attached)) {
    const value = f.get("value." + a.key);
    if (value !== null && value !== plain(a.value)) set[a.key] = String(value);
  }
  const [key, value] = [String(f.get("new-key") ?? "").trim(), String(f.get("new-value") ?? "")];
  if (key && value) set[key] = value;
  return set;
}
