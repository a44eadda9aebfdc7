// @ts-check
// The pane that says who calls. Every value is somebody else's text: it is shown as text, set apart from its
// neighbours' direction (bdi) and cut to size.
import { html } from "./html.js";
import { ago, clock, kindWord, matchWord, numberWord, parts, plain, short, t } from "./words.js";

/** @typedef {import("./client.js").Pop} Pop */

/** choose, if given, says who it is. @param {{pop: Pop, now: number, choose?: (customer: string) => void}} p */
export function PopPane({ pop, now, choose }) {
  const d = pop.data;
  const match = d.match ?? {};
  const chosen = (match.customers ?? []).find((/** @type {any} */ c) => match.chosen && c.id === match.chosen);
  return html`<article class="pop" data-pop=${pop.pop} aria-label=${t("caller")}>
    <header>
      <p class="kind">${kindWord(d.kind)}${d.dnis?.label ? html` ${parts("pop.to", { name: html`<b><bdi title=${plain(d.dnis.label)}>${short(d.dnis.label, 60)}</bdi></b>` })}` : null}</p>
      <h2 class="who"><bdi title=${chosen ? plain(chosen.name) : ""}>${chosen ? short(chosen.name, 100) : short(numberWord(d.ani), 60)}</bdi></h2>
      <p class="match" data-state=${match.state}>${matchWord(match.state)}${chosen?.company ? html` <bdi class="company" title=${plain(chosen.company.name)}>${short(chosen.company.name, 80)}</bdi>` : null}
        ${chosen?.vip ? html` <span class="badge vip">${t("pop.vip")}</span>` : null}
        ${chosen?.tier ? html` <span class="badge">${short(chosen.tier, 24)}</span>` : null}</p>
    </header>
    <dl class="facts">
      <dt>${t("pop.from")}</dt><dd><bdi class="ani">${numberWord(d.ani)}</bdi>${d.ani?.name ? html` <bdi class="dim" title=${plain(d.ani.name)}>${short(d.ani.name, 100)}</bdi>` : null}</dd>
      <dt>${t("pop.called")}</dt><dd><bdi class="dnis">${plain(d.dnis?.number)}</bdi> <bdi class="dim">${short(d.dnis?.label, 60)}</bdi></dd>
      <dt>${t("pop.queue")}</dt><dd><bdi class="queue">${short(d.queue?.name || d.queue?.id, 60)}</bdi>, ${parts("card.waited", { time: html`<span class="wait">${clock(d.queue?.wait_ms ?? 0)}</span>` })}${d.queue?.offers_before > 0 ? `, ${t("pop.offers", { n: d.queue.offers_before })}` : null}</dd>
    </dl>
    <${Card} card=${d.card} tags=${d.tags ?? []} />
    ${chosen ? html`<${CustomerCard} customer=${chosen} />` : null}
    <${Candidates} match=${match} choose=${choose} />
    <${Attached} list=${d.attached ?? []} />
    <${Path} ivr=${d.ivr ?? {}} />
    <${Cases} list=${d.cases ?? []} />
    <${Contacts} list=${d.last ?? []} now=${now} />
  </article>`;
}

/** What the script adds. @param {{card: any, tags: any[]}} p */
function Card({ card, tags }) {
  if (!card && tags.length === 0) return null;
  const c = card ?? {};
  return html`<section class="said" data-colour=${plain(c.colour)}>
    ${c.title ? html`<h3><bdi title=${plain(c.title)}>${short(c.title, 160)}</bdi></h3>` : null}
    ${c.note ? html`<p><bdi title=${plain(c.note)}>${short(c.note, 300)}</bdi></p>` : null}
    <dl class="facts">${(c.fields ?? []).map((/** @type {any} */ f) => html`<dt><bdi>${plain(f.name)}</bdi></dt><dd><bdi>${short(plain(f.value), 160)}</bdi></dd>`)}</dl>
    ${safeLink(c.url) ? html`<p><a href=${c.url} target="_blank" rel="noopener noreferrer">${t("pop.open")}</a></p>` : null}
    ${tags.map((x) => html`<span class="badge"><bdi>${plain(x)}</bdi></span> `)}
  </section>`;
}

/** The server has checked the address; a page follows none but https all the same. @param {any} url */
function safeLink(url) {
  return typeof url === "string" && url.startsWith("https://");
}

/** @param {{customer: any}} p */
function CustomerCard({ customer: c }) {
  const rows = [[t("pop.account"), c.account], [t("pop.lang"), c.lang], [t("pop.lastagent"), c.last_agent], ...Object.entries(c.fields ?? {})].filter(([, v]) => v);
  if (rows.length === 0 && !c.tags?.length) return null;
  return html`<section class="customer"><h3>${t("pop.customer")}</h3>
    <dl class="facts">${rows.map(([k, v]) => html`<dt><bdi>${plain(k)}</bdi></dt><dd><bdi>${plain(v)}</bdi></dd>`)}</dl>
    ${(c.tags ?? []).map((/** @type {any} */ t) => html`<span class="badge"><bdi>${plain(t)}</bdi></span> `)}
  </section>`;
}

/** @param {{match: any, choose?: (customer: string) => void}} p */
function Candidates({ match, choose }) {
  const list = match.customers ?? [];
  if (list.length < 2 && match.chosen) return null;
  if (list.length === 0) return null;
  return html`<section class="candidates"><h3>${t("pop.candidates")}</h3><ul>${list.map((/** @type {any} */ c) => html`<li>
    <bdi class="name" title=${plain(c.name)}>${short(c.name, 80)}</bdi>${c.company ? html` <bdi class="dim">${short(c.company.name, 80)}</bdi>` : null}
    <span class="score" title=${t("pop.sure")}>${Math.round((c.score ?? 0) * 100)} %</span>
    <span class="dim">${(c.why ?? []).map(plain).join(", ")}</span>
    ${choose && c.id !== match.chosen ? html`<button class="small" onClick=${() => choose(c.id)}>${t("pop.choose")}</button>` : null}</li>`)}</ul>
    ${choose && match.chosen ? html`<button class="small" onClick=${() => choose("")}>${t("pop.nobody")}</button>` : null}</section>`;
}

/** @param {{list: any[]}} p */
function Attached({ list }) {
  if (list.length === 0) return null;
  return html`<section class="attached"><h3>${t("data.title")}</h3><table><tbody>${list.map((a) => html`<tr data-key=${plain(a.key)}>
    <th scope="row"><bdi>${plain(a.key)}</bdi></th>
    <td>${a.secret || a.masked ? html`<span class="masked" title=${t("pop.secret")}><bdi>${plain(a.masked || "••••")}</bdi></span>` : html`<bdi>${plain(a.value)}</bdi>`}</td>
    <td><span class="badge src"><bdi>${plain(a.src)}</bdi></span></td></tr>`)}</tbody></table></section>`;
}

/** @param {{ivr: any}} p */
function Path({ ivr }) {
  if (!ivr.path?.length) return null;
  return html`<section class="path"><h3>${t("pop.path")} <span class="dim"><bdi>${plain(ivr.script)}</bdi>${ivr.lang ? html` · ${plain(ivr.lang)}` : null}</span></h3>
    <ol>${ivr.path.map((/** @type {any} */ p) => html`<li><bdi title=${plain(p.node)}>${short(p.node, 40)}</bdi>${p.key ? html` <kbd>${p.key === "*masked*" ? "•••" : plain(p.key)}</kbd>` : null} <span class="dim">${clock(p.ms)}</span></li>`)}</ol></section>`;
}

/** @param {{list: any[]}} p */
function Cases({ list }) {
  if (list.length === 0) return null;
  return html`<section class="cases"><h3>${t("pop.cases")}</h3><ul>${list.map((c) => html`<li>
    <bdi class="name" title=${plain(c.title)}>${short(c.title, 160)}</bdi> <span class="badge">${plain(c.state)}</span> <span class="dim">${t("pop.days", { n: c.age_days })}${c.owner ? html`, <bdi>${plain(c.owner)}</bdi>` : null}</span></li>`)}</ul></section>`;
}

/** @param {{list: any[], now: number}} p */
function Contacts({ list, now }) {
  if (list.length === 0) return null;
  return html`<section class="last"><h3>${t("pop.last")}</h3><ul>${list.map((c) => html`<li>
    <time datetime=${c.at}>${ago(c.at, now)}</time> <span class="dim">${plain(c.kind)}${c.agent ? html`, <bdi>${plain(c.agent)}</bdi>` : null}</span>
    ${c.outcome ? html` <b><bdi>${plain(c.outcome)}</bdi></b>` : null}${c.note ? html` <bdi class="note" title=${plain(c.note)}>${short(c.note, 300)}</bdi>` : null}</li>`)}</ul></section>`;
}
