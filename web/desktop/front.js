// @ts-check
// One tab of a browser is the front one: the one that holds the Web Lock ctid-front. When it closes, the lock passes on
// by itself. A tab that the browser has frozen keeps its lock but answers nothing, so a tab that asks and hears nothing
// takes the lock away from it.

const lock = "ctid-front";

export class Front {
  /**
   * @param {() => void} changed called when this tab has become the front one, or no longer is
   * @param {number} [patience] how long an answer may take, in milliseconds
   */
  constructor(changed, patience = 5000) {
    this.changed = changed;
    this.patience = patience;
    this.held = false;
    this.asked = 0; // when the question went out that has no answer yet
    this.queue = new AbortController();
    /** @type {?BroadcastChannel} */
    this.channel = null;
  }

  start() {
    if (!navigator.locks) {
      this.set(true); // without locks each tab claims to be in front and the server chooses
      return;
    }
    this.channel = new BroadcastChannel(lock);
    // Messages reach even a frozen tab, but its timers stand still: so the answer goes by a timer. In a background tab
    // the timers that a page sets for itself may be held back for a minute, but not one set by a message.
    this.channel.onmessage = (m) => {
      if (m.data === "who") setTimeout(() => { if (this.held) this.channel?.postMessage("me"); });
      if (m.data === "me") this.asked = 0;
    };
    setInterval(() => this.ask(), this.patience);
    this.wait();
  }

  /** Stands in line for the lock. */
  wait() {
    this.queue = new AbortController();
    const { signal } = this.queue;
    navigator.locks.request(lock, { signal }, () => this.keep()).catch(() => { if (!signal.aborted) this.lost(); });
  }

  /** Holds the lock as long as the page lives. @returns {Promise<void>} */
  keep() {
    this.asked = 0;
    this.set(true);
    return new Promise(() => {});
  }

  /** The lock was taken away: this tab was frozen. */
  lost() {
    this.set(false);
    this.wait();
  }

  ask() {
    if (this.held) return;
    const late = Date.now() - this.asked;
    if (this.asked && late < 1.5 * this.patience) { // else it is this tab that has slept
      this.queue.abort();
      navigator.locks.request(lock, { steal: true }, () => this.keep()).catch(() => this.lost());
      return;
    }
    this.asked = Date.now();
    this.channel?.postMessage("who");
  }

  /** @param {boolean} held */
  set(held) {
    this.held = held;
    this.changed();
  }
}
