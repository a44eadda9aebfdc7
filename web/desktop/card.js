// @ts-check
// The card of one call: who it is, how long for, who is in it, and what can be done.
import { html, Component } from "./html.js";
import { Controls } from "./control.js";
import { Monitor } from "./monitor.js";
import { nameOf } from "./ui.js";
import { callWord, clock, consultWord, numberWord, parts, plain, short, t } from "./words.js";

/** Who a call is with, in words: the number, whom the agent has called, or whose call he listens to. @param {any} p */
function whoIs({ desk, call, pop, agent, known }) {
  if (pop) return numberWord(pop.data.ani);
  if (call.to) return plain(call.to.e164 || call.to.id);
  const owner = call.owner || known?.owner;
  return owner && owner !== agent?.agent ? t("card.of", { agent: nameOf(desk.directory, owner) }) : t("number.unknown");
}

/** Props: desk, call, pop, agent, ops, known (the call as the agent's team sees it, if he watches one). */
export class CallCard extends Component {
  /** @type {?HTMLElement} */
  box = null;

  /** Whether the focus is in this card; a button that goes takes the focus with it. */
  getSnapshotBeforeUpdate() { return Boolean(this.box?.contains(document.activeElement)); }

  /** @param {any} _p @param {any} _s @param {boolean} had */
  componentDidUpdate(_p, _s, had) {
    if (had && this.box && !this.box.contains(document.activeElement)) this.box.focus();
  }

  /** @param {any} p */
  render(p) {
    const { call, pop, agent, desk } = p;
    const { now } = desk;
    const listens = mine(call, agent);
    const who = whoIs(p);
    const match = pop?.data.match;
    const chosen = match?.customers?.find((/** @type {any} */ c) => match.chosen && c.id === match.chosen);
    const ring = call.state === "offered" && pop?.data.ring_until ? Date.parse(pop.data.ring_until) - now : 0;
    const waits = call.state === "offered" && !call.can.includes("call.answer") && !call.can.includes("call.hangup");
    return html`<article class="card call" tabindex="-1" data-call=${call.call} data-state=${call.state} ref=${(/** @type {?HTMLElement} */ el) => { this.box = el; }}>
      <p class="phase"><b>${listens ? t("kind.monitor") : callWord(call.state)}</b> <time class="clock" role="timer">${clock(now - Date.parse(call.since))}</time>
        ${ring > 0 ? html` <span class="dim" role="timer">${t("card.rings", { time: clock(ring) })}</span>` : null}</p>
      <h2><bdi title=${chosen ? plain(chosen.name) : ""}>${short(chosen ? chosen.name : who, 60)}</bdi></h2>
      <${Facts} call=${call} pop=${pop} chosen=${chosen} who=${who} now=${now} />
      ${waits ? html`<p class="hint todo">${t("card.pickphone")}</p>` : null}
      ${call.consult ? html`<p class="consult" data-state=${call.consult.state}>${consultWord(call.consult.state)} <b><bdi>${call.consult.to?.kind === "agent" ? nameOf(desk.directory, call.consult.to.id) : plain(call.consult.to?.id || call.consult.to?.e164)}</bdi></b></p>` : null}
      ${call.parked ? html`<p class="hint">${parts("card.parked", { slot: html`<b>${plain(call.parked.slot)}</b>` })}</p>` : null}
      ${call.monitored && !listens ? html`<p class="warn monitored"><span aria-hidden="true">◉</span> ${t("card.monitored")}</p>` : null}
      <${Monitor} desk=${desk} call=${call} leg=${listens} ops=${p.ops} />
      <${Controls} desk=${desk} call=${call} pop=${pop} me=${agent?.agent} />
    </article>`;
  }
}

/** The agent's own leg, if he listens in. @param {any} call @param {any} agent */
const mine = (call, agent) => call.legs.find((/** @type {any} */ l) => l.role === "monitor" && agent && l.agent === agent.agent);

/** Number, queue and the clocks beside that of the state. @param {any} p */
function Facts({ call, pop, chosen, who, now }) {
  const waited = pop?.data.queue?.wait_ms ?? 0;
  const talks = call.talking_since && call.state !== "talking";
  const facts = [
    chosen ? html`<bdi>${short(who, 40)}</bdi>` : null,
    pop?.data.match?.state === "pending" && !chosen ? html`<span class="pending">${t("match.pending")}</span>` : null,
    pop?.data.queue?.id ? html`<bdi>${short(pop.data.queue.name || pop.data.queue.id, 40)}</bdi>` : null,
    waited > 0 ? html`<span class="waited">${t("card.waited", { time: clock(waited) })}</span>` : null,
    talks ? html`<span class="talk">${t("card.talking", { time: clock(now - Date.parse(call.talking_since)) })}</span>` : null,
  ].filter(Boolean);
  return html`<p class="dim">${facts.map((f, i) => (i ? html` · ${f}` : f))}</p>`;
}
