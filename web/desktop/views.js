// @ts-check
// The screens: log-in, agent bar, banner, call cards, wrap-up. Buttons are what the server says is possible (can).
import { html, Component } from "./html.js";
import { PopPane } from "./pop.js";
import * as drafts from "./drafts.js";
import { Menu } from "./menu.js";
import { callWord, clock, numberWord, plain, reasonWord, short, stateWord } from "./words.js";

/**
 * @typedef {import("./client.js").State} State
 * @typedef {import("./client.js").Line} Line
 * @typedef {(op: string, args?: any) => Promise<boolean>} Act makes a request; false when it failed and was told
 */

export class Login extends Component {
  /** @param {Event} e */
  async submit(e) {
    e.preventDefault();
    const form = new FormData(/** @type {HTMLFormElement} */ (e.target));
    this.setState({ busy: true, error: "" });
    const error = await this.props.login(String(form.get("user")), String(form.get("password")));
    this.setState({ busy: false, error });
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    return html`<main class="login"><form onSubmit=${(/** @type {Event} */ e) => this.submit(e)}>
      <div><h1>ctid</h1><p class="dim">The agent desktop. Log in to take calls.</p></div>
      ${p.text ? html`<p class="hint">${p.text}</p>` : null}
      <label>User <input name="user" autocomplete="username" required autofocus spellcheck=${false} /></label>
      <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
      ${s.error ? html`<p class="error" role="alert">${s.error}</p>` : null}
      <button class="main" disabled=${s.busy}>${s.busy ? "Logging in…" : "Log in"}</button>
    </form></main>`;
  }
}

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
      <span>Your log-in ${left > 0 ? html`ends in <time role="timer">${clock(left)}</time>` : "has ended; it is kept while you are on a call"}.</span>
      <label>Password <input name="password" type="password" autocomplete="current-password" required /></label>
      <button disabled=${s.busy}>Stay logged in</button>
      ${s.error ? html`<span class="error" role="alert">${s.error}</span>` : null}
    </form>`;
  }
}

/** @param {{state: State, line: Line, now: number, again: () => void, renew: (password: string) => Promise<string>}} p */
export function Banner({ state, line, now, again, renew }) {
  const down = Object.values(state.links).filter((l) => l.state !== "up");
  const button = html` <button onClick=${again}>Use this desktop</button>`;
  if (line.state === "human") return html`<div class="banner red" data-line="human">${line.text || "This session was closed."}${button}</div>`;
  if (line.state === "bug") return html`<div class="banner red" data-line="bug">This page and the server do not understand each other (${line.code}). Please reload, and report it if it comes again.</div>`;
  if (line.state === "off") return html`<div class="banner red" data-line="off">Disconnected.${button}</div>`;
  if (line.state !== "open" && state.fresh) {
    const left = Math.max(0, Math.ceil((line.retryAt - Date.now()) / 1000));
    return html`<div class="banner amber" data-line="waiting">Reconnecting${left ? ` in ${left} s.` : "…"} Your calls go on.</div>`;
  }
  if (line.state === "open" && state.expiring) return html`<${Renew} until=${state.expiring} now=${now} renew=${renew} />`;
  if (line.state === "open" && Date.now() - line.lastFrame > 20_000) return html`<div class="banner grey" data-line="stale">The server has been silent for ${clock(Date.now() - line.lastFrame)}.</div>`;
  if (down.length > 0) return html`<div class="banner red" data-line="pbx">The phone system is ${down.some((l) => l.state === "recovering") ? "recovering" : "down"} (${down.map((l) => plain(l.pbx)).join(", ")}).</div>`;
  if (state.draining) return html`<div class="banner blue" data-line="draining">Maintenance: ${plain(state.draining.why) || "no new calls are taken"}.</div>`;
  return null;
}

/** @param {{state: State, off: boolean, now: number, act: Act, leave: () => void}} p */
export function AgentBar({ state, off, now, act, leave }) {
  const a = state.agent;
  if (!a) return html`<header class="bar"><b class="name">${plain(state.who?.user)}</b><button onClick=${leave}>Log out</button></header>`;
  const can = (/** @type {string} */ op) => a.can.includes(op);
  const reason = reasonWord(a.reason, state.codes.pause);
  return html`<header class="bar">
    <div class="state" data-state=${a.state}>
      <span class="mark" aria-hidden="true"></span>
      <b id="state">${stateWord(a.state)}</b>${reason ? html` <span id="reason" class="dim">${reason}</span>` : null}
      ${Date.parse(a.since) > 0 ? html`<time id="clock" class="clock" role="timer">${clock(now - Date.parse(a.since))}</time>` : null}
    </div>
    ${a.next ? html`<p class="next">then ${stateWord(a.next.state).toLowerCase()}${a.next.reason ? html` (${reasonWord(a.next.reason, state.codes.pause)})` : null}
      ${can("agent.cancel_next") ? html` <button class="small" disabled=${off} onClick=${() => act("agent.cancel_next")}>Cancel</button>` : null}</p>` : null}
    ${!a.device_ok && a.state !== "out" ? html`<p class="warn">Phone not reachable</p>` : null}
    <span class="grow"></span>
    <div class="acts" role="group" aria-label="My state">
      ${can("agent.login") ? html`<button id="login" class="main" disabled=${off} onClick=${() => act("agent.login")}>Go on duty</button>` : null}
      ${can("agent.ready") ? html`<button id="ready" class="main" disabled=${off} onClick=${() => act("agent.ready")}>Ready</button>` : null}
      ${can("agent.pause") ? html`<${Pause} codes=${state.codes.pause} off=${off} act=${act} />` : null}
      ${can("agent.logout") ? html`<button id="logout" disabled=${off} onClick=${() => act("agent.logout")}>Off duty</button>` : null}
    </div>
    <div class="me"><b class="name"><bdi>${plain(a.agent)}</bdi></b> <button id="leave" class="small" onClick=${leave}>Log out</button></div>
  </header>`;
}

/** @param {{codes: {code: string, label: string}[], off: boolean, act: Act}} p */
function Pause({ codes, off, act }) {
  const pause = (/** @type {string} */ reason) => act("agent.pause", { reason });
  if (codes.length === 0) return html`<button id="pause" disabled=${off} onClick=${() => pause("pause")}>Pause</button>`;
  return html`<${Menu} id="pause" label="Pause" items=${codes} off=${off} choose=${pause} />`;
}

/** @param {{call: any, pop: any, agent: any, off: boolean, now: number, act: Act}} p */
export function CallCard({ call, pop, agent, off, now, act }) {
  // What may be done stands with the call, or with the agent for the call he is on.
  const can = (/** @type {string} */ op) => call.can.includes(op) || (agent?.call === call.call && agent.can.includes(op));
  const who = pop ? numberWord(pop.data.ani) : call.call;
  const match = pop?.data.match;
  const chosen = match?.customers?.find((/** @type {any} */ c) => match.chosen && c.id === match.chosen);
  const ring = call.state === "offered" && pop?.data.ring_until ? Date.parse(pop.data.ring_until) - now : 0;
  return html`<article class="card call" data-call=${call.call} data-state=${call.state}>
    <p class="phase"><b>${callWord(call.state)}</b> <time class="clock" role="timer">${clock(now - Date.parse(call.since))}</time>
      ${ring > 0 ? html` <span class="dim" role="timer">rings ${clock(ring)} more</span>` : null}</p>
    <h2><bdi title=${chosen ? plain(chosen.name) : ""}>${short(chosen ? chosen.name : who, 60)}</bdi></h2>
    <p class="dim">${chosen ? html`<bdi>${short(who, 40)}</bdi> · ` : match?.state === "pending" ? html`<span class="pending">Looking the caller up…</span> · ` : null}${pop ? html`<bdi>${short(pop.data.queue?.name || pop.data.queue?.id, 40)}</bdi>` : null}
      ${call.talking_since && call.state !== "talking" ? html` · talking <span class="talk">${clock(now - Date.parse(call.talking_since))}</span>` : null}</p>
    ${call.state === "offered" ? html`<p class="hint todo">Pick up your phone to answer.</p>` : null}
    <div class="acts">${can("call.hangup") ? html`<button class="stop hangup" disabled=${off} onClick=${() => act("call.hangup", { call: call.call })}>Hang up</button>` : null}</div>
  </article>`;
}

/** The form of one wrap-up; its texts live here, and in a draft that outlives a reload, until they are handed in. */
export class WrapUp extends Component {
  /** @type {?HTMLFormElement} */
  form = null;

  componentDidMount() {
    const kept = drafts.load(this.props.wrap.id);
    const { form } = this;
    if (kept && form) [form.disposition.value, form.notes.value] = [kept.disposition, kept.notes];
  }

  /** @param {HTMLFormElement} form @returns {drafts.Draft} */
  texts(form) {
    const f = new FormData(form);
    return { disposition: String(f.get("disposition") ?? ""), notes: String(f.get("notes") ?? "") };
  }

  /** @param {SubmitEvent} e */
  async submit(e) {
    e.preventDefault();
    const { wrap, act } = this.props;
    const texts = this.texts(/** @type {HTMLFormElement} */ (e.target));
    const reason = /** @type {?HTMLButtonElement} */ (e.submitter)?.value ?? "";
    drafts.save(wrap.id, texts);
    this.setState({ busy: true });
    const done = await act("agent.wrapup_done", { wrap: wrap.id, ...texts, then: reason ? "paused" : "ready", reason: reason || undefined });
    if (done) drafts.drop(wrap.id);
    this.setState({ busy: false });
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    const w = p.wrap;
    const left = Date.parse(w.until) - p.now;
    const items = p.codes.disposition[p.queue]?.items ?? [];
    const keep = (/** @type {Event} */ e) => drafts.save(w.id, this.texts(/** @type {HTMLFormElement} */ (e.currentTarget)));
    return html`<form class="card wrap" data-wrap=${w.id} ref=${(/** @type {?HTMLFormElement} */ f) => { this.form = f; }} onInput=${keep} onSubmit=${(/** @type {SubmitEvent} */ e) => this.submit(e)}>
      <p class="phase"><b>Wrap-up</b> <time class="clock countdown ${left <= 0 ? "over" : ""}" role="timer">${left >= 0 ? clock(left) : "+" + clock(-left)}</time>
        ${w.overrun ? html` <span class="warn">over time</span>` : html` <span class="dim">left to write down what came of the call</span>`}</p>
      <label>Outcome${w.forced ? " (needed)" : ""}
        <select name="disposition" required=${w.forced && items.length > 0}><option value="">Choose…</option>
          ${items.map((/** @type {any} */ i) => html`<option value=${i.code}>${i.label || i.code}</option>`)}</select></label>
      <label>Notes <textarea name="notes" rows="4" maxlength="4000"></textarea></label>
      ${s.busy && p.off ? html`<p class="hint">Kept, and sent when the line is back.</p>` : null}
      <div class="acts"><button class="main go" disabled=${s.busy}>Done, ready</button>
        ${p.codes.pause.length > 0 ? html`<${Menu} label="Done, pause" items=${p.codes.pause} off=${s.busy} />` : null}</div>
    </form>`;
  }
}

/** @param {{state: State, line: Line, now: number, note: string, act: Act, leave: () => void, again: () => void,
 *   renew: (password: string) => Promise<string>}} p */
export function Desk({ state, line, now, note, act, leave, again, renew }) {
  const off = line.state !== "open";
  const calls = Object.values(state.calls);
  const pops = Object.values(state.pops);
  const popOf = (/** @type {string} */ call) => pops.find((p) => p.call === call);
  const wrap = state.agent?.wrap;
  // A ringing pop whose call has not been delivered yet is a card as well: pop and ring are two events.
  const ringing = pops.filter((p) => !state.calls[p.call] && state.agent?.state === "reserved");
  const shown = popOf(calls[calls.length - 1]?.call) ?? pops[pops.length - 1];
  return html`<div class="desk">
    <${AgentBar} state=${state} off=${off} now=${now} act=${act} leave=${leave} />
    <div class="banners"><${Banner} state=${state} line=${line} now=${now} again=${again} renew=${renew} />
      ${note ? html`<div class="banner amber note" data-line="note">${note}</div>` : null}</div>
    <main class="panes">
      <section class="left" aria-label="Calls">
        ${calls.map((c) => html`<${CallCard} key=${c.call} call=${c} pop=${popOf(c.call)} agent=${state.agent} off=${off} now=${now} act=${act} />`)}
        ${ringing.map((p) => html`<${CallCard} key=${p.call} pop=${p} agent=${state.agent} off=${off} now=${now} act=${act}
          call=${{ call: p.call, state: "offered", since: state.agent?.since, can: [], legs: [] }} />`)}
        ${wrap ? html`<${WrapUp} key=${wrap.id} wrap=${wrap} queue=${state.queueOf[wrap.call]} codes=${state.codes} off=${off} now=${now} act=${act} />` : null}
        ${calls.length + ringing.length === 0 && !wrap ? html`<div class="empty">${state.fresh ? idle(state) : "Connecting…"}</div>` : null}
      </section>
      <section class="right" aria-label="Caller">
        ${shown ? html`<${PopPane} key=${shown.pop} pop=${shown} now=${now} />` : html`<p class="empty wide">Who calls is shown here before the phone rings.</p>`}
      </section>
    </main></div>`;
}

/** What is there to do when there is no call. @param {State} s */
function idle(s) {
  const say = (/** @type {string} */ what, /** @type {any} */ next) => html`<p class="what">${what}</p><p>${next}</p>`;
  if (!s.agent) return say("You are no agent", "You are logged in, but this user takes no calls. Ask who runs this site to make the user an agent.");
  switch (s.agent.state) {
    case "out": return say("You are off duty", html`No calls come. Press <b>Go on duty</b> to begin.`);
    case "paused": return say("You are paused", html`No calls come. Press <b>Ready</b> to take calls.`);
    case "ready": return say("Waiting for a call", "When one comes, the caller is shown here and your phone rings.");
    case "reserved": return say("A call is coming", "It will be shown here in a moment.");
    default: return say("No call", "You are on the phone without a call of the call centre.");
  }
}
