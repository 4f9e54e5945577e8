// Drives the @sockethub/client that people install from npm against a gateway: node client.mjs URL SCENARIO [TRANSPORT]
// With the transport `ours` it is what the gateway serves at /socket.io.js and /sockethub-client.js instead.
// Prints one JSON object with what happened.

import { createRequire } from "node:module";

const [url, scenario, transport = "websocket"] = process.argv.slice(2);
const { io, SockethubClient } = await (transport === "ours" ? served() : installed());

async function installed() {
  globalThis.global ??= globalThis; // what the client is built for
  const { io } = await import("socket.io-client");
  const imported = await import("@sockethub/client");
  const candidates = [imported.default, imported.default?.default, globalThis.SockethubClient];
  return { io, SockethubClient: candidates.find((candidate) => typeof candidate === "function") };
}

async function served() {
  const require = createRequire(import.meta.url);
  globalThis.WebSocket ??= createRequire(require.resolve("socket.io-client"))("ws").WebSocket; // node 20 has none
  await import("../../../clients/javascript/upstream/socket.io.js");
  await import("../../../clients/javascript/upstream/sockethub-client.js");
  return globalThis;
}

const transports = transport === "both" ? ["polling", "websocket"] : [transport];
const DEADLINE_MS = 15_000;

function within(promise, what) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not in time: ${what}`)), DEADLINE_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const socket = io(url, { path: "/sockethub", transports, reconnectionDelay: 50 });
const client = new SockethubClient(socket);
client.debug = false;

const ask = (event, data) => within(new Promise((resolve) => client.socket.emit(event, data, resolve)), event);
const next = (event) => within(new Promise((resolve) => client.socket.once(event, resolve)), event);
const alice = { id: "alice", type: "person", name: "Alice" };
const said = (type, content) => ({ type, context: "dummy", actor: alice, object: { type: "message", content } });

const scenarios = {
  async verbs() {
    return {
      echo: await ask("message", said("echo", "hello")),
      greet: await ask("message", said("greet", "world")),
      fail: await ask("message", said("fail", "on purpose")),
    };
  },
  async order() {
    const order = [];
    const acks = [];
    for (let number = 0; number < 50; number += 1) {
      acks.push(ask("message", said("echo", String(number))).then((ack) => order.push(ack.object.content)));
    }
    await Promise.all(acks);
    return { order };
  },
  async errors() {
    return {
      platform: await ask("message", { ...said("echo", "x"), context: "nope" }),
      verb: await ask("message", said("nope", "x")),
      schema: await ask("message", { ...said("echo", "x"), object: { type: "message", content: 3 } }),
      extra: await ask("message", { ...said("echo", "x"), foo: "bar" }),
      missing: await ask("message", { type: "connect", context: "irc", actor: { id: "bob@irc.example", type: "person" } }),
      text: await within(new Promise((resolve) => socket.emit("message", "hello", resolve)), "text"),
    };
  },
  async silent() {
    client.socket.emit("message", said("fail", "nobody asked"));
    const failure = await next("message");
    client.socket.emit("message", said("echo", "nobody asked"));
    return { failure, result: await next("message") };
  },
  async objects() {
    const created = await ask("activity-object", alice);
    const refused = await ask("activity-object", { name: "nameless" });
    const echo = await ask("message", { ...said("echo", "by id"), actor: "alice" });
    return { created: created ?? null, refused, echo };
  },
  async schemas() {
    const registry = await within(new Promise((resolve) => socket.emit("schemas", undefined, resolve)), "schemas");
    const again = await within(new Promise((resolve) => socket.emit("schemas", registry.fingerprint, resolve)), "again");
    socket.emit("schemas");
    const emitted = await within(new Promise((resolve) => socket.once("schemas", resolve)), "event");
    return { registry, again, emitted };
  },
  async irc() {
    const { nick, server, port, room } = JSON.parse(process.argv[5]);
    const me = { id: `${nick}@${server}`, type: "person", name: nick };
    const there = { id: `${server}/${room}`, type: "room", name: room };
    const irc = (type, more = {}) => ({ type, context: "irc", actor: me.id, ...more });
    const heard = [];
    client.socket.on("message", (message) => heard.push(message));
    const hears = (content) =>
      within(
        new Promise((resolve) => {
          const timer = setInterval(() => {
            const found = heard.find((message) => message.object?.content === content);
            if (found) resolve((clearInterval(timer), found));
          }, 10);
        }),
        content,
      );

    await ask("activity-object", me);
    await ask("activity-object", there);
    const object = { type: "credentials", nick, server, port, secure: false };
    const credentials = await within(
      new Promise((resolve) => client.socket.emit("credentials", irc("credentials", { object }), (...all) => resolve(all))),
      "credentials",
    );
    const connect = await ask("message", irc("connect"));
    const join = await ask("message", irc("join", { target: there.id }));
    const send = await ask("message", irc("send", { target: there.id, object: { type: "message", content: "hello irc" } }));
    const answer = await hears("hello browser");

    // The connection breaks: the client comes back and says all of it again, without asking for acknowledgements.
    socket.io.engine.close();
    await within(new Promise((resolve) => socket.once("connect", resolve)), "reconnect");
    const again = await ask("message", irc("send", { target: there.id, object: { type: "message", content: "still here" } }));
    return { credentials, connect, join, send, answer, again };
  },
  async stop() {
    // The gateway is told to stop while this is under way.
    const began = within(new Promise((resolve) => socket.on("closing", resolve)), "closing");
    const gone = within(new Promise((resolve) => socket.on("disconnect", resolve)), "disconnect");
    const answer = await ask("message", said("echo", "under way"));
    return { answer, closing: await began, gone: await gone };
  },
  async replay() {
    await ask("activity-object", alice);
    const credentials = {
      type: "credentials",
      context: "irc",
      actor: { id: "replay@irc.example", type: "person" },
      object: { type: "credentials", nick: "replay", server: "irc.example" },
    };
    const acknowledged = await within(
      new Promise((resolve) => client.socket.emit("credentials", credentials, (...args) => resolve(args))),
      "credentials",
    );
    client.socket.emit("message", { type: "connect", context: "irc", actor: { id: "replay@irc.example", type: "person" } });
    const before = socket.id;
    const sent = [];
    const emit = socket.emit.bind(socket);
    socket.emit = (event, ...args) => {
      sent.push(event);
      return emit(event, ...args);
    };
    const back = within(new Promise((resolve) => socket.once("connect", resolve)), "reconnect");
    socket.io.engine.close();
    await back;
    const echo = await ask("message", { ...said("echo", "after"), actor: "alice" });
    return { acknowledged, replayed: sent, renewed: socket.id !== before, echo };
  },
};

try {
  await within(new Promise((resolve, reject) => {
    socket.on("connect", resolve);
    socket.io.on("reconnect_failed", reject);
  }), "connect");
  const report = JSON.stringify(await scenarios[scenario]());
  // Waits until all of it is written: a pipe takes 64 KiB at once.
  await new Promise((resolve) => process.stdout.write(report, resolve));
} finally {
  socket.close();
}
process.exit(0);
