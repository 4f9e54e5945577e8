// A gateway, a network and a clock, as far as the core of the client can tell: what it says and does is known exactly.

import { Core } from "../../../clients/javascript/core.js";

/** Numbers in [0, 1) from a seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const REGISTRY = { fingerprint: "f", contexts: {}, platforms: [] };

/** Sessions that can be resumed, and a record of what was done, which outlives them. */
class Gateway {
  done = []; // ids, in order
  record = new Map(); // answers by id
  logins = []; // what was said in credentials, connect and join
  sessions = 0;
  session = null;
  asks = false; // who clients are
  expires = null;
  stopping = false;

  connected() {
    return { token: null, log: [], last: 0, owed: [] };
  }

  /** The answer is owed until the world says that it comes. */
  take(connection, { id, event, data }) {
    const tell = (ack) => connection.out.push({ id, ack });
    if (event === "authenticate") {
      connection.user = data.token;
      return tell({ user: "u", expires: this.expires });
    }
    if (this.asks && connection.user === undefined) throw new Error("the first frame says who this is");
    if (this.stopping && ["message", "credentials"].includes(event)) {
      return connection.session.owed.push({ id, ack: { ...data, error: "restarting", retry: true } });
    }
    switch (event) {
      case "session":
        this.session = connection.session;
        this.session.token = `token ${(this.sessions += 1)}`;
        tell({ session: "s", token: this.session.token, offset: 0, seconds: 60 });
        break;
      case "resume":
        if (data.token !== this.session?.token || data.offset > this.session.last) return tell({ recovered: false, reason: "unknown" });
        connection.session = this.session;
        tell({ recovered: true, offset: this.session.last });
        connection.out.push(...this.session.log.filter((frame) => frame.offset > data.offset));
        break;
      case "schemas":
        tell(data === "f" ? { fingerprint: "f", unchanged: true } : REGISTRY);
        break;
      case "end":
        this.session = null;
        break;
      default:
        connection.session.owed.push({ id, ack: this.#perform(event, data) });
    }
  }

  #perform(event, data) {
    if (event === "credentials") return (this.logins.push("credentials"), null);
    if (data.type !== "send") return (this.logins.push(data.type), data);
    if (data.refuse) return { ...data, error: "no" };
    if (!this.record.has(data.id)) {
      this.done.push(data.id);
      this.record.set(data.id, data);
    }
    return this.record.get(data.id);
  }

  say(connection, frame) {
    const { session } = connection;
    session.last += 1;
    const numbered = { ...frame, offset: session.last };
    session.log.push(numbered);
    if (connection.open) connection.out.push(numbered);
  }
}

export class World {
  now = 0;
  gateway = new Gateway();
  connection = null;
  opening = false;
  wantsToken = false;
  asked = 0;
  settled = new Map();
  emitted = [];
  submitted = [];
  said = [];

  constructor(seed, options) {
    this.random = random(seed);
    this.core = new Core(options);
    this.perform(this.core.start(this.now));
  }

  perform(effects) {
    for (const effect of effects) {
      if (effect.do === "token") this.wantsToken = true;
      else if (effect.do === "open") this.opening = true;
      else if (effect.do === "send") this.connection.in.push(effect.frame);
      else if (effect.do === "drop") this.connection = null;
      else if (effect.do === "emit") this.emitted.push(effect);
      else this.settled.set(effect.key, [...(this.settled.get(effect.key) ?? []), effect]);
    }
  }

  submit(event, data, within = 60_000) {
    const key = this.submitted.push({ event, data });
    this.perform(this.core.submit(key, event, data, this.now, this.now + within));
    return key;
  }

  /** The application gives the token that it was asked for. */
  token() {
    if (!this.wantsToken) return;
    this.wantsToken = false;
    this.perform(this.core.token(`token ${(this.asked += 1)}`, this.now));
  }

  tokenless() {
    this.wantsToken = false;
    this.perform(this.core.tokenless("away", this.now, this.random()));
  }

  open() {
    if (!this.opening) return;
    this.opening = false;
    this.connection = { open: true, in: [], out: [], session: this.gateway.connected() };
    this.perform(this.core.opened(this.now));
  }

  /** One frame arrives at the gateway, or one at the client; or an answer that is owed is given. */
  up() {
    const frame = this.connection?.in.shift();
    if (frame) this.gateway.take(this.connection, frame);
  }

  down() {
    const frame = this.connection?.out.shift();
    if (frame) this.perform(this.core.received(frame, this.now));
  }

  answer() {
    const session = this.connection?.session ?? this.gateway.session;
    const owed = session?.owed.shift();
    if (owed) this.gateway.say({ out: [], ...this.connection, session, open: this.connection !== null }, owed);
  }

  speak() {
    if (this.connection?.session.token == null) return;
    const number = this.said.length;
    this.said.push(number);
    this.gateway.say(this.connection, { event: "message", data: { number } });
  }

  /** What is under way is lost, both ways. */
  cut(code = 1006) {
    if (this.connection === null && !this.opening) return;
    this.connection = null;
    this.opening = false;
    this.perform(this.core.lost(code, "", this.now, this.random()));
  }

  /** The gateway is another one, which knows what was done. */
  restart() {
    this.gateway.session = null;
    this.gateway.stopping = false;
    this.cut();
  }

  pass(milliseconds) {
    this.now += milliseconds;
    if (this.now >= this.core.wakeAt) this.perform(this.core.tick(this.now, this.random()));
  }

  /** Until nothing is under way any more, with everything in order. */
  settle() {
    if (this.gateway.stopping) this.restart();
    for (let step = 0; step < 500; step += 1) {
      this.token();
      this.open();
      while (this.connection?.in.length || this.connection?.out.length || this.connection?.session.owed.length) {
        this.up();
        this.answer();
        this.down();
      }
      if (this.core.state === "ready" && this.core.pending === 0) return;
      this.pass(250);
    }
    throw new Error(`not settled: ${this.core.state}, ${this.core.pending} pending`);
  }

  outcome(key) {
    return this.settled.get(key)?.[0];
  }
}
