// @ts-check
// The page's words and numbers for people. The server sends codes; words are made here.

const states = {
  out: "Off duty", ready: "Ready", reserved: "Ringing", talking: "On a call", wrapup: "Wrap-up", paused: "Paused",
};
const reasons = {
  login: "just logged in", "no-answer": "a call was not answered", rejected: "a call was rejected", "device-busy": "phone busy",
  "device-unreachable": "phone not reachable", "desktop-lost": "this desktop was away", "no-disposition": "no outcome was given",
  pause: "until you press Ready",
};
const callStates = { arrived: "Arrived", queued: "Waiting", offered: "Ringing", talking: "Talking", held: "On hold" };
const ends = { caller: "The caller hung up.", agent: "You hung up.", script: "The call has ended.", system: "The call was ended by the system." };
const kinds = { inbound: "Incoming call", transfer: "Transferred call", consult: "Consultation", callback: "Callback", preview: "Preview", outbound: "Outgoing call" };
const matches = { none: "Unknown caller", one: "Known customer", many: "Several customers fit", pending: "Looking the caller up…", failed: "The look-up failed" };

/** @param {Record<string, string>} table @param {string} code */
const word = (table, code) => (Object.hasOwn(table, code) ? table[code] : code);

/** @param {string} s */
export const stateWord = (s) => word(states, s);
/** @param {string} s */
export const callWord = (s) => word(callStates, s);
/** @param {string} s */
export const endWord = (s) => word(ends, s);
/** @param {string} s */
export const kindWord = (s) => word(kinds, s);
/** @param {string} s */
export const matchWord = (s) => word(matches, s);

/** @param {string|undefined} code @param {{code: string, label: string}[]} codes */
export function reasonWord(code, codes) {
  if (!code) return "";
  return codes.find((c) => c.code === code)?.label ?? word(reasons, code);
}

/** @param {number} ms */
export function clock(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (/** @type {number} */ n) => String(n).padStart(2, "0");
  return s >= 3600 ? `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}` : `${Math.floor(s / 60)}:${two(s % 60)}`;
}

/** @param {string} at @param {number} now */
export function ago(at, now) {
  const d = Date.parse(at);
  if (Number.isNaN(d)) return "";
  const rel = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  const h = (d - now) / 3_600_000;
  if (Math.abs(h) < 1) return rel.format(Math.round(h * 60), "minute");
  if (Math.abs(h) < 36) return rel.format(Math.round(h), "hour");
  return rel.format(Math.round(h / 24), "day");
}

/** Characters that turn the direction of text around: a name with them reads as another one. */
const turning = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** As plain, cut to n characters. @param {any} v @param {number} n */
export function short(v, n) {
  const s = Array.from(plain(v));
  return s.length > n ? s.slice(0, n - 1).join("") + "…" : s.join("");
}

/** Any value as one line of text; never markup. @param {any} v */
export function plain(v) {
  const s = (typeof v === "string" ? v : v === undefined || v === null ? "" : JSON.stringify(v)).replace(turning, "");
  return s.length > 2000 ? s.slice(0, 2000) + "…" : s;
}

/** @param {any} n a number in its forms */
export function numberWord(n) {
  if (!n) return "Unknown number";
  if (n.kind === "withheld") return "Number withheld";
  return plain(n.shown || n.e164 || n.raw) || "Unknown number";
}
