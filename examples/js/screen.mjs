// What the frames add up to, and how far they have come: "Position, resume, snapshot" of docs/events.md.

/** An event is missing. */
export class Hole extends Error {}

export class Screen {
  /** @param {(...words: string[]) => void} say where it is shown */
  constructor(say) {
    this.say = say;
    this.reset("");
  }

  reset(epoch) {
    this.epoch = epoch;
    this.pos = 0;
    this.whole = false; // the snapshot has come whole, so there is something to resume
    this.things = new Map(); // by the names of welcome.revs, such as call:c_1: the newest frame about each
    this.revs = null; // what must be known after replay more events
    this.replay = 0;
    this.desync = false; // it was not: ask for snapshot
  }

  hello(name, id) {
    const f = { k: "hello", client: { name, version: "1", id }, caps: ["pop.ack", "tock"] };
    return this.whole ? { ...f, resume: { epoch: this.epoch, seq: this.pos } } : f;
  }

  // Changes screen and position by a frame, and returns the pops to acknowledge. A state frame is passed over: the newest
  // value overtakes events, so it must not move the position.
  take(f) {
    switch (f.k) {
      case "welcome":
        this.say(`connected resumed=${f.resumed} replay=${f.replay}`);
        if (!f.resumed) this.reset(f.epoch);
        else {
          this.revs = f.revs;
          this.replay = f.replay;
          this.compare();
        }
        return [];
      case "snap": return f.topic === "me" ? this.snap(f) : [];
      case "tick":
        this.pos = Math.max(this.pos, f.seq);
        return [];
      case "event":
        if (f.seq > this.pos) { // else it is a repeat
          if (f.prev > this.pos) throw new Hole();
          this.event(f);
          this.pos = f.seq;
          this.replay--;
          this.compare();
        }
        return f.type === "pop.offered" ? [f] : []; // a repeat, too
      default: return [];
    }
  }

  // Holds the screen against what welcome said would be there after the replay. What is not named has gone from it.
  compare() {
    if (!this.revs || this.replay > 0) return;
    const theirs = this.revs;
    this.revs = null;
    for (const name of this.things.keys()) if (!(name in theirs)) this.things.delete(name);
    this.desync = Object.entries(theirs).some(([name, rev]) => this.things.get(name)?.rev !== rev);
  }

  // Takes a part of a snapshot; the last one makes it count.
  snap({ data, part, last, as_of }) {
    if (part === 1) {
      this.things.clear();
      this.whole = false;
    }
    if (data.agent) this.show("agent:" + data.agent.agent, data.agent.state, data.agent);
    for (const c of data.calls ?? []) this.show("call:" + c.call, c.state, c);
    for (const p of data.pops ?? []) this.show("pop:" + p.pop, words(p.data), p);
    if (last) {
      this.pos = Math.max(this.pos, as_of);
      this.whole = true;
    }
    return (data.pops ?? []).filter((p) => !p.seen);
  }

  // Shows an event, where it is newer than what is known of its thing.
  event(f) {
    const [kind, what] = f.type.split(".");
    const name = kind + ":" + f[kind];
    if (!["agent", "call", "pop"].includes(kind) || f.type === "agent.wrapup_saved") {
      this.say(f.type, JSON.stringify(f.data)); // nothing that buttons hang on
    } else if (f.rev <= (this.things.get(name)?.rev ?? -1)) {
      return;
    } else if (f.type === "call.cleared" || f.type === "pop.closed") {
      this.say(name, what);
      this.things.delete(name);
    } else if (kind === "agent") {
      this.show(name, f.data.state, { ...f.data, rev: f.rev });
    } else if (f.type === "pop.updated") { // the patch is a JSON merge patch of the pop's data
      this.show(name, what + " " + JSON.stringify(f.data.patch), { ...this.things.get(name), rev: f.rev });
    } else {
      this.show(name, kind === "pop" ? words(f.data) : what, f);
    }
  }

  // Shows a thing with what its buttons would be: can, and nothing else. Without can it is as before.
  show(name, text, f) {
    const can = f.can ?? this.things.get(name)?.can ?? [];
    this.things.set(name, { ...f, can });
    this.say(name, text, "can=" + can.join(","));
  }

  // Completes the arguments of a request with what is on the screen: the newest call that can do it, the offer, the wrap-up.
  fill(op, args) {
    const filled = {};
    for (const [name, t] of [...this.things].sort()) {
      if (name.startsWith("call:") && t.can.includes(op)) filled.call = t.call;
      if (name.startsWith("pop:") && ["call.answer", "call.reject"].includes(op)) filled.offer = t.data?.offer;
      if (op === "agent.wrapup_done" && t.wrap) filled.wrap = t.wrap.id;
    }
    return { ...filled, ...args };
  }
}

// A pop for a terminal. It is other people's text: a page shows it as text, never as markup.
function words({ kind, match, ani, dnis, queue }) {
  const who = match.customers.find((c) => c.id === match.chosen)?.name ?? "somebody unknown";
  return `${kind}: ${who}, ${ani.shown || ani.kind}, to ${dnis.label} for ${queue.name}`;
}
