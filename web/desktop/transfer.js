// @ts-check
// Where a call goes: the box with colleagues, queues and numbers, the box to call somebody, and the one to pick a call up.
import { html, Component } from "./html.js";
import { Lead } from "./queue.js";
import { Why } from "./why.js";
import { Do, Mark } from "./ui.js";
import { clock, doingWord, parts, plain, short, t } from "./words.js";

/** A number as a target: a short one is an extension. @param {string} number */
const called = (number) => (/^[0-9]{1,6}$/.test(number) ? { kind: "ext", id: number } : { kind: "number", e164: number });

const refresh = 2000; // how often the colleagues are looked at while the box is open, in milliseconds
const shown = 50; // the rest is found by name

/**
 * Where a call is to go. To ask first is the way that is offered first, unless the box was opened to hand over.
 * Props: desk, call, can, me, blind, close.
 */
export class TransferBox extends Component {
  /** @type {?HTMLElement} */
  first = null;
  timer = 0;

  componentDidMount() {
    this.props.desk.lookUp();
    this.timer = setInterval(() => this.props.desk.lookUp(), refresh);
    this.first?.focus();
  }

  componentWillUnmount() { clearInterval(this.timer); }

  /** @param {HTMLFormElement} form @param {string} op */
  async send(form, op) {
    const f = new FormData(form);
    const { desk, call, close } = this.props;
    const kind = /** @type {any} */ (this).state.kind ?? "agent";
    const id = String((kind === "number" ? f.get("number") : f.get("target")) ?? "").trim();
    if (!id) return;
    const to = kind === "number" ? called(id) : { kind, id };
    const more = op === "call.consult" ? { share: f.get("share") ? "all" : "none" } : { on_fail: f.get("on_fail") };
    if (await desk.act(op, { call: call.call, to, ...more })) close();
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    const { desk } = p;
    const kind = s.kind ?? "agent";
    const ways = ["call.consult", "call.transfer_blind"].filter((op) => p.can(op));
    const main = p.blind && ways.length > 1 ? ways[1] : ways[0];
    const button = (/** @type {string} */ op) => html`<button type=${op === main ? "submit" : "button"} class=${op === main ? "main" : ""} data-way=${op} disabled=${desk.off}
      aria-busy=${desk.busy(op, { call: p.call.call }) ? "true" : null} onClick=${(/** @type {any} */ e) => { if (op !== main) this.send(e.target.form, op); }}>${t(op === "call.consult" ? "to.ask" : "to.hand")}</button>`;
    return html`<form class="transfer" onSubmit=${(/** @type {any} */ e) => { e.preventDefault(); this.send(e.target, main); }}>
      <div class="row"><label>${t("to")} <select name="kind" value=${kind} ref=${(/** @type {?HTMLElement} */ el) => { this.first = el; }} onChange=${(/** @type {any} */ e) => this.setState({ kind: e.target.value, find: "" })}>
          ${["agent", "queue", "number"].map((k) => html`<option value=${k}>${t("to." + k)}</option>`)}</select></label>
        ${kind === "number"
          ? html`<label key="number">${t("number")} <input name="number" inputmode="tel" autocomplete="off" spellcheck=${false} required /></label>`
          : html`<label key="find">${t("to.find")} <input name="find" autocomplete="off" spellcheck=${false} value=${s.find ?? ""} onInput=${(/** @type {any} */ e) => this.setState({ find: e.target.value })} /></label>`}</div>
      ${kind === "agent" ? html`<${Colleagues} desk=${desk} me=${p.me} find=${s.find ?? ""} />` : null}
      ${kind === "queue" ? html`<${Queues} desk=${desk} find=${s.find ?? ""} />` : null}
      <div class="row">
        ${p.can("call.consult") ? html`<label class="check"><input type="checkbox" name="share" defaultChecked=${true} /> ${t("to.share")}</label>` : null}
        ${p.can("call.transfer_blind") ? html`<label>${t("to.fail")} <select name="on_fail"><option value="back">${t("to.back")}</option><option value="queue">${t("to.requeue")}</option><option value="hangup">${t("to.hangup")}</option></select></label>` : null}
      </div>
      <div class="acts">${ways.map(button)}<button type="button" onClick=${p.close}>${t("to.close")}</button></div></form>`;
  }
}

/** @param {string} text @param {string} find */
const fits = (text, find) => text.toLowerCase().includes(find.trim().toLowerCase());

/** Colleagues to choose from: first those who are free. @param {any} p */
function Colleagues({ desk, me, find }) {
  const order = ["ready", "paused", "wrapup", "reserved", "talking", "out"];
  const list = desk.directory.agents.filter((/** @type {any} */ a) => a.agent !== me && fits(`${a.label ?? ""} ${a.agent}`, find));
  list.sort((/** @type {any} */ a, /** @type {any} */ b) => order.indexOf(a.state) - order.indexOf(b.state) || a.agent.localeCompare(b.agent));
  return html`<fieldset class="choose"><legend>${t("to.which")}</legend>
    ${list.length === 0 ? html`<p class="dim">${t("to.nobody")}</p>` : null}
    ${list.slice(0, shown).map((/** @type {any} */ a) => html`<label key=${a.agent} class="pick"><input type="radio" name="target" value=${a.agent} required disabled=${a.state === "out"} />
      <bdi>${short(a.label || a.agent, 40)}</bdi> <${Mark} state=${a.state} />
      <span class="dim">${a.doing && a.doing !== "talk" ? doingWord(a.doing) + " " : ""}${Date.parse(a.since) > 0 && a.state !== "out" ? clock(desk.now - Date.parse(a.since)) : ""}${a.device_ok || a.state === "out" ? "" : " · " + t("bar.nophone")}</span></label>`)}</fieldset>`;
}

/** @param {any} p */
function Queues({ desk, find }) {
  const list = desk.directory.queues.filter((/** @type {any} */ q) => fits(`${q.label ?? ""} ${q.queue}`, find));
  return html`<fieldset class="choose"><legend>${t("to.queues")}</legend>
    ${list.length === 0 ? html`<p class="dim">${t("to.nobody")}</p>` : null}
    ${list.slice(0, shown).map((/** @type {any} */ q) => html`<label key=${q.queue} class="pick"><input type="radio" name="target" value=${q.queue} required />
      <bdi>${short(q.label || q.queue, 40)}</bdi> ${q.waiting === undefined ? null : html`<span class="dim">${t("to.waiting", { n: q.waiting })}</span>`}</label>`)}</fieldset>`;
}

/** The box to call somebody. Props: desk. */
export class DialBox extends Component {
  /** @param {SubmitEvent} e */
  async submit(e) {
    e.preventDefault();
    const form = /** @type {HTMLFormElement} */ (e.target);
    const number = String(new FormData(form).get("number") ?? "").trim();
    if (number && await this.props.desk.act("call.dial", { to: called(number) })) form.reset();
  }

  /** @param {any} p */
  render(p) {
    return html`<form class="dial" data-op="call.dial" onSubmit=${(/** @type {SubmitEvent} */ e) => this.submit(e)}>
      <label>${t("bar.call")} <input name="number" inputmode="tel" autocomplete="off" spellcheck=${false} placeholder=${t("bar.number")} aria-keyshortcuts="Alt+Shift+D" /></label>
      <button disabled=${p.desk.off} aria-busy=${p.desk.busy("call.dial") ? "true" : null}>${t("bar.dial")}</button></form>`;
  }
}

/** Who waits in the queues that this user may look into, and the slots of the parked. @param {any} p */
export function Waiting({ desk, state }) {
  const pick = state.ops.includes("call.pickup");
  const queues = Object.keys(state.waiting).sort();
  if (!pick && queues.length === 0) return null;
  return html`<details class="card waiting" open=${queues.length > 0}><summary>${t("pick.title")}</summary>
    ${pick ? html`<form class="row" onSubmit=${(/** @type {any} */ e) => { e.preventDefault(); desk.act("call.pickup", { slot: new FormData(e.target).get("slot") }); }}>
      <label>${t("pick.slot")} <input name="slot" inputmode="numeric" autocomplete="off" required size="5" /></label><button disabled=${desk.off}>${t("do.call.pickup")}</button></form>` : null}
    ${queues.map((q) => html`<${WaitingIn} key=${q} desk=${desk} state=${state} queue=${q} book=${state.waiting[q]} figures=${state.figures[q]} pick=${pick} />`)}</details>`;
}

/** The service level of today, with the letter of its formula; none while nobody has left. @param {any} sl */
function level(sl) {
  const n = sl?.[sl.show];
  return n === undefined ? "" : "; " + t("queues.level", { letter: sl.show, target: sl.threshold_s, n: Math.floor(n) });
}

/** @param {any} p */
function WaitingIn({ desk, state, queue, book, figures, pick }) {
  const list = /** @type {any[]} */ (Object.values(book));
  list.sort((a, b) => b.priority - a.priority || Date.parse(a.since) - Date.parse(b.since) || a.call.localeCompare(b.call));
  const label = desk.directory.queues.find((/** @type {any} */ q) => q.queue === queue)?.label;
  return html`<section data-queue=${queue}><h3><bdi>${plain(label || queue)}</bdi>${figures?.open === false ? html` <span class="badge">${t("queues.closed")}</span>` : null}</h3>
    ${figures ? html`<p class="dim figures">${t("queues.figures", { ...figures, longest: clock(figures.longest_ms), in: figures.logged_in })}${level(figures.sl)}</p>` : null}
    ${list.length === 0 ? html`<p class="dim">${t("pick.empty")}</p>` : html`<ol class="plain">${list.map((w) => html`<li key=${w.call} data-waits=${w.call}>
      <bdi>${short(w.ani?.shown || w.ani?.e164 || t("number.unknown"), 30)}</bdi> <span class="dim">${parts("pick.waits", { time: html`<time class="clock" role="timer">${clock(desk.now - Date.parse(w.since))}</time>` })}</span>
      ${w.callback ? html`<span class="badge">${t("pick.callback")}</span>` : null}
      <span class="dim">${w.state === "offered" ? t("pick.offered") : t("pick.priority", { n: w.priority })}</span>
      ${pick ? html`<${Do} desk=${desk} op="call.pickup" cls="small" args=${{ call: w.call }} />` : null}
      <${Lead} desk=${desk} state=${state} queue=${queue} call=${w} />
      ${state.ops.includes("queue.why") ? html`<${Why} desk=${desk} call=${w.call} codes=${state.codes.pause} />` : null}</li>`)}</ol>`}</section>`;
}
