// @ts-check
// Words and numbers for people. The server sends codes; words are made here, from the table of the page's language.
import { en } from "./en.js";

/** @type {Record<string, Record<string, string>>} */
const tables = { en };
const lang = document.documentElement.lang;
const table = tables[lang] ?? en;

/** The words of a key, with values in their places. @param {string} key @param {Record<string, any>} [values] @returns {string} */
export function t(key, values = {}) {
  return (table[key] ?? en[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** As t, but the values are elements: for a sentence with a clock in it. @param {string} key @param {Record<string, any>} values @returns {any[]} */
export function parts(key, values) {
  return (table[key] ?? en[key] ?? key).split(/\{(\w+)\}/).map((x, i) => (i % 2 ? values[x] : x));
}

/** The word for a code of a kind; one that is not known yet is shown as it came. @param {string} kind @param {string} code */
const word = (kind, code) => (Object.hasOwn(en, `${kind}.${code}`) ? t(`${kind}.${code}`) : code);

/** @param {string} s */
export const stateWord = (s) => word("state", s);
/** @param {string} s */
export const callWord = (s) => word("callstate", s);
/** @param {string} s */
export const consultWord = (s) => word("consult", s);
/** @param {string} s */
export const endWord = (s) => word("end", s);
/** @param {string} s */
export const kindWord = (s) => word("kind", s);
/** @param {string} s */
export const matchWord = (s) => word("match", s);
/** @param {string} s */
export const doingWord = (s) => word("doing", s);
/** @param {{role: string, state: string, mode?: string}} l */
export const legWord = (l) => [word("role", l.role), l.mode ? word("mode", l.mode) : word("legstate", l.state)].filter(Boolean).join(", ");

/** One of an agent's telephones. @param {{name: string, kind?: string}} d */
export const deviceWord = (d) => (d.name === "main" && d.kind ? word("device", d.kind) : plain(d.name));

/** What went wrong, in words. @param {string} code @param {string} text the server's own sentence */
export const errorWord = (code, text) => (Object.hasOwn(en, "error." + code) ? t("error." + code, { text: plain(text) }) : plain(text));

/** @param {string|undefined} code @param {{code: string, label: string}[]} codes */
export function reasonWord(code, codes) {
  if (!code) return "";
  return codes.find((c) => c.code === code)?.label ?? word("reason", code);
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
  const rel = new Intl.RelativeTimeFormat(lang, { numeric: "auto" });
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
  if (!n) return t("number.unknown");
  if (n.kind === "withheld") return t("number.withheld");
  return plain(n.shown || n.e164 || n.raw) || t("number.unknown");
}
