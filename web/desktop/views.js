// @ts-check
// The screens: log-in, banner, and the desk with its two halves. Buttons are what the server says is possible (can).
import { html, Component } from "./html.js";
import { AgentBar } from "./bar.js";
import { CallCard } from "./card.js";
import { KeyHelp } from "./help.js";
import { Messages, Write } from "./messages.js";
import { PopPane } from "./pop.js";
import { TeamView } from "./team.js";
import { Waiting } from "./transfer.js";
import { Past, WrapUp } from "./wrap.js";
import { clock, parts, plain, t } from "./words.js";

/**
 * @typedef {import("./client.js").State} State
 * @typedef {import("./client.js").Line} Line
 * @typedef {import("./ui.js").Desk} Shared
 */

/** Asks for the password again before the log-in ends: a page left alone must not stay logged in for ever. */
export class Renew extends Component {
  /** @param {Event} e */
  async submit(e) {
    e.preventDefault();
    const form = /** @type {HTMLFormElement} */ (e.target);
    this.setState({ busy: true, error: "" });
    const error = await this.props.renew(String(new FormData(form).get("password")));
    this.setState({ busy: false, error });
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    const left = Date.parse(p.until) - p.now;
    return html`<form class="banner amber renew" data-line="expiring" onSubmit=${(/** @type {Event} */ e) => this.submit(e)}>
      <span>${left > 0 ? parts("renew.ends", { time: html`<time role="timer">${clock(left)}</time>` }) : t("renew.over")}</span>
      <label>${t("login.password")} <input name="password" type="password" autocomplete="current-password" required /></label>
      <button disabled=${s.busy}>${t("renew.stay")}</button>
      ${s.error ? html`<span class="error" role="alert">${s.error}</span>` : null}
    </form>`;
  }
}

/** @param {{state: State, line: Line, now: number, again: () => void, renew: (password: string) => Promise<string>}} p */
export function Banner({ state, line, now, again, renew }) {
  const down = Object.values(state.links).filter((l) => l.state !== "up");
  const button = html` <button onClick=${again}>${t("line.use")}</button>`;
  if (line.state === "human") return html`<div class="banner red" data-line="human">${line.text || t("line.closed")}${button}</div>`;
  if (line.state === "bug") return html`<div class="banner red" data-line="bug">${t("line.bug", { code: line.code })}</div>`;
  if (line.state === "off") return html`<div class="banner red" data-line="off">${t("line.off")}${button}</div>`;
  if (line.state !== "open" && state.fresh) {
    const left = Math.max(0, Math.ceil((line.retryAt - Date.now()) / 1000));
    return html`<div class="banner amber" data-line="waiting">${left ? t("line.retry", { left }) : t("line.trying")}</div>`;
  }
  if (line.state === "open" && state.expiring) return html`<${Renew} until=${state.expiring} now=${now} renew=${renew} />`;
  const silent = Date.now() - line.lastFrame;
  if (line.state === "open" && silent > 20_000) return html`<div class="banner grey" data-line="stale">${t("line.stale", { time: clock(silent) })}</div>`;
  const pbx = down.map((l) => plain(l.pbx)).join(", ");
  if (down.length > 0) return html`<div class="banner red" data-line="pbx">${t(down.some((l) => l.state === "recovering") ? "line.recovering" : "line.down", { pbx })}</div>`;
  if (state.draining) return html`<div class="banner blue" data-line="draining">${t("line.draining", { why: plain(state.draining.why) || t("line.nonew") })}</div>`;
  return null;
}

/**
 * Props: desk (see ui.js), state, line, note, view, show(view), leave, again, renew, tell, draw.
 * @param {any} p
 */
export function Desk(p) {
  const { desk, state, line, note } = p;
  const view = state.agent || desk.directory.teams.length === 0 ? p.view : "team";
  const pops = /** @type {import("./client.js").Pop[]} */ (Object.values(state.pops));
  const calls = /** @type {import("./client.js").Call[]} */ (Object.values(state.calls));
  const shown = pops.find((x) => x.call === calls[calls.length - 1]?.call) ?? pops[pops.length - 1];
  return html`<div class="desk">
    <${AgentBar} desk=${desk} state=${state} view=${view} show=${p.show} leave=${p.leave} />
    <div class="banners"><${Banner} state=${state} line=${line} now=${desk.now} again=${p.again} renew=${p.renew} />
      ${note ? html`<div class="banner amber note" data-line="note">${note}</div>` : null}
      <${Messages} desk=${desk} list=${state.messages} /></div>
    <main class="panes">
      <section class="left" aria-label=${t("calls")}>
        <${Work} desk=${desk} state=${state} calls=${calls} pops=${pops} />
        <${Past} desk=${desk} past=${state.past} codes=${state.codes} tell=${p.tell} />
        ${view === "desk" ? html`<${Waiting} desk=${desk} state=${state} />` : null}
        <${Write} desk=${desk} state=${state} tell=${p.tell} />
        ${state.agent ? html`<${KeyHelp} again=${p.draw} />` : null}
      </section>
      ${view === "team" ? html`<section class="right" aria-label=${t("view.team")}><${TeamView} desk=${desk} state=${state} /></section>` : html`<section class="right" aria-label=${t("caller")}>
        ${shown ? html`<${PopPane} key=${shown.pop} pop=${shown} now=${desk.now} choose=${!desk.off && state.ops.includes("pop.choose") ? (/** @type {string} */ customer) => desk.act("pop.choose", { pop: shown.pop, customer }) : undefined} />` : html`<p class="empty wide">${t("pop.empty")}</p>`}
      </section>`}
    </main></div>`;
}

/** The calls and the wrap-up there are, or what to do when there is nothing. @param {any} p */
function Work({ desk, state, calls, pops }) {
  const { agent } = state;
  const wrap = agent?.wrap;
  const popOf = (/** @type {string} */ call) => pops.find((/** @type {any} */ x) => x.call === call);
  const known = (/** @type {string} */ call) => Object.values(state.teams).map((/** @type {any} */ x) => x.calls[call]).find(Boolean);
  // A ringing pop whose call has not been delivered yet is a card as well: pop and ring are two events.
  const ringing = pops.filter((/** @type {any} */ x) => !state.calls[x.call] && agent?.state === "reserved");
  if (calls.length + ringing.length === 0 && !wrap) return html`<div class="empty">${state.fresh ? idle(state, desk.directory.teams.length > 0) : t("line.connecting")}</div>`;
  return html`${calls.map((/** @type {any} */ c) => html`<${CallCard} key=${c.call} desk=${desk} call=${c} pop=${popOf(c.call)} agent=${agent} ops=${state.ops} known=${known(c.call)} />`)}
    ${ringing.map((/** @type {any} */ x) => html`<${CallCard} key=${x.call} desk=${desk} pop=${x} agent=${agent} ops=${state.ops}
      call=${{ call: x.call, state: "offered", since: agent?.since, can: [], legs: [] }} />`)}
    ${wrap ? html`<${WrapUp} key=${wrap.id} desk=${desk} wrap=${wrap} queue=${wrap.queue || state.queueOf[wrap.call]} attached=${popOf(wrap.call)?.data.attached ?? []}
      can=${(/** @type {string} */ op) => agent.can.includes(op)} codes=${state.codes} />` : null}`;
}

/** What is there to do when there is no call. @param {State} s @param {boolean} watches */
function idle(s, watches) {
  const say = (/** @type {string} */ key) => html`<p class="what">${t(key)}</p><p>${t(key + ".next")}</p>`;
  if (!s.agent) return say(watches ? "idle.watch" : "idle.none");
  return say(["out", "paused", "ready", "reserved"].includes(s.agent.state) ? "idle." + s.agent.state : "idle.talking");
}
