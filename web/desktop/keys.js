// @ts-check
// The keyboard: Alt+Shift and a key press the button that is on the screen, so that they can do what can be done and no more.

/** @typedef {{code: string, key: string, word: string, ops: string[]}} Key */

/** @type {Key[]} */
export const keys = [
  { code: "KeyY", key: "Y", word: "answer", ops: ["call.answer"] },
  { code: "KeyN", key: "N", word: "reject", ops: ["call.reject"] },
  { code: "KeyH", key: "H", word: "hold", ops: ["call.hold", "call.retrieve"] },
  { code: "KeyC", key: "C", word: "consult", ops: ["call.consult"] },
  { code: "KeyB", key: "B", word: "blind", ops: ["call.transfer_blind"] },
  { code: "KeyM", key: "M", word: "merge", ops: ["call.conference"] },
  { code: "KeyS", key: "S", word: "swap", ops: ["call.swap"] },
  { code: "KeyT", key: "T", word: "complete", ops: ["call.transfer_complete"] },
  { code: "KeyZ", key: "Z", word: "cancel", ops: ["call.transfer_cancel"] },
  { code: "KeyX", key: "X", word: "hangup", ops: ["call.hangup"] },
  { code: "KeyR", key: "R", word: "state", ops: ["agent.ready", "agent.pause"] },
];

/** Keys that lead somewhere instead of doing something. @type {Record<string, {key: string, word: string, to: string}>} */
export const places = {
  KeyW: { key: "W", word: "wrap", to: ".wrap select, .wrap textarea" },
  KeyD: { key: "D", word: "dial", to: ".dial input" },
};

/** @param {string} op */
export function shortcutOf(op) {
  const k = keys.find((x) => x.ops.includes(op));
  return k ? "Alt+Shift+" + k.key : null;
}

const store = "ctid.keys";

/** The one switch: off means that no key does anything. */
export const isOn = () => tried(() => localStorage.getItem(store) !== "off", true);

/** @param {boolean} on */
export const turn = (on) => tried(() => localStorage.setItem(store, on ? "on" : "off"), undefined);

/** @template T @param {() => T} f @param {T} otherwise @returns {T} otherwise where storage is off */
function tried(f, otherwise) {
  try {
    return f();
  } catch {
    return otherwise;
  }
}

/** The card that has the focus, or the first one. @returns {?Element} */
const current = () => document.activeElement?.closest(".call") ?? document.querySelector(".call");

/** Does what a key says. @param {KeyboardEvent} e */
export function pressed(e) {
  if (!e.altKey || !e.shiftKey || e.ctrlKey || e.metaKey || !isOn()) return;
  const nth = /^Digit([1-9])$/.exec(e.code);
  const place = places[e.code];
  const button = find(keys.find((k) => k.code === e.code)?.ops ?? []);
  const to = /** @type {?HTMLElement} */ (nth ? document.querySelectorAll(".call")[Number(nth[1]) - 1] : place ? document.querySelector(place.to) : null);
  if (!button && !to) return;
  e.preventDefault();
  to?.focus();
  button?.click();
}

/** The button of the first op that can be done: of the current call, else of any. @param {string[]} ops @returns {?HTMLElement} */
function find(ops) {
  for (const where of [current(), document]) {
    for (const op of ops) {
      const b = where?.querySelector(`button[data-op="${op}"]:not(:disabled)`);
      if (b) return /** @type {HTMLElement} */ (b);
    }
  }
  return null;
}
