// @ts-check
// The paperwork after a call: the form while its time runs, and the same once more for an hour afterwards.
import { html, Component } from "./html.js";
import * as drafts from "./drafts.js";
import { Fields, readFields } from "./fields.js";
import { Menu } from "./menu.js";
import { ago, clock, short, t } from "./words.js";

const editable = 3_600_000; // how long a wrap-up that is over may be edited, in milliseconds

/** @param {any} p */
const Outcome = ({ items, required, value }) => html`<label>${t(required ? "wrap.needed" : "wrap.outcome")}
  <select name="disposition" required=${required && items.length > 0} aria-keyshortcuts="Alt+Shift+W"><option value="">${t("wrap.choose")}</option>
    ${items.map((/** @type {any} */ i) => html`<option value=${i.code} selected=${value === i.code}>${i.label || i.code}</option>`)}</select></label>`;

/**
 * The form of one wrap-up; its texts live here, and in a draft that outlives a reload, until they are handed in.
 * Props: desk, wrap, queue, attached, can(op), codes.
 */
export class WrapUp extends Component {
  /** @type {?HTMLFormElement} */
  form = null;

  componentDidMount() {
    const kept = drafts.load(this.props.wrap.id);
    const { form } = this;
    for (const [name, value] of Object.entries(kept ?? {})) {
      const input = /** @type {?HTMLInputElement} */ (form?.elements.namedItem(name));
      if (input) input.value = value;
    }
  }

  /** @param {HTMLFormElement} form @returns {drafts.Draft} */
  texts(form) {
    return Object.fromEntries([...new FormData(form)].map(([name, value]) => [name, String(value)]));
  }

  /** @param {SubmitEvent} e */
  async submit(e) {
    e.preventDefault();
    const { desk, wrap, attached } = this.props;
    const form = /** @type {HTMLFormElement} */ (e.target);
    const texts = this.texts(form);
    const reason = /** @type {?HTMLButtonElement} */ (e.submitter)?.value ?? "";
    drafts.save(wrap.id, texts);
    this.setState({ busy: true });
    const fields = readFields(form, attached);
    const { disposition, notes } = texts;
    const done = await desk.act("agent.wrapup_done", { wrap: wrap.id, disposition, notes, fields: Object.keys(fields).length > 0 ? fields : undefined, then: reason ? "paused" : "ready", reason: reason || undefined });
    if (done) drafts.drop(wrap.id);
    this.setState({ busy: false });
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    const { wrap: w, desk } = p;
    const left = Date.parse(w.until) - desk.now;
    const items = p.codes.disposition[p.queue]?.items ?? [];
    const keep = (/** @type {Event} */ e) => drafts.save(w.id, this.texts(/** @type {HTMLFormElement} */ (e.currentTarget)));
    return html`<form class="card wrap" data-wrap=${w.id} ref=${(/** @type {?HTMLFormElement} */ f) => { this.form = f; }} onInput=${keep} onSubmit=${(/** @type {SubmitEvent} */ e) => this.submit(e)}>
      <p class="phase"><b>${t("wrap.title")}</b> <time class="clock countdown ${left <= 0 ? "over" : ""}" role="timer">${left >= 0 ? clock(left) : "+" + clock(-left)}</time>
        ${w.overrun ? html` <span class="warn">${t(w.late ? "wrap.late" : "wrap.over")}</span>` : html` <span class="dim">${t("wrap.left")}</span>`}</p>
      <${Outcome} items=${items} required=${w.forced} />
      <label>${t("wrap.notes")} <textarea name="notes" rows="4" maxlength="4000"></textarea></label>
      <p class="dim">${t("wrap.draft")}</p>
      <details><summary>${t("data.title")}</summary><${Fields} attached=${p.attached} /></details>
      ${s.busy && desk.off ? html`<p class="hint">${t("wrap.kept")}</p>` : null}
      <div class="acts"><button class="main go" disabled=${s.busy}>${t("wrap.done")}</button>
        ${p.codes.pause.length > 0 ? html`<${Menu} label=${t("wrap.pause")} items=${p.codes.pause} off=${s.busy} />` : null}
        ${p.can("agent.extend_wrapup") ? html`<button type="button" class="extend" data-op="agent.extend_wrapup" disabled=${desk.off} onClick=${() => desk.act("agent.extend_wrapup", { wrap: w.id, ms: 60000 })}>${t("wrap.more", { n: w.extends_left })}</button>` : null}</div>
    </form>`;
  }
}

/** What was written of earlier calls, and can still be changed. Props: desk, past, codes, tell. @param {any} p */
export function Past({ desk, past, codes, tell }) {
  const list = past.filter((/** @type {any} */ x) => desk.now - Date.parse(x.over) < editable).reverse();
  if (list.length === 0) return null;
  return html`<details class="card past"><summary>${t("past.title")}</summary>
    ${list.map((/** @type {any} */ x) => html`<${PastOne} key=${x.wrap} desk=${desk} one=${x} items=${codes.disposition[x.queue]?.items ?? []} tell=${tell} />`)}</details>`;
}

/** Props: desk, one, items, tell. */
class PastOne extends Component {
  /** @param {SubmitEvent} e */
  async submit(e) {
    e.preventDefault();
    const f = new FormData(/** @type {HTMLFormElement} */ (e.target));
    const { desk, one, tell } = this.props;
    if (await desk.act("agent.wrapup_done", { wrap: one.wrap, disposition: f.get("disposition"), notes: f.get("notes") })) {
      this.setState({ open: false });
      tell(t("past.saved"));
    }
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    const { one, items, desk } = p;
    const label = items.find((/** @type {any} */ i) => i.code === one.disposition)?.label ?? one.disposition;
    return html`<form class="late" data-past=${one.wrap} onSubmit=${(/** @type {SubmitEvent} */ e) => this.submit(e)}>
      <p><button type="button" class="small" aria-expanded=${String(Boolean(s.open))} onClick=${() => this.setState({ open: !s.open })}>${t("past.at", { ago: ago(one.over, desk.now) })}</button>
        <span class="dim"> ${label || t("past.none")}</span> <bdi class="note">${short(one.notes, 80)}</bdi></p>
      ${s.open ? html`<${Outcome} items=${items} required=${false} value=${one.disposition} />
        <label>${t("wrap.notes")} <textarea name="notes" rows="3" maxlength="4000" defaultValue=${one.notes}></textarea></label>
        <div class="acts"><button class="main" disabled=${desk.off} aria-busy=${desk.busy("agent.wrapup_done", { wrap: one.wrap }) ? "true" : null}>${t("past.save")}</button></div>` : null}</form>`;
  }
}
