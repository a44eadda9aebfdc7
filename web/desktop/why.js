// @ts-check
// Why nobody has a caller yet: of each agent of his queue the rule that keeps the two apart, in words, asked again while it is open.
import { html, Component } from "./html.js";
import { nameOf } from "./ui.js";
import { clock, errorWord, plain, reasonWord, stateWord, t } from "./words.js";

const refresh = 2000; // how often it is asked again, in milliseconds

/** Props: desk, call, codes. */
export class Why extends Component {
  timer = 0;

  componentWillUnmount() {
    clearInterval(this.timer);
    this.timer = 0;
  }

  /** @param {boolean} open */
  turn(open) {
    if (!open) return this.close();
    this.setState({ open: true, answer: null, wrong: "" });
    this.timer = setInterval(() => this.look(), refresh);
    this.look();
  }

  close() {
    this.componentWillUnmount();
    this.setState({ open: false });
  }

  async look() {
    if (this.props.desk.off) return; // what was said stays, with its age
    const asked = this.timer;
    try {
      const answer = (await this.props.desk.ask("queue.why", { call: this.props.call })).why;
      if (this.timer === asked) this.setState({ answer, wrong: "" });
    } catch (e) {
      const { code, message } = /** @type {any} */ (e);
      const gone = code === "call_over" || code === "wrong_state";
      if (this.timer === asked) this.setState({ wrong: gone ? t("why.gone") : errorWord(code, message) });
    }
  }

  /** @param {any} p @param {any} [s] */
  render(p, s) {
    return html`<div class="why">
      <button type="button" class="small" data-op="queue.why" aria-expanded=${s.open ? "true" : "false"} disabled=${p.desk.off && !s.open} onClick=${() => this.turn(!s.open)}>${t("why.ask")}</button>
      ${s.open ? html`<div class="answer" role="group" aria-label=${t("why.title")}>${s.wrong ? html`<p class="dim">${s.wrong}</p>` : s.answer ? html`<${Answer} desk=${p.desk} answer=${s.answer} codes=${p.codes} />` : html`<p class="dim">${t("why.asking")}</p>`}</div>` : null}</div>`;
  }
}

/** @param {any} p */
function Answer({ desk, answer: a, codes }) {
  if (a.agents.length === 0) return html`<p>${t("why.nobody")}</p>`;
  return html`<ul class="plain">${a.agents.map((/** @type {any} */ x) => html`<li key=${x.agent} data-why=${x.agent} data-rule=${x.rule}>
      <b><bdi>${nameOf(desk.directory, x.agent)}</bdi></b> <span>${sentence(desk, x, codes)}</span></li>`)}</ul>
    ${a.more > 0 ? html`<p class="dim">${t("why.more", { n: a.more })}</p>` : null}`;
}

/** What keeps one agent from the caller. @param {any} desk @param {any} x @param {any[]} codes */
function sentence(desk, { ok, rule, value, facts: f = {} }, codes) {
  const left = f.until ? clock(Math.max(0, Date.parse(f.until) - desk.now)) : "";
  const changes = left && (rule === "skill" || rule === "rank") ? " " + t("why.changes", { time: left }) : "";
  const other = f.other ? plain(nameOf(desk.directory, f.other)) : "";
  const most = f.most ?? 0;
  switch (rule) {
    case undefined: return ok ? t("why.ok") : plain(value);
    case "offered": return t("why.offered", { time: left });
    case "preferred": return t("why.preferred", { name: other, time: left });
    case "rank": return (most ? t("why.rank", { have: f.have ?? 0, want: Math.max(1, f.want ?? 0), most }) : t("why.rank.least", { have: f.have ?? 0, want: f.want ?? 0 })) + changes;
    case "skill": return (f.have ? t("why.skill", { skill: f.skill, want: f.want ?? 1, have: f.have }) : t("why.skill.none", { skill: f.skill, want: f.want ?? 1 })) + changes;
    case "state": {
      const state = [stateWord(f.state ?? ""), reasonWord(f.reason, codes)].filter(Boolean).join(": ");
      return Date.parse(f.since) > 0 ? t("why.since", { state, time: clock(desk.now - Date.parse(f.since)) }) : state;
    }
    case "gap": return t("why.gap", { time: left });
    case "phone": return t("why.phone");
    case "seat": return t("why.seat");
    case "room": return t("why.room");
    case "order": return other ? t("why.order", { name: other }) : t("why.next");
    default: return plain(value); // a rule of a later version
  }
}
