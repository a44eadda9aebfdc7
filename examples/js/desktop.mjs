// An agent's desktop for a terminal: an example of a client of one's own, written by docs/events.md alone. It shows who calls
// and what can be done, and makes the requests that are typed: an op, and its arguments as JSON where they do not follow from
// what is shown. The end of the input ends it. Node.js 22 or later (20.10 with --experimental-websocket), nothing to install;
// screen.mjs is what the frames add up to, and runs in a browser as it is.
//
//	$ CTID_PASSWORD=… node examples/js/desktop.mjs http://127.0.0.1:8443 ana
//	agent.login
//	agent.ready
//	call.hold
//	agent.wrapup_done {"disposition":"order"}
import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";
import { Hole, Screen } from "./screen.mjs";

const SILENCE = 45_000; // three ticks: a path that says nothing so long is dead
const HOLE = 4002;

class Desktop {
  constructor(base, user, password) {
    Object.assign(this, { base, user, password, token: "" });
    this.id = randomUUID(); // one for each installation: a real program keeps it
    this.screen = new Screen(console.log);
    this.ws = null;
    this.asked = new Map(); // requests without a final answer: id to op
    this.bye = {}; // what the server said before it closed
    this.tries = 0;
    this.n = 0;
  }

  // Comes back after each close, as its code says, until the input has ended.
  async run() {
    for (;;) {
      const code = await this.session();
      if (this.ended) return;
      for (const [id, op] of this.asked) console.log(id, op + ": not sure, the events will tell"); // none is made again by itself
      const wait = this.advice(this.bye.code ?? code);
      console.log(`closed ${code}: back in ${Math.round(wait)} ms`);
      await new Promise((resolve) => { this.wake = resolve; setTimeout(resolve, wait); });
      if (this.ended) return;
    }
  }

  // How many milliseconds to wait after a close, by the hundreds of its code. All waits are random, so that a thousand
  // desktops do not come back as one.
  advice(code) {
    const hundreds = Math.floor(code / 100);
    this.tries++;
    if (code === 1011 || hundreds === 41) return (this.bye.retry_ms ?? 4000) + Math.random() * (this.bye.spread_ms ?? 8000); // later
    if (hundreds === 40) return Math.random() * 1000; // at once
    if (code === 1000 || code === 4202 || hundreds === 43 || hundreds === 44) { // revoked; displaced and the like; a bug of ours
      throw new Error(`closed with ${code}: ${this.bye.text ?? ""}`);
    }
    if (hundreds === 42 && code !== 4201) this.token = ""; // with new credentials; a new ticket is bought each time
    return Math.random() * Math.min(20_000, 500 * 2 ** Math.min(this.tries - 1, 6));
  }

  // One request to the REST API. A server that is not there, or not now, is null; an answer of no is an error.
  async post(path, body) {
    let res;
    try {
      res = await fetch(this.base + path, {
        method: "POST", body: JSON.stringify(body),
        headers: { "Content-Type": "application/json", ...(this.token && { Authorization: "Bearer " + this.token }) },
      });
    } catch {
      return null;
    }
    if (res.status >= 500 || res.status === 429) return null;
    const answer = await res.json();
    if (!res.ok) throw new Error(`${path}: HTTP ${res.status} ${answer.detail ?? ""}`);
    return answer;
  }

  // What opens a websocket: a browser can send no header, so a ticket is bought for each. Null: the path is lost.
  async ticket() {
    for (let fresh = !this.token; ; fresh = true) {
      if (fresh) this.token = (await this.post("/api/v1/login", { user: this.user, password: this.password }))?.token ?? "";
      if (!this.token) return null;
      try {
        return (await this.post("/api/v1/ws-tickets", {}))?.ticket ?? null;
      } catch (e) {
        if (fresh) throw e;
        this.token = ""; // it has ended: log in again
      }
    }
  }

  // The life of one socket: resolves with the code of its end.
  async session() {
    this.asked.clear();
    this.bye = {};
    const ticket = await this.ticket();
    if (this.ended || !ticket) return 1006;
    const ws = new WebSocket(this.base.replace(/^http/, "ws") + "/ws", ["ctid.v1", "ticket." + ticket]);
    return new Promise((resolve) => {
      let silent = 0;
      const end = (code) => { // a dead path may never say that it is closed
        clearTimeout(silent);
        ws.onmessage = ws.onclose = ws.onerror = null;
        if (ws.readyState !== WebSocket.CLOSED) ws.close(code >= 4000 ? code : 1000);
        this.ws = null;
        resolve(code);
      };
      const heard = () => {
        clearTimeout(silent);
        silent = setTimeout(() => end(1006), SILENCE);
      };
      heard();
      ws.onopen = () => {
        if (this.ended) return end(1000);
        this.ws = ws;
        this.send(this.screen.hello("example-js", this.id));
      };
      ws.onmessage = (m) => {
        heard();
        try {
          this.take(JSON.parse(m.data));
        } catch (e) {
          if (!(e instanceof Hole)) throw e;
          end(HOLE);
        }
      };
      ws.onclose = (c) => end(c.code);
      ws.onerror = () => {}; // a close follows
    });
  }

  // Does what a frame asks for.
  take(f) {
    for (const pop of this.screen.take(f)) { // it is on the screen: only now is it acknowledged
      this.send({ k: "ack", pop: pop.pop, rev: pop.rev, what: "shown" });
    }
    if (this.screen.desync) {
      console.log("the screen is not what the server said it would be");
      this.screen.desync = false;
      this.request("snapshot");
    }
    switch (f.k) {
      case "welcome": this.tries = 0; break;
      case "tick": this.send({ k: "tock", n: f.n, visible: true, front: true }); break;
      case "bye": this.bye = f; break;
      case "res": // started says that it is tried; done and failed are final
        console.log(f.id, this.asked.get(f.id) + ":", f.phase, f.error?.code ?? "", f.error?.text ?? "");
        if (f.phase !== "started") this.asked.delete(f.id);
    }
  }

  send(frame) {
    this.ws?.send(JSON.stringify(frame));
  }

  // Makes the request of a typed line, with a key of its own so that it cannot be done twice. While the line is down
  // nothing is kept: what is right now may be wrong then.
  request(typed) {
    if (!this.ws) return console.log("not connected, nothing was sent:", typed);
    const [, op, text] = /^\s*(\S*)\s*(.*)$/.exec(typed);
    let args;
    try {
      args = this.screen.fill(op, JSON.parse(text || "{}"));
    } catch (e) {
      return console.log("nothing was sent:", e.message);
    }
    const id = "r" + ++this.n;
    this.asked.set(id, op);
    this.send({ k: "req", id, op, args, idem: this.id + id });
  }

  stop() {
    this.ended = true;
    this.ws?.close(1000);
    this.wake?.();
  }
}

const [base, user] = process.argv.slice(2);
if (!user || !process.env.CTID_PASSWORD) {
  console.error("usage: CTID_PASSWORD=… node desktop.mjs http://host:port user");
  process.exit(2);
}
const desktop = new Desktop(base, user, process.env.CTID_PASSWORD);
const typed = createInterface({ input: process.stdin });
typed.on("line", (l) => desktop.request(l));
typed.on("close", () => desktop.stop());
try {
  await desktop.run();
  console.log("ended");
} catch (e) {
  console.error("ended:", e.message);
  process.exitCode = 1;
}
process.exit();
