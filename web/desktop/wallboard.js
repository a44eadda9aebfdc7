// @ts-check
// The wallboard: the figures of queues, large, on a screen that nobody sits at. It only looks, and comes back by itself.
import { api, client, session } from "./api.js";
import { Connection, initial } from "./client.js";
import { html, render } from "./html.js";
import { Login } from "./login.js";
import { Board } from "./tiles.js";
import { t } from "./words.js";

const root = /** @type {HTMLElement} */ (document.getElementById("app"));

/** Figures that are older than this are called old, and those of one queue that are so much older than the rest are dropped; in milliseconds. */
const stale = 5000;

/** A session that the server has closed for good is tried again after so long: there is nobody here to press a button. */
const patience = 60_000;

let screen = "start";
let hint = "";
let epoch = ""; // of the daemon that this page came from
let again = 0;
let state = initial();
/** @type {import("./client.js").Line} */
let line = { state: "off", code: 0, text: "", retryAt: 0, lastFrame: 0 };
/** @type {Record<string, any>} the newest figures of each queue, also those of before a cut */
let figures = {};

const conn = new Connection({
  url: location.origin.replace(/^http/, "ws") + "/ws",
  name: "ctid-wallboard",
  watches: true,
  clientID: client,
  ticket: async () => (await api("POST", "/api/v1/ws-tickets")).ticket,
  isFront: () => false,
  changed: (s, l) => {
    [state, line] = [s, l];
    if (l.state === "login" && screen === "board") [session.token, screen, hint] = ["", "login", t("login.again")];
    if (l.state === "human" && !again) again = setTimeout(() => { again = 0; conn.start(); }, patience);
    take(s.figures);
    anew(s.epoch);
    draw();
  },
});

/** Takes over what has come. What did not come with the rest is of a queue that is gone. @param {Record<string, any>} fresh */
function take(fresh) {
  const all = { ...figures, ...fresh };
  const newest = Math.max(0, ...Object.values(all).map((f) => f.got));
  figures = Object.fromEntries(Object.entries(all).filter(([, f]) => newest - f.got < stale));
}

/** After a restart the daemon may have a newer page, which is fetched where the log-in outlives that. @param {string} now */
function anew(now) {
  if (epoch && now && now !== epoch && !session.token) location.reload();
  epoch = now || epoch;
}

/** The queues that the address names behind its #, in that order; none: all that this user may see. */
const named = () => decodeURIComponent(location.hash.slice(1)).split(",").filter(Boolean);

/** @param {string} user @param {string} password @returns {Promise<string>} what went wrong, or "" */
async function login(user, password) {
  try {
    session.token = (await api("POST", "/api/v1/login", { user, password })).token;
  } catch (e) {
    return /** @type {Error} */ (e).message;
  }
  begin();
  return "";
}

function begin() {
  [screen, hint] = ["board", ""];
  watch();
  conn.start();
}

function watch() {
  const names = named();
  conn.watchTopics(names.length > 0 ? names.map((q) => "queue.stats:" + q) : ["queue.stats:*"]);
  if (names.length > 0) figures = Object.fromEntries(Object.entries(figures).filter(([q]) => names.includes(q)));
}

async function leave() {
  conn.stop();
  conn.state = state = initial();
  [figures, screen] = [{}, "login"];
  draw();
  await api("POST", "/api/v1/logout").catch(() => {}); // a token that is no longer good is as well as revoked
  session.token = "";
}

function draw() {
  document.title = t("board.title");
  if (screen === "login") render(html`<${Login} title=${t("board.login")} login=${login} text=${hint} />`, root);
  if (screen !== "board") return;
  const names = named();
  const newest = Math.max(0, ...Object.values(figures).map((f) => f.got));
  const missing = names.filter((q) => conn.refused.has("queue.stats:" + q));
  const down = Object.values(state.links).filter((l) => l.state !== "up").map((l) => l.pbx);
  render(html`<${Board} figures=${figures} order=${names.length > 0 ? names : Object.keys(figures).sort()} missing=${missing} open=${line.state === "open"} line=${line} down=${down}
    newest=${newest} old=${Date.now() - newest > stale} settled=${settled()} now=${Date.now()} skew=${state.skew} leave=${leave} />`, root);
}

/** Whether it is known which queues there are to show. */
const settled = () => line.state === "open" && Date.now() - opened > stale;
let opened = 0;
setInterval(() => { if (line.state !== "open") opened = Date.now(); }, 500);

for (const e of ["online", "pageshow", "focus"]) addEventListener(e, () => conn.kick());
document.addEventListener("visibilitychange", () => conn.kick());
addEventListener("hashchange", () => { if (screen === "board") watch(); draw(); });
setInterval(draw, 500);

api("GET", "/api/v1/me").then(begin, (e) => {
  if (e.login || e.code) screen = "login";
  else setTimeout(() => location.reload(), patience / 6); // the server does not answer, and nobody is here to try again
}).then(draw);
