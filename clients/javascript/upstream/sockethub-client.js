// The global `SockethubClient`, as pages written for upstream's client use it, on any Socket.IO socket.
// Written anew from what pages call and what goes over the wire; no part of @sockethub/client is in it.

(() => {
  /** Commands that may wait for a connection, or for their answer. */
  const MOST_WAITING = 256;
  const COMMANDS = new Set(["activity-object", "credentials", "message"]);
  const LOST = "the connection was lost before the answer came";
  const FULL = "too many commands wait for the gateway";

  class Emitter {
    #listeners = new Map();

    on(event, listener) {
      this.#listeners.set(event, [...(this.#listeners.get(event) ?? []), listener]);
      return this;
    }

    once(event, listener) {
      const only = (...details) => (this.off(event, only), listener(...details));
      only.listener = listener;
      return this.on(event, only);
    }

    off(event, listener) {
      const left = (this.#listeners.get(event) ?? []).filter((known) => known !== listener && known.listener !== listener);
      this.#listeners.set(event, listener === undefined ? [] : left);
      return this;
    }

    tell(event, ...details) {
      for (const listener of this.#listeners.get(event) ?? []) listener(...details);
    }
  }
  Object.assign(Emitter.prototype, { addListener: Emitter.prototype.on, removeListener: Emitter.prototype.off });

  const idOf = (entity) => (typeof entity === "string" ? entity : entity?.id);
  const loginOf = ({ context, "@context": contexts, actor }) => JSON.stringify([context ?? contexts, idOf(actor)]);

  /** What pages call `ActivityStreams`: objects that are known by their id. */
  class ActivityStreams extends Emitter {
    #objects = new Map();

    Object = {
      create: (object) => {
        if (typeof object?.id !== "string" || object.id === "") {
          throw new Error('an object needs an id, such as {id: "user@example.com", type: "person"}');
        }
        this.know(object);
        this.tell("activity-object-create", object);
        return object;
      },
      get: (id, expand = false) => this.#objects.get(id) ?? (expand ? { id } : id),
      delete: (id) => this.#objects.delete(id) && (this.tell("activity-object-delete", id), true),
      list: () => this.#objects.keys(),
    };

    /** An activity with its actor and target written out. */
    Stream = (activity) => {
      const whole = { ...activity };
      for (const member of ["actor", "target"]) {
        if (typeof whole[member] === "string") whole[member] = this.Object.get(whole[member], true);
      }
      return whole;
    };

    know(object) {
      if (typeof object?.id === "string") this.#objects.set(object.id, object);
    }

    values() {
      return this.#objects.values();
    }
  }

  class SockethubClient {
    debug = false;
    #credentials = new Map(); // by login, and so on: what is said again after a reconnect
    #connects = new Map();
    #joins = new Map();
    #unanswered = new Map(); // ids of one's own to {event, data, callback}
    #lastId = 0;
    #offline = []; // {event, data, callback}
    #registry = null;
    #readiness = [];

    constructor(socket, _options = {}) {
      if (typeof socket?.emit !== "function") throw new Error("SockethubClient needs a socket: new SockethubClient(io(address))");
      this._socket = socket;
      this.ActivityStreams = new ActivityStreams();
      this.socket = this.#publicSocket();
      this.ActivityStreams.on("activity-object-create", (object) => this.#submit("activity-object", object));
      for (const event of ["connect_error", "error", "closing", "schemas"]) {
        socket.on(event, (...details) => this.socket.tell(event, ...details));
      }
      socket.on("connect", () => this.#connected());
      socket.on("disconnect", (reason) => this.#disconnected(reason));
      socket.on("activity-object", (object) => this.ActivityStreams.Object.create(object));
      socket.on("message", (activity) => this.socket.tell("message", this.ActivityStreams.Stream(activity)));
      if (socket.connected) this.#connected();
    }

    /** Resolves once the gateway has said what it offers. */
    ready() {
      if (this.#registry !== null) return Promise.resolve(this.#offer("known"));
      return new Promise((resolve) => this.#readiness.push(resolve));
    }

    contextFor(platform) {
      const found = this.#registry?.platforms.find(({ id }) => id === platform);
      if (found === undefined) throw new Error(this.#registry === null ? "wait for ready() first" : `no platform ${platform} here`);
      return [this.#registry.contexts.as, this.#registry.contexts.sockethub, found.contextUrl];
    }

    /** Lets go of all credentials: they are not said again after a reconnect. */
    clearCredentials() {
      this.#credentials.clear();
    }

    #publicSocket() {
      const client = this;
      const own = new Emitter();
      return Object.defineProperties(own, {
        connected: { get: () => client._socket.connected },
        id: { get: () => client._socket.id },
        emit: { value: (event, data, callback) => client.#emit(event, data, callback) },
        connect: { value: () => (client._socket.connect(), own) },
        disconnect: { value: () => (client._socket.disconnect(), own) },
      });
    }

    #emit(event, data, callback) {
      if (event === "message" && idOf(data?.actor) === undefined) {
        throw new Error(`an activity needs an actor with an id (${data?.type ?? "no type"})`);
      }
      if (COMMANDS.has(event)) this.#submit(event, data, callback);
      else this._socket.emit(event, data, ...(callback === undefined ? [] : [callback]));
      return this.socket;
    }

    #submit(event, data, callback) {
      const command = { event, data, callback };
      if (this.#offline.length + this.#unanswered.size >= MOST_WAITING) {
        const answer = refused(command, FULL);
        if (callback !== undefined) callback(answer);
        else if (event !== "activity-object") this.socket.tell("message", answer);
        return;
      }
      if (this._socket.connected) this.#send(command);
      else this.#offline.push(command);
      this.#remember(event, data);
    }

    #send({ event, data, callback }) {
      if (callback === undefined) {
        this._socket.emit(event, data);
        return;
      }
      const id = (this.#lastId += 1);
      this.#unanswered.set(id, { event, data, callback });
      this._socket.emit(event, data, (...answer) => {
        if (!this.#unanswered.delete(id)) return;
        // The gateway is about to restart, and did nothing.
        if (answer[0]?.retry === true && answer[0].error !== undefined) this.#offline.push({ event, data, callback });
        else callback(...answer);
      });
    }

    #remember(event, data) {
      const login = data === undefined ? "" : loginOf(data);
      const place = `${login}${idOf(data?.target)}`;
      if (event === "activity-object") this.ActivityStreams.know(data);
      else if (event === "credentials") this.#credentials.set(login, data);
      else if (event === "message" && data.type === "connect") this.#connects.set(login, data);
      else if (event === "message" && data.type === "join") this.#joins.set(place, data);
      else if (event === "message" && data.type === "leave") this.#joins.delete(place);
      else if (event === "message" && data.type === "disconnect") {
        this.#connects.delete(login);
        for (const key of [...this.#joins.keys()]) if (key.startsWith(login)) this.#joins.delete(key);
      }
    }

    #connected() {
      // What waits is in there too; said twice, it is answered twice by the same.
      const waiting = new Set(this.#offline.map(({ data }) => data));
      const again = (event, all) => [...all].filter((data) => !waiting.has(data)).forEach((data) => this._socket.emit(event, data));
      again("activity-object", this.ActivityStreams.values());
      again("credentials", this.#credentials.values());
      again("message", this.#connects.values());
      again("message", this.#joins.values());
      this._socket.emit("schemas", this.#registry?.fingerprint, (answer) => this.#offered(answer));
      for (const command of this.#offline.splice(0)) this.#send(command);
      this.socket.tell("connect");
    }

    #disconnected(reason) {
      const lost = [...this.#unanswered.values()];
      this.#unanswered.clear();
      for (const command of lost) command.callback(refused(command, `outcome: unknown (${LOST})`, { outcome: "unknown" }));
      this.socket.tell("disconnect", reason);
    }

    #offered(answer) {
      const reason = this.#registry === null ? "initial-connect" : "reconnect";
      if (Array.isArray(answer?.platforms)) this.#registry = answer;
      if (this.#registry === null) return;
      const offer = this.#offer(reason);
      for (const resolve of this.#readiness.splice(0)) resolve(offer);
      this.socket.tell("ready", offer);
    }

    #offer(reason) {
      const { version, contexts, platforms } = this.#registry;
      return { state: "ready", reason, sockethubVersion: version, contexts, platforms };
    }
  }

  function refused({ event, data }, error, more = {}) {
    if (event === "activity-object") return error;
    return { ...data, ...(event === "credentials" && { object: { type: "credentials" } }), error, ...more };
  }

  /** With `new` or without. */
  function create(socket, options) {
    return new SockethubClient(socket, options);
  }
  create.prototype = SockethubClient.prototype;
  globalThis.SockethubClient = create;
})();
