// The shell around the core: sockets, timers, promises, events.

import { Actor } from "./actor.js";
import { Core } from "./core.js";
import { CommandError, NotSentError, OutcomeUnknownError } from "./errors.js";

const ANSWER_WITHIN = 60_000;
/** What the gateway takes by default (gateway.max_message_bytes), with room for the frame; more ends a connection. */
const LONGEST_DATA = 262_144 - 256;
const UNSUPPORTED = 1003;
const NO_GATEWAY = "what answers there is no Sockethub gateway";

const LONGEST_TIMER = 2 ** 31 - 1;
const OPEN = 1;

const ERRORS = { error: CommandError, unknown: OutcomeUnknownError, unsent: NotSentError };

/** A new id for an activity or a message: random, also where a page was not loaded by HTTPS. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function websocketAddress(address) {
  const url = new URL(address, globalThis.location?.href);
  url.protocol = url.protocol.replace(/^http/, "ws");
  if (!/^wss?:$/.test(url.protocol)) throw new TypeError(`${address} is no address such as http://localhost:10550`);
  if (url.pathname.endsWith("/")) url.pathname += "ws";
  return url.href;
}

/** A session with a gateway, which outlives its connections. */
export class Client extends EventTarget {
  #core;
  #url;
  #options;
  #socket = null;
  #timer;
  #lastKey = 0;
  #giveToken;
  #tokenAttempt = 0;
  #effects = [];
  #busy = false;
  #waiting = new Map(); // by key, {resolve, reject, shown}
  #readiness = new Set(); // {resolve, reject} of those who wait for it

  constructor(address, options = {}) {
    super();
    this.#url = websocketAddress(address);
    const { resume, remember, queue, rate, token, ...rest } = options;
    this.#options = { dial: (url) => new WebSocket(url), timeout: ANSWER_WITHIN, ...rest };
    this.#giveToken = typeof token === "function" ? token : () => token;
    const kept = token === undefined || token === null ? "none" : typeof token === "function" ? "fresh" : "same";
    const given = Object.entries({ resume, remember, queue, rate, token: kept }).filter(([, value]) => value !== undefined);
    this.#core = new Core(Object.fromEntries(given));
    globalThis.addEventListener?.("online", this.#online);
    this.#do(this.#core.start(now()));
  }

  /** connecting, ready, waiting (to come back) or closed. */
  get state() {
    return this.#core.state;
  }

  /** What the gateway offers: platforms, their verbs and schemas; null until the client was ready once. */
  get registry() {
    return this.#core.registry;
  }

  /** Resolves once commands are answered; rejects when the client is closed, or not ready within `timeout` ms. */
  ready({ timeout = this.#options.timeout } = {}) {
    if (this.state === "ready") return Promise.resolve();
    if (this.state === "closed") return Promise.reject(new NotSentError("the client is closed"));
    return new Promise((resolve, reject) => {
      const waiter = { resolve, reject };
      const timer = setTimeout(() => {
        this.#readiness.delete(waiter);
        reject(new NotSentError("the gateway cannot be reached"));
      }, timeout);
      waiter.resolve = () => (clearTimeout(timer), resolve());
      waiter.reject = (error) => (clearTimeout(timer), reject(error));
      this.#readiness.add(waiter);
    });
  }

  /** The JSON-LD contexts of a platform, for activities that say `@context`. */
  contextFor(platform) {
    const found = this.registry?.platforms.find(({ id }) => id === platform);
    if (found === undefined) throw new RangeError(this.registry ? `no platform ${platform} here` : "not ready yet");
    return [this.registry.contexts.as, this.registry.contexts.sockethub, found.contextUrl];
  }

  /** Whoever acts on a platform: an id, or an object with `id`, `type` and `name`. */
  as(platform, actor) {
    return new Actor(this, platform, actor);
  }

  /** Fetches what a URL names: a feed, a page. */
  fetch(platform, url, object, options) {
    return this.as(platform, { id: url }).act("fetch", { object }, options);
  }

  /** Submits an activity; resolves with the platform's answer. It is given an `id`, so that it is never done twice. */
  send(activity, options) {
    return this.request("message", { id: `urn:uuid:${newId()}`, ...activity }, options);
  }

  /** Submits credentials; resolves once they are accepted. */
  credentials(activity, options) {
    return this.request("credentials", activity, options);
  }

  /** Submits any event of the plain WebSocket; resolves with its acknowledgement, `timeout` in ms. */
  request(event, data, { timeout = this.#options.timeout } = {}) {
    const shown = withoutSecrets(event, data);
    if (JSON.stringify(data ?? null).length > LONGEST_DATA) {
      return Promise.reject(new NotSentError("longer than the gateway takes", shown));
    }
    const key = ++this.#lastKey;
    return new Promise((resolve, reject) => {
      this.#waiting.set(key, { resolve, reject, shown });
      this.#do(this.#core.submit(key, event, data, now(), now() + timeout));
    });
  }

  /** Lets go of all credentials: a session that cannot be resumed is not logged in again. */
  forget() {
    this.#core.forget();
  }

  /** Ends the session; what has no answer yet is rejected. */
  close() {
    globalThis.removeEventListener?.("online", this.#online);
    this.#do(this.#core.stop());
  }

  #online = () => this.#do(this.#core.hurry(now()));

  // --- Effects --------------------------------------------------------------------------------------------------------

  /** In order, also when a listener asks for something new meanwhile. */
  #do(effects) {
    this.#effects.push(...effects);
    if (this.#busy) return;
    this.#busy = true;
    while (this.#effects.length > 0) this.#perform(this.#effects.shift());
    this.#busy = false;
    clearTimeout(this.#timer);
    const wait = Math.min(this.#core.wakeAt - now(), LONGEST_TIMER);
    if (this.state !== "closed") this.#timer = setTimeout(() => this.#do(this.#core.tick(now(), Math.random())), wait);
  }

  #perform(effect) {
    switch (effect.do) {
      case "token":
        this.#askForToken();
        break;
      case "open":
        this.#open();
        break;
      case "send":
        this.#emit("frame", { way: "out", frame: withoutToken(effect.frame) });
        this.#socket.send(JSON.stringify(effect.frame));
        break;
      case "drop": {
        const socket = this.#socket;
        this.#socket = null;
        socket?.close(effect.code, effect.reason);
        break;
      }
      case "settle":
        this.#settle(effect);
        break;
      case "emit":
        this.#emit(effect.event, effect.detail);
        if (effect.event === "state") this.#tellReadiness(effect.detail);
    }
  }

  #emit(event, detail) {
    this.dispatchEvent(new CustomEvent(event, { detail }));
  }

  async #askForToken() {
    const attempt = (this.#tokenAttempt += 1); // only the last one counts
    let token;
    try {
      token = await Promise.resolve().then(this.#giveToken); // not before whoever gives it has the client
    } catch (error) {
      const reason = `there is no token: ${error?.message ?? error}`;
      if (this.#tokenAttempt === attempt) this.#do(this.#core.tokenless(reason, now(), Math.random()));
      return;
    }
    if (this.#tokenAttempt === attempt) this.#do(this.#core.token(token, now()));
  }

  async #open() {
    const attempt = (this.#socket = { close() {} }); // stands for the socket until there is one
    let socket;
    try {
      socket = await this.#options.dial(this.#url);
    } catch (error) {
      if (this.#socket === attempt) this.#do(this.#core.lost(1006, String(error), now(), Math.random()));
      return;
    }
    if (this.#socket !== attempt) {
      socket.close();
      return;
    }
    this.#socket = socket;
    const own = (work) => (event) => this.#socket === socket && this.#do(work(event));
    socket.onopen = own(() => this.#core.opened(now()));
    socket.onmessage = own(({ data }) => this.#received(data));
    socket.onclose = own(({ code, reason }) => this.#core.lost(code, reason, now(), Math.random()));
    socket.onerror = () => {}; // it is closed next
    if (socket.readyState === OPEN) this.#do(this.#core.opened(now())); // whoever dialled has waited for that
  }

  #received(text) {
    const frame = parsed(text);
    if (frame === null) {
      this.#perform({ do: "drop", code: 1000, reason: "" });
      return this.#core.lost(UNSUPPORTED, NO_GATEWAY, now(), 0);
    }
    this.#emit("frame", { way: "in", frame });
    return this.#core.received(frame, now());
  }

  #settle({ key, kind, value }) {
    const { resolve, reject, shown } = this.#waiting.get(key);
    this.#waiting.delete(key);
    if (kind === "result") resolve(value);
    else reject(new ERRORS[kind](errorText(value), value?.error === undefined ? shown : value));
  }

  #tellReadiness({ state, reason }) {
    if (state !== "ready" && state !== "closed") return;
    for (const { resolve, reject } of this.#readiness) {
      if (state === "ready") resolve();
      else reject(new NotSentError(reason));
    }
    this.#readiness.clear();
  }
}

const now = () => performance.now();

/** A frame; null where it is none. */
function parsed(text) {
  try {
    const frame = JSON.parse(text);
    return typeof frame === "object" && !Array.isArray(frame) ? frame : null;
  } catch {
    return null;
  }
}

/** What may be shown of a frame: who holds a token is its user. */
function withoutToken(frame) {
  return frame.event === "authenticate" ? { ...frame, data: { token: "…" } } : frame;
}

/** What an error may show of what was submitted. */
function withoutSecrets(event, data) {
  if (event === "authenticate") return undefined;
  return event === "credentials" && data ? { ...data, object: { type: "credentials" } } : data;
}

/** Of an answer with an error, or a text. */
const errorText = (value) => value?.error ?? String(value);
