// @ts-check
// The buttons of a call and the boxes that some of them open. What is possible the server says (can), and nothing else.
import { html, Component } from "./html.js";
import { Fields, readFields } from "./fields.js";
import { TransferBox } from "./transfer.js";
import { Do, nameOf, onEscape } from "./ui.js";
import { legWord, t } from "./words.js";

/** The ops that have a button of their own, in their order, with its class. */
const buttons = [
  ["call.transfer_complete", "main"], ["call.conference", ""], ["call.swap", ""], ["call.transfer_cancel", ""], ["call.hold", ""], ["call.retrieve", "main"], ["call.park", ""],
];

/** The ops whose button opens a box. */
const boxes = ["call.consult", "call.transfer_blind", "call.dtmf", "call.set_data"];

/** Props: desk, call, pop, me. */
export class Controls extends Component {
  /** @type {?HTMLElement} */
  el = null;

  /** Closes the open box; the focus goes back to the button that opened it. */
  close() {
    const op = /** @type {any} */ (this).state.box;
    this.setState({ box: "" }, () => /** @type {?HTMLElement} */ (this.el?.querySelector(`[data-op="${op}"]`))?.focus());
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    const { call, desk, pop } = p;
    const can = (/** @type {string} */ op) => call.can.includes(op);
    const close = () => this.close();
    const button = (/** @type {string} */ op, /** @type {string} */ cls, /** @type {any} */ more = {}) =>
      (can(op) ? html`<${Do} desk=${desk} op=${op} cls=${cls} args=${{ call: call.call, ...more }} />` : null);
    const box = can(s.box) ? s.box : "";
    const offer = pop?.data.offer;
    return html`<div class="controls" ref=${(/** @type {?HTMLElement} */ el) => { this.el = el; }} onKeyDown=${box ? onEscape(close) : null}>
      <div class="acts" role="group" aria-label=${t("card.acts")}>
        ${button("call.answer", "main answer", { offer })}${button("call.reject", "reject", { offer })}
        ${buttons.map(([op, cls]) => button(op, cls))}
        ${boxes.map((op) => (can(op) ? html`<${Do} desk=${desk} op=${op} expanded=${box === op} go=${() => this.setState({ box: box === op ? "" : op })} />` : null))}
        ${button("call.hangup", "stop hangup")}
      </div>
      <${Parties} desk=${desk} call=${call} me=${p.me} drop=${can("call.drop_party")} />
      ${box === "call.consult" || box === "call.transfer_blind" ? html`<${TransferBox} key=${box} desk=${desk} call=${call} can=${can} me=${p.me} blind=${box === "call.transfer_blind"} close=${close} />` : null}
      ${box === "call.dtmf" ? html`<${KeyPad} desk=${desk} call=${call.call} />` : null}
      ${box === "call.set_data" ? html`<${DataBox} desk=${desk} call=${call.call} attached=${pop?.data.attached ?? []} close=${close} />` : null}
    </div>`;
  }
}

/** Who is in the call, where there is more to it than caller and agent. @param {any} p */
function Parties({ desk, call, me, drop }) {
  if (!drop && !call.consult && !call.monitored && call.legs.length < 3) return null;
  const name = (/** @type {any} */ l) => (l.agent ? nameOf(desk.directory, l.agent) + (l.agent === me ? ` (${t("card.me")})` : "") : l.role === "caller" ? "" : t("somebody"));
  const out = (/** @type {any} */ l) => drop && l.role !== "caller" && l.role !== "monitor" && l.agent !== me;
  return html`<ul class="parties" aria-label=${t("card.parties")}>${call.legs.map((/** @type {any} */ l) => html`<li key=${l.leg} data-leg=${l.leg} data-role=${l.role}>
    <span class="dim">${legWord(l)}</span> <bdi>${name(l)}</bdi>
    ${out(l) ? html` <${Do} desk=${desk} op="call.drop_party" cls="small" args=${{ call: call.call, leg: l.leg }} />` : null}</li>`)}</ul>`;
}

/** Keys for whatever listens at the other end. @param {any} p */
function KeyPad({ desk, call }) {
  return html`<div class="keys" role="group" aria-label=${t("do.call.dtmf")}>${[..."123456789*0#"].map((k) => html`
    <button type="button" disabled=${desk.off} onClick=${() => desk.act("call.dtmf", { call, digits: k })}>${k}</button>`)}</div>`;
}

/** The values that travel with a call. Props: desk, call, attached, close. */
class DataBox extends Component {
  /** @param {SubmitEvent} e */
  async submit(e) {
    e.preventDefault();
    const { desk, call, attached, close } = this.props;
    const set = readFields(/** @type {HTMLFormElement} */ (e.target), attached);
    if (Object.keys(set).length === 0 || await desk.act("call.set_data", { call, set })) close();
  }

  /** @param {any} p */
  render(p) {
    return html`<form class="data" onSubmit=${(/** @type {SubmitEvent} */ e) => this.submit(e)}>
      <${Fields} attached=${p.attached} />
      <div class="acts"><button class="main" disabled=${p.desk.off} aria-busy=${p.desk.busy("call.set_data", { call: p.call }) ? "true" : null}>${t("data.save")}</button></div></form>`;
  }
}
