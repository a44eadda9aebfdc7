// @ts-check
// The bar that is always there: who, in which state and for how long, what comes next, and what to do about it.
import { html } from "./html.js";
import { Menu } from "./menu.js";
import { DialBox } from "./transfer.js";
import { Do } from "./ui.js";
import { clock, deviceWord, doingWord, plain, reasonWord, stateWord, t } from "./words.js";

/** Props: desk, state, view, show(view), leave. @param {any} p */
export function AgentBar({ desk, state, view, show, leave }) {
  const a = state.agent;
  const views = html`<${Views} state=${state} desk=${desk} view=${view} show=${show} />`;
  if (!a) return html`<header class="bar"><b class="name"><bdi>${plain(state.who?.user)}</bdi></b>${views}<span class="grow"></span><button id="leave" onClick=${leave}>${t("bar.leave")}</button></header>`;
  const can = (/** @type {string} */ op) => a.can.includes(op);
  return html`<header class="bar">
    <${Now} agent=${a} codes=${state.codes.pause} now=${desk.now} />
    ${a.next ? html`<p class="next">${t("bar.then", { state: stateWord(a.next.state).toLowerCase() })}${a.next.reason ? ` (${reasonWord(a.next.reason, state.codes.pause)})` : ""}
      ${can("agent.cancel_next") ? html` <${Do} desk=${desk} op="agent.cancel_next" cls="small" label=${t("bar.cancel")} />` : null}</p>` : null}
    ${a.state === "out" ? null : a.device_ok ? html`<p class="device dim"><span aria-hidden="true">✓</span> ${t("bar.phone")}</p>` : html`<p class="device warn"><span aria-hidden="true">✗</span> ${t("bar.nophone")}</p>`}
    ${can("agent.set_device") ? html`<${Telephone} desk=${desk} agent=${a} devices=${state.devices} />` : null}
    <${Today} day=${state.days[a.agent]} />
    ${views}
    <span class="grow"></span>
    <div class="acts" role="group" aria-label=${t("bar.mine")}>
      ${can("agent.login") ? html`<button id="login" class="main" data-op="agent.login" disabled=${desk.off} onClick=${() => desk.act("agent.login")}>${t("bar.login")}</button>` : null}
      ${can("agent.ready") ? html`<button id="ready" class="main" data-op="agent.ready" aria-keyshortcuts="Alt+Shift+R" disabled=${desk.off} onClick=${() => desk.act("agent.ready")}>${t("bar.ready")}</button>` : null}
      ${can("agent.pause") ? html`<${Pause} desk=${desk} codes=${state.codes.pause} />` : null}
      ${can("call.dial") ? html`<${DialBox} desk=${desk} />` : null}
      ${can("agent.logout") ? html`<button id="logout" data-op="agent.logout" disabled=${desk.off} onClick=${() => desk.act("agent.logout")}>${t("bar.logout")}</button>` : null}
    </div>
    <div class="me"><b class="name"><bdi>${plain(a.agent)}</bdi></b> <button id="leave" class="small" onClick=${leave}>${t("bar.leave")}</button></div>
  </header>`;
}

/** State, reason and clock. @param {any} p */
function Now({ agent: a, codes, now }) {
  const reason = reasonWord(a.reason, codes) || (a.doing && a.doing !== "talk" ? doingWord(a.doing) : "");
  return html`<div class="state" data-state=${a.state}>
    <span class="mark" aria-hidden="true"></span>
    <b id="state">${stateWord(a.state)}</b>${reason ? html` <span id="reason" class="dim">${reason}</span>` : null}
    ${a.locked ? html` <span class="warn">${t("bar.locked")}</span>` : null}
    ${Date.parse(a.since) > 0 ? html`<time id="clock" class="clock" role="timer">${clock(now - Date.parse(a.since))}</time>` : null}
  </div>`;
}

/** What he has done today. @param {any} p */
function Today({ day }) {
  if (!day?.taken) return null;
  return html`<p class="day dim">${day.aht_ms === undefined ? t("bar.day", { n: day.taken }) : t("bar.each", { n: day.taken, time: clock(day.aht_ms) })}</p>`;
}

/** Which telephone is rung, while that can be changed, and whether it rings at all. @param {any} p */
function Telephone({ desk, agent, devices }) {
  const at = agent.phone || devices[0]?.name;
  if (!at) return null;
  const items = [...(devices.length > 1 ? devices.map((/** @type {any} */ d) => ({ code: d.name, label: t("bar.telephone", { name: deviceWord(d) }) })) : []), { code: "", label: t("bar.test") }];
  return html`<${Menu} id="device" op="agent.set_device" small=${true} label=${t("bar.telephone", { name: deviceWord(devices.find((/** @type {any} */ d) => d.name === at) ?? { name: at }) })} items=${items} off=${desk.off}
    choose=${(/** @type {string} */ code) => desk.act("agent.set_device", code ? { device: code } : { device: at, test: true })} />`;
}

/** Who watches teams chooses what the right half shows. @param {any} p */
function Views({ state, desk, view, show }) {
  if (!state.agent || desk.directory.teams.length === 0) return null;
  return html`<div class="acts views" role="group" aria-label=${t("view.choose")}>${["desk", "team"].map((v) => html`
    <button type="button" data-view=${v} aria-pressed=${String(view === v)} onClick=${() => show(v)}>${t("view." + v)}</button>`)}</div>`;
}

/** @param {any} p */
function Pause({ desk, codes }) {
  const pause = (/** @type {string} */ reason) => desk.act("agent.pause", { reason });
  if (codes.length === 0) return html`<button id="pause" data-op="agent.pause" disabled=${desk.off} onClick=${() => pause("pause")}>${t("bar.pause")}</button>`;
  return html`<${Menu} id="pause" op="agent.pause" label=${t("bar.pause")} items=${codes} off=${desk.off} choose=${pause} />`;
}
