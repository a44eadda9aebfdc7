// @ts-check
// The telephone in the page. It registers with Asterisk, rings, and picks up when the desktop says that the agent's answer
// is under way, or by itself when the call asks for that. What becomes of calls is ctid's alone: this is only the handset.

import { Bell } from "./bell.js";

// Loaded when there is a need of it. The name is no literal, so that nobody looks for types in the bundle.
const bundle = "./vendor/jssip.js";

/**
 * @typedef {{kind: string, uri: string, server: string, user: string, password: string, expires_in: number, ice?: RTCIceServer[]}} Account
 *   as GET /api/v1/me/phone gives it; all but kind is there for the kind web only
 * @typedef {"off"|"starting"|"ready"|"lost"|"elsewhere"|"mic"} State
 *   off: not in this page, or not in this tab; elsewhere: another desktop has the agent's seat; mic: there is no microphone
 * @typedef {{session: any, leg: string, answered: boolean, ice: number}} Handset one call of this telephone; session is JsSIP's
 */

const header = "X-Ctid-Leg"; // names the leg of a call
const retry = 2000; // ms
const patience = 5000; // ms that an answer waits for its call to arrive here

export class Softphone {
  /**
   * @param {{account: () => Promise<Account>, changed: () => void}} opts account gets a new password; changed is called
   *   when what is shown of the telephone may have changed
   */
  constructor(opts) {
    this.opts = opts;
    this.on = false;
    this.inPage = false; // once it is known that the agent's telephone is in the page
    /** @type {State} */
    this.state = "off";
    this.why = ""; // words on state
    this.blocked = false; // the browser plays no sound before somebody has touched the page
    this.level = 0; // of the microphone in a call, 0 to 1
    this.deaf = 0; // for how many seconds of a call no voice has arrived
    this.mic = stored();
    /** @type {{id: string, label: string}[]} */
    this.mics = [];
    this.round = 0; // numbers the starts, so that what an old one still does is ignored
    /** @type {any} */
    this.ua = null;
    /** @type {RTCIceServer[]} */
    this.ice = [];
    /** @type {Set<Handset>} */
    this.calls = new Set();
    this.awaited = "";
    this.awaitTimer = 0;
    this.timer = 0; // of the next try
    this.renewal = 0;
    this.watch = 0;
    this.leftover = 0;
    this.bell = new Bell();
    this.audio = new Audio();
    this.audio.autoplay = true;
    /** @type {?WakeLockSentinel} */
    this.awake = null;
  }

  /** Whether a call is answered here. */
  get talking() {
    return [...this.calls].some((c) => c.answered);
  }

  /** Says whether this tab is to be the telephone. @param {boolean} on */
  run(on) {
    if (on === this.on) return;
    this.on = on;
    if (on) this.start();
    else this.stop();
  }

  /** Tries at once: the network is back, or the microphone is allowed now. */
  kick() {
    if (this.state !== "lost" && this.state !== "elsewhere" && this.state !== "mic") return;
    if (this.ua) this.ua.transport.connect(); // which then registers
    else this.start();
  }

  async start() {
    const round = ++this.round;
    clearTimeout(this.timer);
    try {
      const account = await this.opts.account();
      if (round !== this.round) return;
      this.inPage = account.kind === "web";
      if (!this.inPage) return this.set("off");
      this.set("starting");
      const jssip = await import(bundle);
      await this.askMic();
      if (round === this.round) this.connect(jssip, account, round);
    } catch (e) {
      if (round === this.round) this.failed(e, () => this.start());
    }
  }

  /** @param {any} e @param {() => void} again */
  failed(e, again) {
    if (e instanceof NoMicrophone) return this.set("mic", e.message);
    if (e.code === "seat_taken") this.set("elsewhere");
    else if (this.inPage) this.set("lost", e.message);
    clearTimeout(this.timer);
    this.timer = setTimeout(again, 2 * retry);
  }

  /** @param {any} jssip @param {Account} a @param {number} round */
  connect(jssip, a, round) {
    const ua = new jssip.UA({
      sockets: [new jssip.WebSocketInterface(a.server)], uri: a.uri, authorization_user: a.user, password: a.password,
      register_expires: 120, session_timers: false, no_answer_timeout: 600,
      connection_recovery_min_interval: 1, connection_recovery_max_interval: 5,
    });
    this.ua = ua;
    this.ice = a.ice ?? [];
    const now = (/** @type {(e: any) => void} */ f) => (/** @type {any} */ e) => { if (round === this.round) f(e); };
    ua.on("registered", now(() => this.set("ready")));
    ua.on("unregistered", now(() => this.set("lost")));
    ua.on("disconnected", now(() => this.set("lost")));
    ua.on("registrationFailed", now((e) => this.refused(e, round)));
    ua.on("newRTCSession", now((e) => { if (e.originator === "remote") this.invited(e.session, e.request); }));
    ua.start();
    this.renewLater(a.expires_in, round);
  }

  /** A refusal may mean that the password is no good any more; without an answer it is tried again. @param {any} e @param {number} round */
  refused(e, round) {
    this.set("lost", e.response ? `${e.response.status_code} ${e.response.reason_phrase}` : "");
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      if (round !== this.round || !this.ua.isConnected()) return; // a new connection registers by itself
      if (e.response) this.renew(round);
      else this.ua.register();
    }, retry);
  }

  /** @param {number} life s @param {number} round */
  renewLater(life, round) {
    clearTimeout(this.renewal);
    this.renewal = setTimeout(() => this.renew(round), life * 750);
  }

  /** Gets a new password, and registers with it. @param {number} round */
  async renew(round) {
    try {
      const a = await this.opts.account();
      if (round !== this.round) return;
      this.ua.set("password", a.password);
      this.ua.register();
      this.renewLater(a.expires_in, round);
    } catch (e) {
      if (round === this.round) this.failed(e, () => this.renew(round));
    }
  }

  /**
   * Ends it. A call that is answered here gets no farewell: ctid takes its silence for a lost telephone, and rings the
   * agent again for the same caller where the telephone is then.
   */
  stop() {
    this.round++;
    for (const t of [this.timer, this.renewal, this.awaitTimer, this.leftover]) clearTimeout(t);
    const ua = this.ua;
    this.ua = null;
    if (this.talking) {
      ua?.transport.disconnect();
      for (const c of this.calls) {
        for (const s of c.session.connection?.getSenders() ?? []) s.track?.stop();
        c.session.connection?.close();
      }
    } else ua?.stop(); // it un-registers
    for (const c of this.calls) this.over(c);
    this.set("off");
  }

  /** @param {any} session @param {any} request */
  invited(session, request) {
    /** @type {Handset} */
    const call = { session, leg: request.getHeader(header) ?? "", answered: false, ice: 0 };
    this.calls.add(call);
    session.on("peerconnection", (/** @type {any} */ e) => {
      e.peerconnection.addEventListener("track", (/** @type {RTCTrackEvent} */ t) => this.hear(new MediaStream([t.track])));
    });
    // JsSIP hangs up when the way of the voice is lost, and would end the caller's call with that.
    const hangUp = session.terminate.bind(session);
    session.terminate = (/** @type {any} */ how) => (session.connection?.iceConnectionState === "failed" ? this.anew() : hangUp(how));
    // A STUN server that does not answer would hold up the answer for 10 s; what was found by then has to do.
    session.on("icecandidate", (/** @type {any} */ e) => { call.ice ||= setTimeout(e.ready, 500); });
    session.on("getusermediafailed", () => this.noMic());
    session.on("confirmed", () => this.opts.changed());
    for (const end of ["ended", "failed"]) session.on(end, () => this.over(call));
    if (/answer-after=0/.test(request.getHeader("Call-Info") ?? "") || (call.leg && call.leg === this.awaited)) {
      queueMicrotask(() => this.answer(call)); // behind the "ringing" that is sent when this returns
    } else this.bell.start();
    this.opts.changed();
  }

  /** No voice gets through any more, as when the network has changed: it comes back as after a reload of the page. */
  anew() {
    this.stop();
    if (this.on) this.start();
  }

  /** The microphone is gone: a telephone without one must not be rung. */
  noMic() {
    this.stop();
    this.set("mic");
  }

  /** Picks up the call of a leg, or as soon as it arrives. @param {string} leg */
  pickUp(leg) {
    for (const c of this.calls) if (c.leg === leg) return this.answer(c);
    this.awaited = leg;
    clearTimeout(this.awaitTimer);
    this.awaitTimer = setTimeout(() => { this.awaited = ""; }, patience);
  }

  /** @param {Handset} call */
  answer(call) {
    if (call.answered || !this.calls.has(call)) return;
    call.answered = true;
    this.awaited = "";
    this.bell.stop();
    for (const c of this.calls) if (c !== call && c.answered) end(c); // left over from before a cut
    try {
      call.session.answer({ mediaConstraints: { audio: this.constraints(), video: false }, pcConfig: { iceServers: this.ice } });
    } catch {
      return this.over(call); // it was taken back in this moment
    }
    clearInterval(this.watch);
    this.watch = setInterval(() => this.look(call), 1000);
    navigator.wakeLock?.request("screen").then((lock) => {
      this.awake?.release();
      this.awake = lock;
      if (!this.talking) this.rest();
    }, () => {}); // the page is hidden: it matters less
    this.opts.changed();
  }

  /** @param {Handset} call */
  over(call) {
    if (!this.calls.delete(call)) return;
    clearTimeout(call.ice);
    if (![...this.calls].some((c) => !c.answered)) this.bell.stop();
    if (!this.talking) this.rest();
    this.opts.changed();
  }

  /** Nothing of a call is left. */
  rest() {
    clearInterval(this.watch);
    this.audio.srcObject = null;
    [this.blocked, this.level, this.deaf] = [false, 0, 0];
    this.awake?.release();
    this.awake = null;
  }

  /** Ends all calls here; for when ctid cannot be asked to. */
  hangUp() {
    for (const c of this.calls) end(c);
  }

  /** Presses keys in the call. @param {string} digits 0-9, A-D, * and # */
  keys(digits) {
    for (const c of this.calls) if (c.answered) c.session.sendDTMF(digits, { transportType: "RFC2833" });
  }

  /**
   * Says whether the agent is on a call at all. A call here that outlives that for 3 s is the leftover of one whose end
   * did not get through, and is ended.
   * @param {boolean} may
   */
  expect(may) {
    if (may || !this.talking) {
      clearTimeout(this.leftover);
      this.leftover = 0;
    } else this.leftover ||= setTimeout(() => this.hangUp(), 3000);
  }

  /** @param {MediaStream} stream */
  hear(stream) {
    this.audio.srcObject = stream;
    this.play();
  }

  /** Plays the other's voice; after a click where the browser asks for one. */
  play() {
    this.audio.play().then(() => { this.blocked = false; }, (e) => { this.blocked = e.name === "NotAllowedError"; }).then(() => this.opts.changed());
  }

  /**
   * The counters of the call, null without one.
   * @returns {Promise<?{sent: number, received: number, lost: number, jitter_ms: number, energy: number, level: number, codec: string}>}
   *   sent, received and lost in packets; energy is the sum over all that was heard
   */
  async stats() {
    const pc = [...this.calls].find((c) => c.answered)?.session.connection;
    if (!pc) return null;
    const out = { sent: 0, received: 0, lost: 0, jitter_ms: 0, energy: 0, level: 0, codec: "" };
    /** @type {RTCStatsReport} */
    const report = await pc.getStats();
    report.forEach((r) => {
      if (r.kind !== "audio") return;
      if (r.type === "outbound-rtp") out.sent += r.packetsSent;
      if (r.type === "media-source") out.level = r.audioLevel ?? 0;
      if (r.type !== "inbound-rtp") return;
      out.received += r.packetsReceived;
      out.lost += r.packetsLost;
      out.energy += r.totalAudioEnergy ?? 0;
      out.jitter_ms = Math.round(1000 * (r.jitter ?? 0));
      out.codec = report.get(r.codecId)?.mimeType ?? "";
    });
    return out;
  }

  /** @param {Handset} call */
  async look(call) {
    const had = this.heard;
    const s = await this.stats();
    if (!s || !this.calls.has(call)) return;
    this.heard = s.received;
    this.level = s.level;
    this.deaf = s.received === had ? this.deaf + 1 : 0;
    this.opts.changed();
  }

  heard = 0;

  constraints() {
    return this.mic ? { deviceId: this.mic } : true; // without "exact": one that is gone is replaced
  }

  /** Makes sure of a microphone that this page may use. The browser asks a human the first time. */
  async askMic() {
    if (!navigator.mediaDevices) throw new NoMicrophone("A page without TLS may not use one.");
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: this.constraints() });
      for (const t of stream.getTracks()) t.stop();
    } catch (e) {
      throw new NoMicrophone(/** @type {Error} */ (e).message);
    }
    const all = await navigator.mediaDevices.enumerateDevices();
    this.mics = all.filter((d) => d.kind === "audioinput").map((d) => ({ id: d.deviceId, label: d.label }));
  }

  /** Speaks through another microphone from now on. @param {string} id */
  async choose(id) {
    this.mic = id;
    stored(id);
    const pc = [...this.calls].find((c) => c.answered)?.session.connection;
    const sender = pc?.getSenders().find((/** @type {RTCRtpSender} */ s) => s.track?.kind === "audio");
    if (sender) {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: this.constraints() });
      sender.track?.stop();
      await sender.replaceTrack(stream.getAudioTracks()[0]);
    }
    this.opts.changed();
  }

  /** @param {State} state @param {string} [why] */
  set(state, why = "") {
    this.state = state;
    this.why = why;
    this.opts.changed();
  }
}

class NoMicrophone extends Error {}

/** @param {Handset} call */
function end(call) {
  if (!call.session.isEnded()) call.session.terminate();
}

const place = "ctid.mic";

/** The microphone chosen in this browser. @param {string} [id] keeps it @returns {string} */
function stored(id) {
  try {
    if (id !== undefined) localStorage.setItem(place, id);
    return localStorage.getItem(place) ?? "";
  } catch {
    return id ?? ""; // storage is off
  }
}
