// @ts-check
// Short texts between people: those that are to be read, and the box to write one.
import { html, Component } from "./html.js";
import { ago, plain, t } from "./words.js";

const life = 86_400_000; // of a message without an end, in milliseconds

/** Those that still count, the newest first. @param {Record<string, any>} all @param {number} now @returns {any[]} */
export function current(all, now) {
  const ends = (/** @type {any} */ m) => (m.until ? Date.parse(m.until) : Date.parse(m.at) + life);
  return Object.values(all).filter((m) => ends(m) > now).sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
}

/** @param {any} m */
export const from = (m) => (m.by?.id ? t("msg.from", { name: plain(m.by.id) }) : t("msg.system"));

const colours = { info: "blue", warn: "amber", urgent: "red" };

/** The messages to the agent, above his calls until he has read them. @param {any} p */
export function Messages({ desk, list }) {
  return current(list, desk.now).map((m) => {
    const busy = desk.busy("message.ack", { message: m.message });
    return html`<div key=${m.message} class="banner message ${colours[/** @type {"info"} */ (m.level)] ?? "blue"}" data-message=${m.message} data-level=${m.level}>
      <span class="from">${m.level === "info" ? "" : t("msg." + m.level) + ": "}${from(m)}, ${ago(m.at, desk.now)}</span> <bdi>${plain(m.text)}</bdi>
      ${m.can.includes("message.ack") ? html`<button class="ack" disabled=${desk.off} aria-busy=${busy ? "true" : null} onClick=${() => { if (!busy) desk.act("message.ack", { message: m.message }); }}>${t(m.needs_ack ? "msg.confirm" : "msg.ok")}</button>` : null}</div>`;
  });
}

/** Whom this user may write to, as the values of a choice. @param {any} p @returns {[string, string][]} */
function readers({ state, directory }) {
  if (directory.teams.length === 0) return [["supervisor:", t("msg.supervisors")]];
  const agents = directory.agents.filter((/** @type {any} */ a) => directory.teams.includes(a.team) && a.agent !== state.who?.agent);
  return [...directory.teams.map((/** @type {string} */ x) => ["team:" + x, t("msg.team", { name: x })]), ...agents.map((/** @type {any} */ a) => ["agent:" + a.agent, a.label || a.agent])];
}

/** The box to write one. Props: desk, state, tell. */
export class Write extends Component {
  /** @param {SubmitEvent} e */
  async submit(e) {
    e.preventDefault();
    const form = /** @type {HTMLFormElement} */ (e.target);
    const f = new FormData(form);
    const [kind, ...id] = String(f.get("to")).split(":");
    const text = String(f.get("text") ?? "").trim();
    const { desk, tell } = this.props;
    if (text && await desk.act("message.send", { to: { kind, id: id.join(":") || undefined }, text, level: f.get("level"), needs_ack: Boolean(f.get("needs_ack")) })) {
      form.reset();
      tell(t("msg.sent"));
    }
  }

  /** @param {any} p */
  render(p) {
    const { desk, state } = p;
    if (!state.ops.includes("message.send")) return null;
    const up = desk.directory.teams.length === 0;
    return html`<details class="card write"><summary>${t("msg.title")}</summary><form onSubmit=${(/** @type {SubmitEvent} */ e) => this.submit(e)}>
      <div class="row"><label>${t("msg.to")} <select name="to">${readers({ state, directory: desk.directory }).map(([value, label]) => html`<option value=${value}>${plain(label)}</option>`)}</select></label>
        <label>${t("msg.level")} <select name="level">${["info", "warn", "urgent"].map((l) => html`<option value=${l}>${t("msg." + l)}</option>`)}</select></label></div>
      <label>${t("msg.text")} <textarea name="text" rows="2" maxlength="500" required></textarea></label>
      ${up ? null : html`<label class="check"><input type="checkbox" name="needs_ack" /> ${t("msg.needs_ack")}</label>`}
      <div class="acts"><button class="main" disabled=${desk.off} aria-busy=${desk.busy("message.send") ? "true" : null}>${t("msg.send")}</button></div></form></details>`;
  }
}

/** What agents have written to their supervisors. @param {any} p */
export function FromAgents({ desk, teams }) {
  const list = current(Object.assign({}, ...Object.values(teams).map((x) => /** @type {any} */ (x).messages)), desk.now).slice(0, 20);
  if (list.length === 0) return null;
  return html`<section class="card fromagents"><h3>${t("msg.up")}</h3><ul class="plain">${list.map((m) => html`<li key=${m.message} data-message=${m.message}>
    <span class="dim">${from(m)}, ${ago(m.at, desk.now)}</span> <bdi>${plain(m.text)}</bdi></li>`)}</ul></section>`;
}
