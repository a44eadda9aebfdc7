// @ts-check
// The supervisor's screen: the live list of each team he watches, who waits, and the messages of his agents.
import { html } from "./html.js";
import { Menu } from "./menu.js";
import { FromAgents } from "./messages.js";
import { modes } from "./monitor.js";
import { Waiting } from "./transfer.js";
import { Mark, nameOf } from "./ui.js";
import { callWord, clock, doingWord, plain, reasonWord, t } from "./words.js";

const unseenAfter = 5000; // an agent whose page does not show who rings him for so long, in milliseconds

/** Props: desk, state. @param {any} p */
export function TeamView({ desk, state }) {
  const names = desk.directory.teams.filter((/** @type {string} */ x) => state.teams[x]);
  return html`<div class="teams">
    ${desk.directory.teams.length === 0 ? html`<p class="empty">${t("team.none")}</p>` : null}
    ${names.map((/** @type {string} */ x) => html`<section key=${x} class="card team" data-team=${x}><h3>${t("team.title", { name: plain(x) })}</h3>
      <${Grid} desk=${desk} state=${state} team=${state.teams[x]} /></section>`)}
    <${Waiting} desk=${desk} state=${state} />
    <${FromAgents} desk=${desk} teams=${state.teams} /></div>`;
}

/** @param {any} p */
function Grid({ desk, state, team }) {
  const agents = Object.values(team.agents).sort((a, b) => /** @type {any} */ (a).agent.localeCompare(/** @type {any} */ (b).agent));
  if (agents.length === 0) return html`<p class="dim">${t("team.empty")}</p>`;
  return html`<ul class="grid">${agents.map((/** @type {any} */ a) => html`<${Row} key=${a.agent} desk=${desk} state=${state} agent=${a} seen=${team.seen[a.agent]}
    call=${Object.values(team.calls).find((/** @type {any} */ c) => c.agents?.includes(a.agent))} />`)}</ul>`;
}

/** One agent: what he does, for how long, with what, and what is wrong. @param {any} p */
function Row({ desk, state, agent: a, call, seen }) {
  const day = state.days[a.agent];
  const known = Date.parse(a.since) > 0;
  const since = desk.now - Date.parse(a.since);
  const what = reasonWord(a.reason, state.codes.pause) || (a.doing && a.doing !== "talk" ? doingWord(a.doing) : "");
  const wrongs = [
    a.state === "reserved" && !seen && since > unseenAfter ? "unseen" : "", a.state !== "out" && !a.desk_awake ? "away" : "", a.wrap?.late ? "late" : "",
  ].filter(Boolean);
  return html`<li data-agent=${a.agent} data-state=${a.state}>
    <b class="who"><bdi>${nameOf(desk.directory, a.agent)}</bdi></b>
    <${Mark} state=${a.state} />
    ${known ? html`<time class="clock" role="timer">${clock(since)}</time>` : null}
    <span class="dim what">${[what, day?.taken ? t("bar.day", { n: day.taken }) : ""].filter(Boolean).join(" · ")}</span>
    <span class="dim on">${call ? `${callWord(call.state)}${call.queue ? " · " + plain(call.queue) : ""}` : ""}${call?.monitored ? html` <span class="badge">${t("role.monitor")}</span>` : null}</span>
    ${a.state !== "out" && !a.device_ok ? html`<span class="warn">${t("bar.nophone")}</span>` : null}
    ${wrongs.map((w) => html`<span class="warn ${w}">${t("team." + w)}</span>`)}
    <${Acts} desk=${desk} state=${state} agent=${a} call=${call} /></li>`;
}

/** Listening in, and another state. @param {any} p */
function Acts({ desk, state, agent: a, call }) {
  const me = state.who?.agent;
  const may = (/** @type {string} */ op) => state.ops.includes(op) && a.agent !== me;
  const listens = may("monitor.start") && a.state === "talking" && call && !call.legs.some((/** @type {any} */ l) => l.agent === me);
  const pauses = state.codes.pause.length > 0 ? state.codes.pause : [{ code: "pause", label: t("bar.pause") }];
  const states = [{ code: "ready", label: t("team.force.ready") }, ...pauses.map((/** @type {any} */ c) => ({ code: "paused:" + c.code, label: t("team.force.paused", { reason: c.label || c.code }) })), { code: "out", label: t("team.force.out") }];
  const force = (/** @type {string} */ code) => {
    const [to, reason] = code.split(":");
    desk.act("team.force_state", { agent: a.agent, state: to, reason });
  };
  return html`<span class="acts">
    ${listens ? html`<${Menu} op="monitor.start" small=${true} label=${t("monitor.start")} off=${desk.off} busy=${desk.busy("monitor.start", { agent: a.agent })}
      items=${modes.map((m) => ({ code: m, label: t("do.monitor." + m) }))} choose=${(/** @type {string} */ mode) => desk.act("monitor.start", { agent: a.agent, mode })} />` : null}
    ${may("team.force_state") && a.state !== "out" ? html`<${Menu} op="team.force_state" small=${true} label=${t("team.force")} off=${desk.off} busy=${desk.busy("team.force_state", { agent: a.agent })} items=${states} choose=${force} />` : null}</span>`;
}
