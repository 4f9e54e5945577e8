// What the client does, without doing it: no socket, clock, timer or randomness in here. Each input returns a list of
// effects for the shell (client.js); times are milliseconds on any clock that does not jump.
//
//   {do: "token"}                     ask the application for a token; then call token() or tokenless()
//   {do: "open"}                      open a socket; then call opened() or lost()
//   {do: "send", frame}               write a frame to it
//   {do: "drop", code, reason}        close it; lost() is not called for it any more
//   {do: "settle", key, kind, value}  a command has its answer; kind: result, error, unknown, unsent
//   {do: "emit", event, detail}       tell the application

import { Logins } from "./logins.js";

/** A command that was written so long ago is not written again: the gateway remembers answers for 300 s. */
export const RESEND_WITHIN = 240_000;
/** A connection on which nothing was heard for so long is asked for a sign of life … */
export const SILENCE = 30_000;
/** … and given up when none comes; also how long opening one may take. */
export const PATIENCE = 15_000;
export const FIRST_PAUSE = 500;
export const LONGEST_PAUSE = 30_000;
/** After "too many connections from this address" (1013). */
export const CROWDED_PAUSE = 5_000;
/** How long the application may take to give a token. */
export const TOKEN_WITHIN = 60_000;
/** A newer token is asked for so long before the one in use expires, or when a quarter of its time is left … */
export const RENEW_BEFORE = 60_000;
/** … and not more often than this. */
export const RENEW_PAUSE = 1_000;

const UNAUTHENTICATED = 4001;
const EXPIRED = 4003;
/** Close codes after which coming back by itself would do no good: docs/reference/websocket.md. */
const FINAL = new Map([
  [1003, "the gateway takes text frames only"],
  [1009, "a frame was longer than the gateway takes"],
  [UNAUTHENTICATED, "authentication failed"],
  [4009, "another connection has resumed the session"],
]);
const CROWDED = 1013;

export const DEFAULTS = {
  resume: true,
  remember: true,
  /** The gateway takes 256 commands that await their reply. */
  queue: 256,
  /** Events in a second; the gateway's own limit is 100. */
  rate: 90,
  /** Whether the gateway is shown a token: none, one that is always the "same", or one that is "fresh" when asked for. */
  token: "none",
};

export class Core {
  #options;
  #logins = new Logins();
  #phase = "idle"; // idle, waiting, asking, connecting, greeting, catching-up, replaying, ready, closed
  #wakeAt = Infinity; // of phases waiting, asking and connecting
  #token = null; // from when it is given until it is shown
  #renewAt = Infinity;
  #refused = false; // the gateway is about to restart, and has refused a command for that
  #failures = 0;
  #retryAfter = null;
  #heard = 0;
  #probed = null;
  #written = []; // when frames were written, within the last second
  #lastFrame = 0;
  #asked = new Map(); // by frame id: {own: word} or {command}
  #commands = new Map(); // by key, in the order they were submitted
  #replays = [];
  #begun = false;
  #session = null; // {session, token}: what it takes to resume
  #offset = 0;
  #catchUp = 0;

  registry = null;

  constructor(options = {}) {
    this.#options = { ...DEFAULTS, ...options };
  }

  /** connecting, ready, waiting or closed. */
  get state() {
    return ["waiting", "ready", "closed"].includes(this.#phase) ? this.#phase : "connecting";
  }

  /** Commands without an answer. */
  get pending() {
    return this.#commands.size;
  }

  /** When tick() is due; Infinity when there is nothing to wait for. */
  get wakeAt() {
    const times = [this.#wakeAt, ...[...this.#commands.values()].map((command) => command.deadline)];
    if (this.#isOpen) times.push(this.#renewAt, this.#probed === null ? this.#heard + SILENCE : this.#probed + PATIENCE);
    if (this.#written.length >= this.#options.rate) times.push(this.#written[0] + 1_000);
    return Math.min(...times);
  }

  get #isOpen() {
    return ["greeting", "catching-up", "replaying", "ready"].includes(this.#phase);
  }

  // --- Inputs ---------------------------------------------------------------------------------------------------------

  start(now) {
    return this.#connect(now);
  }

  /** A command; it is written now or once that is possible, and settled until `deadline` at the latest. */
  submit(key, event, data, now, deadline) {
    const refusal = this.#refusal();
    if (refusal !== null) return [{ do: "settle", key, kind: "unsent", value: refusal }];
    this.#commands.set(key, { key, event, data, deadline, writtenAt: null, current: false, first: null, last: null });
    return this.#flush(now);
  }

  /** The token that was asked for; what is no text says that there is none. */
  token(value, now) {
    const there = typeof value === "string" && value !== "";
    if (this.#phase === "asking") {
      if (!there) return this.#close("there is no token to show");
      this.#token = value;
      return this.#dial(now);
    }
    return this.#isOpen && there ? [this.#ask("authenticate", { token: value }, now)] : [];
  }

  /** It could not be had; asked again after a pause, or when the one before has expired. */
  tokenless(reason, now, random) {
    if (this.#phase === "asking") return this.#wait(null, reason, now, random);
    return this.#isOpen ? [{ do: "emit", event: "error", detail: { summary: reason } }] : [];
  }

  /** The socket is open. */
  opened(now) {
    if (this.#phase !== "connecting") return [];
    this.#phase = "greeting";
    this.#wakeAt = Infinity;
    this.#heard = now;
    const effects = this.#token === null ? [] : [this.#ask("authenticate", { token: this.#token }, now)];
    this.#token = null;
    if (this.#session === null) return [...effects, ...this.#begin(now, "the session could not be resumed")];
    return [...effects, this.#ask("resume", { ...this.#session, offset: this.#offset }, now)];
  }

  /** A frame came. */
  received(frame, now) {
    if (!this.#isOpen) return [];
    this.#heard = now;
    this.#probed = null;
    if (frame.offset !== undefined) this.#offset = frame.offset;
    const effects = frame.event !== undefined ? this.#event(frame) : this.#answer(frame, now);
    if (this.#phase === "catching-up" && this.#offset >= this.#catchUp) effects.push(...this.#recovered(now));
    return effects;
  }

  /** The socket is closed, or could not be opened. `random` is in [0, 1). */
  lost(code, reason, now, random) {
    if (this.#phase !== "connecting" && !this.#isOpen) return [];
    for (const [id, { own }] of this.#asked) if (own !== undefined) this.#asked.delete(id);
    this.#probed = null;
    this.#written = [];
    for (const command of [...this.#replays, ...this.#commands.values()]) command.current = false;
    this.#token = null;
    this.#renewAt = Infinity;
    this.#refused = false;
    if (FINAL.has(code)) return this.#close(reason || FINAL.get(code), code);
    if (code === EXPIRED && this.#options.token !== "fresh") return this.#close(reason || "the token has expired", code);
    return this.#wait(code, reason || `closed with code ${code}`, now, random);
  }

  /** Time has passed. `random` is in [0, 1). */
  tick(now, random) {
    const effects = [];
    this.#forgetWritten(now);
    for (const command of [...this.#commands.values()]) {
      if (command.deadline <= now) effects.push(...this.#expire(command, "no answer came in time"));
    }
    if (this.#phase === "waiting" && now >= this.#wakeAt) effects.push(...this.#connect(now));
    else if (this.#phase === "asking" && now >= this.#wakeAt) effects.push(...this.tokenless("no token came in time", now, random));
    else if (this.#phase === "connecting" && now >= this.#wakeAt) effects.push(...this.#drop(now, random));
    else if (this.#isOpen) effects.push(...this.#watch(now, random));
    effects.push(...this.#flush(now));
    return effects;
  }

  /** There is a network again, or somebody has asked: do not wait any longer. */
  hurry(now) {
    return this.#phase === "waiting" ? this.#connect(now) : [];
  }

  /** The end: the session is over, and what has no answer is settled. */
  stop() {
    if (this.#phase === "closed") return [];
    const goodbye = this.#isOpen ? [{ do: "send", frame: { event: "end" } }] : [];
    return [...goodbye, { do: "drop", code: 1000, reason: "" }, ...this.#close("the client is closed")];
  }

  /** Say nothing again: no credentials are held from now on. */
  forget() {
    this.#logins.forget();
  }

  // --- The connection -------------------------------------------------------------------------------------------------

  #connect(now) {
    if (this.#options.token === "none") return this.#dial(now);
    this.#phase = "asking";
    this.#wakeAt = now + TOKEN_WITHIN;
    return [this.#state(), { do: "token" }];
  }

  #dial(now) {
    const told = this.#phase === "asking";
    this.#phase = "connecting";
    this.#wakeAt = now + PATIENCE;
    return told ? [{ do: "open" }] : [this.#state(), { do: "open" }];
  }

  #wait(code, reason, now, random) {
    const pause = this.#pause(code, random);
    this.#failures += 1;
    this.#retryAfter = null;
    this.#phase = "waiting";
    this.#wakeAt = now + pause;
    return [this.#state({ reason, retryIn: pause, ...(code !== null && { code }) })];
  }

  /** Whether the gateway is still there. */
  #watch(now, random) {
    if (now >= this.#renewAt) {
      this.#renewAt = Infinity;
      return [{ do: "token" }];
    }
    if (this.#probed !== null) return now >= this.#probed + PATIENCE ? this.#drop(now, random) : [];
    if (now < this.#heard + SILENCE) return [];
    this.#probed = now;
    return [this.#ask("schemas", this.registry?.fingerprint ?? null, now)];
  }

  #drop(now, random) {
    const gone = { do: "drop", code: 4000, reason: "silent for too long" };
    return [gone, ...this.lost(1006, "the gateway was silent for too long", now, random)];
  }

  #pause(code, random) {
    if (this.#retryAfter !== null) return this.#retryAfter * 1_000; // at random already, by the gateway
    const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** this.#failures);
    const pause = this.#failures === 0 ? longest * random : longest * (0.5 + random / 2);
    return code === CROWDED ? pause + CROWDED_PAUSE : pause;
  }

  #close(reason, code) {
    this.#phase = "closed";
    this.#token = null;
    this.#wakeAt = Infinity;
    this.#replays = [];
    this.#logins.forget();
    this.#session = null;
    const effects = [this.#state({ reason, ...(code !== undefined && { code }) })];
    for (const command of [...this.#commands.values()]) effects.push(...this.#expire(command, reason));
    return effects;
  }

  #state(more = {}) {
    return { do: "emit", event: "state", detail: { state: this.state, ...more } };
  }

  // --- Coming back ----------------------------------------------------------------------------------------------------

  /** A new session: everything is said again, then what has no answer. */
  #begin(now, reason) {
    const effects = this.#begun ? [{ do: "emit", event: "anew", detail: { reason } }] : [];
    this.#begun = true;
    this.#session = null;
    this.#offset = 0;
    // Answers to what was asked went to a session that is gone; who one is was asked by the connection.
    for (const [id, { own }] of this.#asked) if (own !== "authenticate") this.#asked.delete(id);
    if (this.#options.resume) effects.push(this.#ask("session", undefined, now));
    effects.push(this.#ask("schemas", this.registry?.fingerprint ?? null, now));
    this.#replays = this.#logins.replays().map((said) => ({ ...said, replay: true, current: false, first: null, last: null }));
    this.#phase = "replaying";
    return [...effects, ...this.#flush(now)];
  }

  #resumed(ack, now) {
    if (ack?.recovered === true) {
      this.#phase = "catching-up";
      this.#catchUp = ack.offset;
      return [];
    }
    return this.#begin(now, ack?.reason ?? ack?.error ?? "refused");
  }

  /** All that was missed is here; what it did not answer may not have arrived. */
  #recovered(now) {
    this.#phase = "replaying";
    const effects = this.registry === null ? [this.#ask("schemas", null, now)] : [];
    return [...effects, ...this.#flush(now), ...this.#readiness()];
  }

  #readiness() {
    if (this.#phase !== "replaying" || this.#replays.length > 0 || this.registry === null) return [];
    this.#phase = "ready";
    this.#failures = 0;
    return [this.#state()];
  }

  // --- Frames ---------------------------------------------------------------------------------------------------------

  #ask(own, data, now) {
    return this.#write(own, data, { own }, now);
  }

  #write(event, data, asker, now) {
    const id = ++this.#lastFrame;
    this.#asked.set(id, asker);
    this.#written.push(now);
    return { do: "send", frame: data === undefined ? { id, event } : { id, event, data } };
  }

  #forgetWritten(now) {
    this.#written = this.#written.filter((at) => at > now - 1_000);
  }

  /** Write what may be written now: replays, then commands, in order. */
  #flush(now) {
    const effects = [];
    if (!["replaying", "ready"].includes(this.#phase) || this.#retryAfter !== null || this.#refused) return effects;
    this.#forgetWritten(now);
    for (const command of [...this.#replays, ...this.#commands.values()]) {
      if (command.current) continue;
      if (this.#written.length >= this.#options.rate) break;
      if (!command.replay && command.writtenAt !== null && now - command.writtenAt > RESEND_WITHIN) {
        effects.push(...this.#expire(command, "the connection was lost for too long"));
        continue;
      }
      command.current = true;
      command.writtenAt ??= now;
      const sent = this.#write(command.event, command.data, { command }, now);
      command.last = sent.frame.id;
      command.first ??= sent.frame.id;
      effects.push(sent);
    }
    return effects;
  }

  #event({ event, data }) {
    if (event === "closing") this.#retryAfter = data.retryAfter;
    return [{ do: "emit", event, detail: data }];
  }

  #answer(frame, now) {
    const asker = this.#asked.get(frame.id);
    if (asker === undefined) {
      return frame.error === undefined ? [] : [{ do: "emit", event: "error", detail: { summary: frame.error } }];
    }
    this.#asked.delete(frame.id);
    if (asker.command !== undefined) return this.#settle(asker.command, frame.id, frame.ack);
    switch (asker.own) {
      case "resume":
        return this.#resumed(frame.ack, now);
      case "session":
        if (typeof frame.ack?.token === "string") this.#session = { session: frame.ack.session, token: frame.ack.token };
        return [];
      case "authenticate":
        return this.#authenticated(frame.ack, now);
      default:
        if (Array.isArray(frame.ack?.platforms)) this.registry = frame.ack;
        return this.#readiness();
    }
  }

  /** Until when the gateway knows who this is; it closes the connection when the token does not hold. */
  #authenticated(ack, now) {
    if (ack?.error !== undefined) return ack.retry ? [] : [{ do: "emit", event: "error", detail: { summary: ack.error } }];
    if (this.#options.token !== "fresh" || typeof ack?.expires !== "number") return [];
    const left = ack.expires * 1_000;
    this.#renewAt = now + Math.max(RENEW_PAUSE, left - Math.min(RENEW_BEFORE, left / 4));
    return [];
  }

  // --- Commands -------------------------------------------------------------------------------------------------------

  #settle(command, frameId, ack) {
    const kind = kindOf(command.event, ack);
    if (kind === "retry") return this.#postpone(command, frameId);
    if (command.replay) return this.#replayed(command, kind, ack);
    if (!this.#commands.has(command.key)) return [];
    // It was written again, and this is the answer to the time before: an error there says nothing of this time.
    if (kind !== "result" && frameId !== command.last) return [];
    this.#commands.delete(command.key);
    this.#remember(command, kind);
    return [{ do: "settle", key: command.key, kind, value: ack ?? null }];
  }

  /** The gateway is about to restart, and did nothing: the command is written on the next connection. */
  #postpone(command, frameId) {
    if (command.current) this.#refused = true;
    if (command.first === frameId) command.first = command.writtenAt = null;
    return [];
  }

  #replayed(command, kind, ack) {
    this.#replays = this.#replays.filter((other) => other !== command);
    if (kind === "error" && command.event === "credentials") this.#logins.refused(command.data);
    const refusal = { activity: ack, error: ack?.error };
    const effects = kind === "result" ? [] : [{ do: "emit", event: "refused", detail: refusal }];
    return [...effects, ...this.#readiness()];
  }

  #remember({ event, data }, kind) {
    if (kind === "result" && this.#options.remember) this.#logins.granted(event, data);
  }

  #refusal() {
    if (this.#phase === "closed") return "the client is closed";
    return this.#commands.size >= this.#options.queue ? "too many commands await their answer" : null;
  }

  #expire(command, why) {
    this.#commands.delete(command.key);
    const kind = command.writtenAt === null ? "unsent" : "unknown";
    return [{ do: "settle", key: command.key, kind, value: why }];
  }
}

function kindOf(event, ack) {
  if (ack?.retry === true && ack.error !== undefined) return "retry";
  if (event === "activity-object") return typeof ack === "string" ? "error" : "result";
  if (ack?.outcome === "unknown") return "unknown";
  return ack?.error === undefined ? "result" : "error";
}
