// @ts-check
// The tiles of the wallboard, a queue each. What a colour says is also said by a shape and, for those who listen, by a word.
import { html } from "./html.js";
import { clock, plain, short, t } from "./words.js";

const shapes = { good: "●", watch: "▲", bad: "■" };

/** A longest wait of up to the target is good, of up to three times the target to be watched. @param {any} f */
const ofWait = (f) => (f.longest_ms <= f.sl.threshold_s * 1000 ? "good" : f.longest_ms <= f.sl.threshold_s * 3000 ? "watch" : "bad");

/** A service level of the goal is good, of up to ten below it to be watched. @param {number} level @param {number} goal */
const ofLevel = (level, goal) => (level >= goal ? "good" : level >= goal - 10 ? "watch" : "bad");

/**
 * Props: figures, order (names of queues), missing (names that are not there), open, line, down (Asterisks), newest (when figures came last), old, settled, now, skew, leave.
 * @param {any} p
 */
export function Board(p) {
  const shown = p.order.filter((/** @type {string} */ q) => p.figures[q]);
  return html`<div class="board">
    <header class="top"><h1>${t("board.title")}</h1><span class="grow"></span><time class="hour">${hour(p.now + p.skew)}</time><button id="leave" class="small" onClick=${p.leave}>${t("board.leave")}</button></header>
    <${State} ...${p} />
    ${p.missing.map((/** @type {string} */ q) => html`<p class="say" data-say="unknown">${t("board.unknown", { name: plain(q) })}</p>`)}
    ${shown.length === 0 && p.settled && p.missing.length === 0 ? html`<p class="say" data-say="empty">${t("board.empty")}</p>` : null}
    <main class="tiles" data-count=${Math.min(shown.length, 13)} data-old=${p.old || !p.open ? "true" : null}>
      ${shown.map((/** @type {string} */ q) => html`<${Tile} key=${q} name=${q} f=${p.figures[q]} now=${p.now + p.skew} />`)}</main></div>`;
}

/** What keeps the figures from being of now. @param {any} p */
function State({ open, line, old, newest, now, skew, down }) {
  const age = { time: clock(now - newest), at: newest ? new Date(newest + skew).toLocaleTimeString([], { hourCycle: "h23" }) : "" };
  const say = (/** @type {string} */ what, /** @type {string} */ text) => html`<p class="say" role="alert" data-say=${what}>${text}</p>`;
  if (line.state === "human" || line.state === "bug") return say("over", t("board.over", { text: plain(line.text) || String(line.code) }));
  if (!open && newest) return say("lost", t("board.lost", age));
  if (!open) return line.state === "waiting" ? say("lost", t("board.never")) : null;
  if (old && newest) return say("stale", t("board.stale", age));
  if (down.length > 0) return say("down", t("board.down", { pbx: down.map(plain).join(", ") }));
  return null;
}

/** @param {any} p */
function Tile({ name, f, now }) {
  const level = f.sl[f.sl.show];
  const today = f.today;
  const staffed = f.agents.ready + f.agents.reserved + f.agents.talking + f.agents.wrapup + f.agents.paused > 0;
  return html`<section class="tile" data-queue=${name} aria-label=${plain(f.label || name)}><div class="in">
    <h2><bdi>${short(f.label || name, 40)}</bdi>${f.open ? null : html` <span class="badge">${t("board.closed")}</span>`}</h2>
    <div class="pair">
      <${Figure} what="waiting" value=${f.waiting - f.callbacks} word=${t("board.waiting")} />
      <${Figure} what="longest" value=${clock(f.longest_ms)} word=${t("board.longest")} level=${f.waiting > f.callbacks ? ofWait(f) : ""} /></div>
    <div class="pair level">
      <${Figure} what="level" value=${level === undefined ? t("board.none") : t("board.percent", { n: Math.floor(level) })} word=${t("board.level", { letter: f.sl.show, target: f.sl.threshold_s })}
        level=${level === undefined ? "" : ofLevel(level, f.sl.goal)} />
      <p class="beside">${f.wait?.high_ms > 0 ? html`<b class="expected">${t("board.expected", { band: band(f.wait.low_ms, f.wait.high_ms) })}</b>` : null}<span>${t("board.goal", { goal: f.sl.goal })}</span>${lately(f, now)}</p></div>
    ${staffed ? html`<ul class="agents">${["ready", "talking", "wrapup", "paused"].map((s) => html`<li data-state=${s}><b>${s === "talking" ? f.agents.talking + f.agents.reserved : f.agents[s]}</b> <span>${t("board." + s)}</span></li>`)}</ul>`
      : html`<p class="unmanned" data-level="bad"><span aria-hidden="true">${shapes.bad}</span> ${t("board.unmanned")}</p>`}
    <p class="today"><span>${t("board.today")}</span> <span data-figure="answered"><b>${today.answered}</b> ${t("board.answered")}</span> <span data-figure="abandoned"><b>${today.abandoned}</b> ${t("board.abandoned")}</span>
      ${f.callbacks > 0 ? html`<span data-figure="callbacks"><b>${f.callbacks}</b> ${t("board.callbacks")}</span>` : null}</p></div></section>`;
}

/** One large figure with its word. @param {any} p */
function Figure({ what, value, word, level = "" }) {
  return html`<p class="figure" data-figure=${what} data-level=${level || null}><b>${value}</b>
    <span>${level ? html`<span class="shape" aria-hidden="true">${shapes[/** @type {keyof typeof shapes} */ (level)]}</span><span class="sr">${t("board." + level)},</span> ` : null}${word}</span></p>`;
}

/** The service level of the last interval. @param {any} f @param {number} now */
function lately(f, now) {
  const level = f.recent.sl[f.sl.show];
  const min = Math.round((now - Date.parse(f.recent.since)) / 60_000);
  return level === undefined ? null : html`<span>${t("board.recent", { min, n: Math.floor(level) })}</span>`;
}

/** From when to when, in whole minutes from one on. @param {number} low @param {number} high in milliseconds */
function band(low, high) {
  const minutes = (/** @type {number} */ ms) => ms >= 60_000;
  const n = (/** @type {number} */ ms) => Math.round(ms / (minutes(ms) ? 60_000 : 1000));
  const span = (/** @type {any} */ text, /** @type {number} */ ms) => t(minutes(ms) ? "board.minutes" : "board.seconds", { n: text });
  return minutes(low) === minutes(high) ? span(`${n(low)}–${n(high)}`, high) : `${span(n(low), low)} – ${span(n(high), high)}`;
}

/** @param {number} ms */
const hour = (ms) => new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
