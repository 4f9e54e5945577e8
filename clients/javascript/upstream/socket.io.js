// As much of a Socket.IO client as pages of Sockethub use: the global `io`, over WebSocket, in the namespace "/".
// Written anew from the protocols' descriptions (Engine.IO 4, Socket.IO 5); no part of socket.io-client is in it.
// A page may load socket.io-client 4 instead.

(() => {
  const ENGINE = { open: "0", close: "1", ping: "2", pong: "3", message: "4" };
  const PACKET = { connect: "0", disconnect: "1", event: "2", ack: "3", refused: "4" };
  const OPEN_WITHIN_MS = 20_000;
  /** Packets that wait for a connection. */
  const MOST_WAITING = 1_000;

  class Emitter {
    #listeners = new Map();

    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), { listener, once: false }]);
      return this;
    }

    once(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), { listener, once: true }]);
      return this;
    }

    off(event, listener) {
      if (event === undefined) this.#listeners.clear();
      else if (listener === undefined) this.#listeners.delete(event);
      else this.#listeners.set(event, (this.#listeners.get(event) ?? []).filter((known) => known.listener !== listener));
      return this;
    }

    /** Tells the listeners; those of a socket are told what the server has said. */
    tell(event, ...details) {
      for (const { listener, once } of this.#listeners.get(event) ?? []) {
        if (once) this.off(event, listener);
        listener(...details);
      }
    }
  }
  Object.assign(Emitter.prototype, {
    addEventListener: Emitter.prototype.on,
    removeListener: Emitter.prototype.off,
    removeEventListener: Emitter.prototype.off,
    removeAllListeners: Emitter.prototype.off,
  });

  /** One WebSocket after the other. */
  class Manager extends Emitter {
    engine = null;
    #url;
    #options;
    #tell;
    #wanted = false;
    #failures = 0;
    #timer;
    #silence;

    /** `tell` has `open`, `packet` and `lost`. */
    constructor(url, options, tell) {
      super();
      this.#url = url;
      this.#options = options;
      this.#tell = tell;
    }

    open() {
      this.#wanted = true;
      clearTimeout(this.#timer);
      if (this.engine !== null) return;
      const socket = new WebSocket(this.#url);
      const engine = (this.engine = { transport: { name: "websocket" }, close: () => this.#lost(engine, "transport close") });
      engine.socket = socket;
      this.#expect(engine, OPEN_WITHIN_MS);
      socket.onmessage = ({ data }) => this.engine === engine && this.#packet(engine, String(data));
      socket.onclose = () => this.#lost(engine, "transport close");
      socket.onerror = () => {}; // it is closed next
    }

    write(packet) {
      this.engine.socket.send(ENGINE.message + packet);
    }

    /** The server has let us in. */
    settled() {
      if (this.#failures > 0) this.tell("reconnect", this.#failures);
      this.#failures = 0;
    }

    close(reason) {
      this.#wanted = false;
      clearTimeout(this.#timer);
      if (this.engine !== null) this.#lost(this.engine, reason);
    }

    #packet(engine, text) {
      const body = text.slice(1);
      switch (text[0]) {
        case ENGINE.open: {
          const { pingInterval, pingTimeout } = JSON.parse(body);
          engine.patience = pingInterval + pingTimeout;
          this.#tell.open();
          break;
        }
        case ENGINE.ping:
          engine.socket.send(ENGINE.pong);
          break;
        case ENGINE.message:
          this.#tell.packet(body);
          break;
        case ENGINE.close:
          this.#lost(engine, "transport close");
          return;
      }
      if (this.engine === engine) this.#expect(engine, engine.patience ?? OPEN_WITHIN_MS);
    }

    #expect(engine, within) {
      clearTimeout(this.#silence);
      this.#silence = setTimeout(() => this.#lost(engine, "ping timeout"), within);
    }

    #lost(engine, reason) {
      if (this.engine !== engine) return;
      this.engine = null;
      clearTimeout(this.#silence);
      engine.socket.close();
      this.#tell.lost(reason);
      if (!this.#wanted || !this.#options.reconnection) return;
      const { reconnectionDelay, reconnectionDelayMax, randomizationFactor, reconnectionAttempts } = this.#options;
      if (this.#failures >= reconnectionAttempts) {
        this.tell("reconnect_failed");
        return;
      }
      const pause = Math.min(reconnectionDelay * 2 ** this.#failures, reconnectionDelayMax);
      this.#failures += 1;
      this.#timer = setTimeout(() => {
        this.tell("reconnect_attempt", this.#failures);
        this.open();
      }, pause * (1 + randomizationFactor * (2 * Math.random() - 1)));
    }
  }

  class Socket extends Emitter {
    id = undefined;
    connected = false;
    #options;
    #lastAck = -1;
    #acks = new Map();
    #waiting = [];

    constructor(url, options) {
      super();
      this.#options = options;
      this.io = new Manager(url, options, {
        open: () => this.#enter(),
        packet: (text) => this.#packet(text),
        lost: (reason) => this.#lost(reason),
      });
    }

    get disconnected() {
      return !this.connected;
    }

    connect() {
      this.io.open();
      return this;
    }

    disconnect() {
      if (this.connected) this.io.write(PACKET.disconnect);
      this.io.close("io client disconnect");
      return this;
    }

    /** Says something; a function at the end is called with the answer. While there is no connection, it waits. */
    emit(event, ...details) {
      const last = details.at(-1);
      const ack = typeof last === "function" ? details.pop() : undefined;
      const send = () => {
        const id = ack === undefined ? "" : (this.#lastAck += 1);
        if (ack !== undefined) this.#acks.set(id, ack);
        this.io.write(PACKET.event + id + JSON.stringify([event, ...details]));
      };
      if (this.connected) send();
      else if (this.#waiting.length < MOST_WAITING) this.#waiting.push(send);
      else throw new Error(`more than ${MOST_WAITING} packets wait for a connection`);
      return this;
    }

    emitWithAck(event, ...details) {
      return new Promise((resolve) => this.emit(event, ...details, resolve));
    }

    #enter() {
      const { auth } = this.#options;
      const enter = (given) => this.io.write(PACKET.connect + (given === undefined ? "" : JSON.stringify(given)));
      if (typeof auth === "function") auth(enter);
      else enter(auth);
    }

    #packet(text) {
      const [, kind, id, body] = /^(\d)(\d*)(.*)$/s.exec(text);
      const detail = body === "" ? undefined : JSON.parse(body);
      switch (kind) {
        case PACKET.connect:
          this.id = detail.sid;
          this.connected = true;
          this.io.settled();
          for (const send of this.#waiting.splice(0)) send();
          this.tell("connect");
          break;
        case PACKET.event: {
          const answer = (...given) => this.io.write(PACKET.ack + id + JSON.stringify(given));
          this.tell(...detail, ...(id === "" ? [] : [answer]));
          break;
        }
        case PACKET.ack: {
          const ack = this.#acks.get(Number(id));
          this.#acks.delete(Number(id));
          ack?.(...detail);
          break;
        }
        case PACKET.disconnect:
          this.io.close("io server disconnect");
          break;
        case PACKET.refused:
          this.tell("connect_error", new Error(detail?.message ?? "refused"));
          this.io.close("io server disconnect");
      }
    }

    #lost(reason) {
      this.#acks.clear(); // whoever waits for these is never called, as with socket.io-client
      if (!this.connected) {
        if (reason !== "io server disconnect") this.tell("connect_error", new Error(reason));
        return;
      }
      this.connected = false;
      this.id = undefined;
      this.tell("disconnect", reason);
    }
  }
  Object.assign(Socket.prototype, {
    open: Socket.prototype.connect,
    close: Socket.prototype.disconnect,
    send(...details) {
      return this.emit("message", ...details);
    },
  });

  const DEFAULTS = {
    path: "/socket.io",
    autoConnect: true,
    reconnection: true,
    reconnectionAttempts: Infinity,
    reconnectionDelay: 1_000,
    reconnectionDelayMax: 5_000,
    randomizationFactor: 0.5,
  };

  function io(address, given) {
    const options = { ...DEFAULTS, ...(typeof address === "object" && !(address instanceof URL) ? address : given) };
    const base = globalThis.location?.href;
    const url = new URL(typeof address === "object" && !(address instanceof URL) ? base : (address ?? base), base);
    if (typeof address === "string" && url.pathname !== "/") throw new Error(`no namespace ${url.pathname} here, only /`);
    url.protocol = url.protocol.replace(/^http/, "ws");
    url.pathname = `${options.path.replace(/\/$/, "")}/`;
    url.search = new URLSearchParams({ ...options.query, EIO: "4", transport: "websocket" });
    url.hash = "";
    const socket = new Socket(url.href, options);
    if (options.autoConnect) socket.connect();
    return socket;
  }

  globalThis.io = Object.assign(io, { io, connect: io });
})();
