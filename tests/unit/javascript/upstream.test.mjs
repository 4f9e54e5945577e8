// What pages load as /socket.io.js and /sockethub-client.js, with sockets that the test plays.

import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";

import "../../../clients/javascript/upstream/socket.io.js";
import "../../../clients/javascript/upstream/sockethub-client.js";

const { io, SockethubClient } = globalThis;
const OPEN = '0{"sid":"e","pingInterval":25000,"pingTimeout":20000}';
const sockets = [];

class Socket {
  sent = [];

  constructor(url) {
    this.url = url;
    sockets.push(this);
  }

  send(text) {
    this.sent.push(text);
  }

  close() {
    this.closed = true;
  }

  say(...texts) {
    for (const data of texts) this.onmessage({ data });
  }

  enter() {
    this.say(OPEN, '40{"sid":"s"}');
  }
}

beforeEach(() => {
  globalThis.WebSocket = Socket;
  sockets.length = 0;
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout"] });
});

function heard(emitter, ...events) {
  const told = [];
  for (const event of events) emitter.on(event, (...details) => told.push([event, ...details]));
  return told;
}

// --- io --------------------------------------------------------------------------------------------------------------

test("it enters, says what waited, then is connected; events and answers go both ways", () => {
  const socket = io("http://g.example", { path: "/sockethub", auth: { token: "t" } });
  const told = heard(socket, "connect", "message");
  socket.emit("message", { early: true });
  const [wire] = sockets;
  assert.equal(wire.url, "ws://g.example/sockethub/?EIO=4&transport=websocket");
  wire.say(OPEN);
  assert.deepEqual(wire.sent.splice(0), ['40{"token":"t"}']);
  wire.say('40{"sid":"s"}');
  assert.deepEqual(wire.sent.splice(0), ['42["message",{"early":true}]']);
  assert.equal(socket.id, "s");
  const answers = [];
  socket.emit("message", { a: 1 }, (...answer) => answers.push(answer));
  assert.deepEqual(wire.sent.splice(0), ['420["message",{"a":1}]']);
  wire.say("430[]", '42["message",{"b":2}]', "2");
  assert.deepEqual(answers, [[]]);
  assert.deepEqual(wire.sent, ["3"], "a ping is answered");
  assert.deepEqual(told, [["connect"], ["message", { b: 2 }]]);
  socket.disconnect();
});

test("a connection that is lost, or silent, comes back; one that either side has ended does not", () => {
  const socket = io("http://g.example", { path: "/sockethub", randomizationFactor: 0 });
  const told = heard(socket, "connect", "disconnect", "connect_error");
  const told_io = heard(socket.io, "reconnect");
  sockets[0].enter();
  sockets[0].onclose();
  mock.timers.tick(999);
  assert.equal(sockets.length, 1);
  mock.timers.tick(1);
  sockets[1].onclose();
  mock.timers.tick(2_000);
  sockets[2].enter();
  mock.timers.tick(45_000);
  assert.equal(sockets[2].closed, true);
  mock.timers.tick(1_000);
  sockets[3].enter();
  sockets[3].say("41");
  mock.timers.tick(100_000);
  assert.equal(sockets.length, 4);
  assert.deepEqual(told.map(([event, detail]) => [event, detail?.message ?? detail]), [
    ["connect", undefined],
    ["disconnect", "transport close"],
    ["connect_error", "transport close"],
    ["connect", undefined],
    ["disconnect", "ping timeout"],
    ["connect", undefined],
    ["disconnect", "io server disconnect"],
  ]);
  assert.deepEqual(told_io, [["reconnect", 2], ["reconnect", 1]]);
});

test("listeners are removed, and called once where that was asked", () => {
  const socket = io("http://g.example", { path: "/sockethub" });
  sockets[0].enter();
  const told = [];
  const always = (detail) => told.push(["always", detail]);
  socket.on("x", always).once("x", (detail) => told.push(["once", detail]));
  sockets[0].say('42["x",1]', '42["x",2]');
  socket.off("x", always);
  sockets[0].say('42["x",3]');
  assert.deepEqual(told, [["always", 1], ["once", 1], ["always", 2]]);
  socket.disconnect();
});

test("what waits for a connection is bounded; other namespaces are refused", () => {
  const socket = io("http://g.example", { autoConnect: false });
  assert.throws(() => {
    for (let number = 0; number <= 1_000; number += 1) socket.emit("x", number);
  }, /more than 1000/);
  assert.throws(() => io("http://g.example/admin"), /no namespace/);
});

// --- SockethubClient ---------------------------------------------------------------------------------------------------

/** A socket of any make. */
class Any {
  connected = false;
  sent = [];
  #listeners = {};

  on(event, listener) {
    (this.#listeners[event] ??= []).push(listener);
  }

  emit(event, data, callback) {
    this.sent.push({ event, data, callback });
  }

  come(event, ...details) {
    if (event === "connect") this.connected = true;
    if (event === "disconnect") this.connected = false;
    for (const listener of this.#listeners[event] ?? []) listener(...details);
  }

  said() {
    return this.sent.splice(0).map(({ event, data }) => (data?.type && event === "message" ? data.type : event));
  }
}

const me = { id: "me@s", type: "person", name: "Me" };
const irc = (type, more) => ({ type, context: "irc", actor: me.id, ...more });

function began() {
  const any = new Any();
  const client = SockethubClient(any); // without new, as upstream's README shows
  assert.ok(client instanceof SockethubClient);
  any.come("connect");
  any.said();
  return { any, client };
}

test("what a gateway refuses because it restarts is said again on the next connection, and answered once", () => {
  const { any, client } = began();
  const answers = [];
  client.socket.emit("message", irc("send"), (answer) => answers.push(answer));
  any.sent.splice(0)[0].callback({ ...irc("send"), error: "restarting", retry: true });
  assert.deepEqual(answers, []);
  any.come("disconnect", "transport close");
  any.come("connect");
  const again = any.sent.find(({ data }) => data?.type === "send");
  again.callback({ ...irc("send"), retry: true });
  assert.deepEqual(answers, [{ ...irc("send"), retry: true }], "only an error can be said again");
});

test("after a reconnect it says everything again, and then what was asked for meanwhile", () => {
  const { any, client } = began();
  client.ActivityStreams.Object.create(me);
  client.socket.emit("credentials", irc("credentials", { object: { type: "credentials", nick: "me" } }));
  client.socket.emit("message", irc("connect"));
  client.socket.emit("message", irc("join", { target: "#r" }));
  client.socket.emit("message", irc("join", { target: "#left" }));
  client.socket.emit("message", irc("leave", { target: "#left" }));
  any.said();
  any.come("disconnect", "transport close");
  client.socket.emit("message", irc("send", { target: "#r" }));
  assert.deepEqual(any.said(), []);
  any.come("connect");
  assert.deepEqual(any.said(), ["activity-object", "credentials", "connect", "join", "schemas", "send"]);
  client.clearCredentials();
  any.come("disconnect", "x");
  any.come("connect");
  assert.ok(!any.said().includes("credentials"));
  client.socket.emit("message", irc("disconnect"));
  any.come("disconnect", "x");
  any.said();
  any.come("connect");
  assert.deepEqual(any.said(), ["activity-object", "schemas"]);
});

test("an answer that was lost with the connection is unknown, without the secrets", () => {
  const { any, client } = began();
  const answers = [];
  client.socket.emit("message", irc("send", { object: { content: "x" } }), (answer) => answers.push(answer));
  client.socket.emit("credentials", irc("credentials", { object: { password: "hunter2" } }), (answer) => answers.push(answer));
  const [{ callback }] = any.sent;
  any.come("disconnect", "transport close");
  callback({ late: true });
  assert.deepEqual(answers.map(({ type, outcome }) => [type, outcome]), [["send", "unknown"], ["credentials", "unknown"]]);
  assert.ok(!JSON.stringify(answers).includes("hunter2"));
});

test("too much at once is refused, and that is told", () => {
  const any = new Any();
  const client = new SockethubClient(any);
  const told = heard(client.socket, "message");
  for (let number = 0; number < 256; number += 1) client.socket.emit("message", irc("send"));
  client.socket.emit("message", irc("send"), (answer) => told.push(["answer", answer]));
  client.socket.emit("message", irc("send"));
  assert.deepEqual(told.map(([event, { error }]) => [event, error]), [
    ["answer", "too many commands wait for the gateway"],
    ["message", "too many commands wait for the gateway"],
  ]);
});

test("objects are known by their id, both ways", () => {
  const { any, client } = began();
  const told = heard(client.socket, "message");
  const { Object: objects, Stream } = client.ActivityStreams;
  objects.create(me);
  assert.deepEqual(any.sent.at(-1).data, me);
  assert.throws(() => objects.create({ type: "person" }), /needs an id/);
  assert.equal(objects.get(me.id), me);
  assert.equal(objects.get("other"), "other");
  assert.deepEqual(objects.get("other", true), { id: "other" });
  assert.deepEqual([...objects.list()], [me.id]);
  assert.deepEqual(Stream({ type: "join", actor: me.id, target: "r" }), { type: "join", actor: me, target: { id: "r" } });
  any.come("message", { type: "send", actor: me.id });
  assert.deepEqual(told, [["message", { type: "send", actor: me }]]);
  assert.equal(objects.delete(me.id), true);
  assert.equal(objects.delete(me.id), false);
  assert.throws(() => client.socket.emit("message", { type: "send" }), /needs an actor/);
  assert.throws(() => new SockethubClient({}), /needs a socket/);
});

test("it is ready once the gateway has said what it offers", async () => {
  const any = new Any();
  const client = new SockethubClient(any);
  assert.throws(() => client.contextFor("irc"), /ready/);
  const ready = client.ready();
  any.come("connect");
  const registry = { fingerprint: "f", version: "1", contexts: { as: "a", sockethub: "s" }, platforms: [{ id: "irc", contextUrl: "i" }] };
  any.sent.find(({ event }) => event === "schemas").callback(registry);
  assert.deepEqual(await ready, { state: "ready", reason: "initial-connect", sockethubVersion: "1", contexts: registry.contexts, platforms: registry.platforms });
  assert.deepEqual(client.contextFor("irc"), ["a", "s", "i"]);
  assert.throws(() => client.contextFor("nope"), /no platform/);
  assert.equal((await client.ready()).state, "ready");
  any.come("disconnect", "x");
  any.come("connect");
  assert.equal(any.sent.at(-1).data, "f", "it does not ask for what it has");
});
