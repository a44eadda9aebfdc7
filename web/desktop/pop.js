// @ts-check
// The pane that says who calls. Every value is somebody else's text: it is shown as text, set apart from its
// neighbours' direction (bdi) and cut to size.
import { html } from "./html.js";
import { ago, clock, kindWord, matchWord, numberWord, plain, short } from "./words.js";

/** @typedef {import("./client.js").Pop} Pop */

/** @param {{pop: Pop, now: number}} p */
export function PopPane({ pop, now }) {
  const d = pop.data;
  const match = d.match ?? {};
  const chosen = (match.customers ?? []).find((/** @type {any} */ c) => match.chosen && c.id === match.chosen);
  return html`<article class="pop" data-pop=${pop.pop} aria-label="Caller">
    <header>
      <p class="kind">${kindWord(d.kind)}${d.dnis?.label ? html` to <b><bdi title=${plain(d.dnis.label)}>${short(d.dnis.label, 60)}</bdi></b>` : null}</p>
      <h2 class="who"><bdi title=${chosen ? plain(chosen.name) : ""}>${chosen ? short(chosen.name, 100) : short(numberWord(d.ani), 60)}</bdi></h2>
      <p class="match" data-state=${match.state}>${matchWord(match.state)}${chosen?.company ? html` <bdi class="company" title=${plain(chosen.company.name)}>${short(chosen.company.name, 80)}</bdi>` : null}
        ${chosen?.vip ? html` <span class="badge vip">VIP</span>` : null}
        ${chosen?.tier ? html` <span class="badge">${short(chosen.tier, 24)}</span>` : null}</p>
    </header>
    <dl class="facts">
      <dt>Calls from</dt><dd><bdi class="ani">${numberWord(d.ani)}</bdi>${d.ani?.name ? html` <bdi class="dim" title=${plain(d.ani.name)}>${short(d.ani.name, 100)}</bdi>` : null}</dd>
      <dt>Called</dt><dd><bdi class="dnis">${plain(d.dnis?.number)}</bdi> <bdi class="dim">${short(d.dnis?.label, 60)}</bdi></dd>
      <dt>Queue</dt><dd><bdi class="queue">${short(d.queue?.name || d.queue?.id, 60)}</bdi>, waited <span class="wait">${clock(d.queue?.wait_ms ?? 0)}</span>${d.queue?.offers_before > 0 ? html`, offered before: ${d.queue.offers_before}` : null}</dd>
    </dl>
    ${chosen ? html`<${CustomerCard} customer=${chosen} />` : null}
    <${Candidates} match=${match} />
    <${Attached} list=${d.attached ?? []} />
    <${Path} ivr=${d.ivr ?? {}} />
    <${Cases} list=${d.cases ?? []} />
    <${Contacts} list=${d.last ?? []} now=${now} />
  </article>`;
}

/** @param {{customer: any}} p */
function CustomerCard({ customer: c }) {
  const rows = [["Account", c.account], ["Language", c.lang], ["Last spoke to", c.last_agent], ...Object.entries(c.fields ?? {})].filter(([, v]) => v);
  if (rows.length === 0 && !c.tags?.length) return null;
  return html`<section class="customer"><h3>Customer</h3>
    <dl class="facts">${rows.map(([k, v]) => html`<dt><bdi>${plain(k)}</bdi></dt><dd><bdi>${plain(v)}</bdi></dd>`)}</dl>
    ${(c.tags ?? []).map((/** @type {any} */ t) => html`<span class="badge"><bdi>${plain(t)}</bdi></span> `)}
  </section>`;
}

/** @param {{match: any}} p */
function Candidates({ match }) {
  const list = match.customers ?? [];
  if (list.length < 2 && match.chosen) return null;
  if (list.length === 0) return null;
  return html`<section class="candidates"><h3>Who it may be</h3><ul>${list.map((/** @type {any} */ c) => html`<li>
    <bdi class="name" title=${plain(c.name)}>${short(c.name, 80)}</bdi>${c.company ? html` <bdi class="dim">${short(c.company.name, 80)}</bdi>` : null}
    <span class="score" title="how sure">${Math.round((c.score ?? 0) * 100)} %</span>
    <span class="dim">${(c.why ?? []).map(plain).join(", ")}</span></li>`)}</ul></section>`;
}

/** @param {{list: any[]}} p */
function Attached({ list }) {
  if (list.length === 0) return null;
  return html`<section class="attached"><h3>Data of this call</h3><table><tbody>${list.map((a) => html`<tr data-key=${plain(a.key)}>
    <th scope="row"><bdi>${plain(a.key)}</bdi></th>
    <td>${a.secret || a.masked ? html`<span class="masked" title="secret"><bdi>${plain(a.masked || "••••")}</bdi></span>` : html`<bdi>${plain(a.value)}</bdi>`}</td>
    <td><span class="badge src"><bdi>${plain(a.src)}</bdi></span></td></tr>`)}</tbody></table></section>`;
}

/** @param {{ivr: any}} p */
function Path({ ivr }) {
  if (!ivr.path?.length) return null;
  return html`<section class="path"><h3>Way through the menu <span class="dim"><bdi>${plain(ivr.script)}</bdi>${ivr.lang ? html` · ${plain(ivr.lang)}` : null}</span></h3>
    <ol>${ivr.path.map((/** @type {any} */ p) => html`<li><bdi title=${plain(p.node)}>${short(p.node, 40)}</bdi>${p.key ? html` <kbd>${p.key === "*masked*" ? "•••" : plain(p.key)}</kbd>` : null} <span class="dim">${clock(p.ms)}</span></li>`)}</ol></section>`;
}

/** @param {{list: any[]}} p */
function Cases({ list }) {
  if (list.length === 0) return null;
  return html`<section class="cases"><h3>Open cases</h3><ul>${list.map((c) => html`<li>
    <bdi class="name" title=${plain(c.title)}>${short(c.title, 160)}</bdi> <span class="badge">${plain(c.state)}</span> <span class="dim">${c.age_days} days${c.owner ? html`, <bdi>${plain(c.owner)}</bdi>` : null}</span></li>`)}</ul></section>`;
}

/** @param {{list: any[], now: number}} p */
function Contacts({ list, now }) {
  if (list.length === 0) return null;
  return html`<section class="last"><h3>Last contacts</h3><ul>${list.map((c) => html`<li>
    <time datetime=${c.at}>${ago(c.at, now)}</time> <span class="dim">${plain(c.kind)}${c.agent ? html`, <bdi>${plain(c.agent)}</bdi>` : null}</span>
    ${c.outcome ? html` <b><bdi>${plain(c.outcome)}</bdi></b>` : null}${c.note ? html` <bdi class="note" title=${plain(c.note)}>${short(c.note, 300)}</bdi>` : null}</li>`)}</ul></section>`;
}
