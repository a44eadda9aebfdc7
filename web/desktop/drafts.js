// @ts-check
// What an agent has typed into a wrap-up and not yet handed in outlives a reload of the page. It stays in this tab's
// sessionStorage, until it is handed in, the agent logs out or somebody else logs in.

const prefix = "ctid.wrap.";
const owner = "ctid.wrap-owner";

/** @typedef {Record<string, string>} Draft what each input held, by its name */

/** @template T @param {T} otherwise @param {(s: Storage) => T} f @returns {T} otherwise where storage is off or full */
function tried(otherwise, f) {
  try {
    return f(sessionStorage);
  } catch {
    return otherwise;
  }
}

/** @param {string} wrap @returns {?Draft} */
export const load = (wrap) => tried(null, (s) => JSON.parse(s.getItem(prefix + wrap) ?? "null"));

/** @param {string} wrap @param {Draft} d */
export const save = (wrap, d) => tried(undefined, (s) => s.setItem(prefix + wrap, JSON.stringify(d)));

/** @param {string} wrap */
export const drop = (wrap) => tried(undefined, (s) => s.removeItem(prefix + wrap));

/** Forgets all drafts. */
export function wipe() {
  tried(undefined, (s) => {
    for (const k of Object.keys(s)) if (k.startsWith(prefix)) s.removeItem(k);
    s.removeItem(owner);
  });
}

/** Says whose drafts these are; those of somebody else are forgotten. @param {string} user */
export function belong(user) {
  tried(undefined, (s) => {
    if (s.getItem(owner) === user) return;
    wipe();
    s.setItem(owner, user);
  });
}
