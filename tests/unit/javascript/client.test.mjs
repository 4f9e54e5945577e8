// The shell of the JavaScript client, with sockets that the test plays.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { CommandError, NotSentError, OutcomeUnknownError, connect, newId } from "../../../clients/javascript/sockethub.js";

class Socket {
  sent = [];
  closed = null;

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close(...why) {
    this.closed = why;
  }

  say(frame) {
    this.onmessage({ data: JSON.stringify(frame) });
  }

  /** Answers everything as a gateway does that has one platform. */
  answer(ack = (frame) => frame.data ?? null) {
    for (const frame of this.sent.splice(0)) {
      if (frame.event === "session") this.say({ id: frame.id, ack: { session: "s", token: "t", offset: 0, seconds: 60 } });
      else if (frame.event === "schemas") this.say({ id: frame.id, ack: { fingerprint: "f", contexts: { as: "a", sockethub: "s" }, platforms: [{ id: "irc", contextUrl: "i" }] } });
      else this.say({ id: frame.id, ack: ack(frame) });
    }
  }
}

async function begin(options = {}) {
  const sockets = [];
  const urls = [];
  const client = connect("http://gateway.example/", {
    dial(url) {
      urls.push(url);
      sockets.push(new Socket());
      return sockets.at(-1);
    },
    ...options,
  });
  await turn();
  sockets[0]?.onopen();
  sockets[0]?.answer();
  return { client, sockets, urls };
}

test("the address of the gateway is enough; a path of its own is kept", async () => {
  const { urls, client } = await begin();
  assert.deepEqual(urls, ["ws://gateway.example/ws"]);
  client.close();
  for (const [given, wanted] of [
    ["https://a.example/sub/", "wss://a.example/sub/ws"],
    ["wss://a.example/socket", "wss://a.example/socket"],
  ]) {
    const dialled = new Promise((resolve) => connect(given, { dial: (url) => (resolve(url), new Socket()) }).close());
    assert.equal(await dialled, wanted);
  }
});

test("answers become values and errors of three kinds", async () => {
  const { client, sockets } = await begin();
  await client.ready();
  assert.deepEqual(client.contextFor("irc"), ["a", "s", "i"]);
  assert.throws(() => client.contextFor("nope"), RangeError);
  const room = client.as("irc", "me").room("#r");
  const asked = [room.send("hi"), room.send("no"), room.send("perhaps")];
  sockets[0].answer(({ data }) => {
    if (data.object.content === "hi") return { ...data, done: true };
    return { ...data, error: "[irc] /object/content: no", ...(data.object.content === "perhaps" && { outcome: "unknown" }) };
  });
  const [done, refused, unknown] = await Promise.allSettled(asked);
  assert.equal(done.value.done, true);
  assert.match(done.value.id, /^urn:uuid:/);
  assert.ok(refused.reason instanceof CommandError);
  assert.equal(refused.reason.pointer, "/object/content");
  assert.equal(refused.reason.activity.type, "send");
  assert.ok(unknown.reason instanceof OutcomeUnknownError);
  client.close();
  await assert.rejects(room.send("late"), NotSentError);
  await assert.rejects(client.ready(), NotSentError);
});

test("what a listener asks for is sent after what was under way", async () => {
  const { client, sockets } = await begin();
  client.addEventListener("anew", () => client.request("message", { type: "last" }).catch(() => {}));
  const back = new Promise((resolve) =>
    client.addEventListener("state", ({ detail }) => detail.state === "connecting" && setTimeout(resolve)),
  );
  sockets[0].onclose({ code: 1006, reason: "" });
  await back;
  sockets[1].onopen();
  const [{ id, event, data }] = sockets[1].sent.splice(0);
  assert.deepEqual({ event, data }, { event: "resume", data: { session: "s", token: "t", offset: 0 } });
  sockets[1].say({ id, ack: { recovered: false, reason: "unknown" } });
  assert.deepEqual(sockets[1].sent.map((frame) => frame.event), ["session", "schemas", "message"]);
  client.close();
});

test("a frame that is too long does not end the connection: it is not sent", async () => {
  const { client, sockets } = await begin();
  await assert.rejects(client.request("message", { content: "x".repeat(300_000) }), NotSentError);
  assert.deepEqual(sockets[0].sent, []);
  client.close();
});

test("a socket that opens too late, or after closing, is closed; one that cannot be opened is tried again", async () => {
  let open;
  const client = connect("ws://g/ws", { dial: () => new Promise((resolve) => (open = resolve)) });
  client.close();
  const late = new Socket();
  open(late);
  await turn();
  assert.notEqual(late.closed, null);

  let tries = 0;
  const stubborn = connect("ws://g/ws", {
    dial() {
      tries += 1;
      throw new Error("nobody there");
    },
  });
  await assert.rejects(stubborn.ready({ timeout: 1_200 }), NotSentError);
  assert.ok(tries >= 2, `${tries}`);
  stubborn.close();
});

test("a socket that was open before it was handed over is used at once", async () => {
  const socket = Object.assign(new Socket(), { readyState: 1 });
  const client = connect("ws://g/ws", { dial: async () => socket });
  await turn();
  socket.answer();
  assert.equal(client.state, "ready");
  client.close();
});

for (const text of ["hello", "[1]", "null"]) {
  test(`what says ${text} is no gateway, and is not asked again`, async () => {
    const { client, sockets } = await begin();
    sockets[0].onmessage({ data: text });
    assert.equal(client.state, "closed");
    await assert.rejects(client.ready(), NotSentError);
    assert.notEqual(sockets[0].closed, null);
  });
}

test("errors show no secrets; what is no address is said to be none", async () => {
  const { client } = await begin();
  const asked = client.as("irc", "me").credentials({ nick: "me", password: "hunter2" });
  client.close();
  const { activity } = await asked.catch((error) => error);
  assert.equal(activity.type, "credentials");
  assert.ok(!JSON.stringify(activity).includes("hunter2"));
  assert.throws(() => connect("irc://irc.example"), TypeError);
});

test("frames of a connection that was given up count no more", async () => {
  const { client, sockets } = await begin();
  const heard = [];
  client.addEventListener("message", ({ detail }) => heard.push(detail));
  sockets[0].say({ event: "message", data: { type: "send" }, offset: 1 });
  client.close();
  sockets[0].say({ event: "message", data: { type: "send" }, offset: 2 });
  assert.equal(heard.length, 1);
});

test("ids are random", () => {
  assert.match(newId(), /^[0-9a-f]{32}$/);
  assert.notEqual(newId(), newId());
});

test("a token is asked for, shown first, and seen nowhere else", async () => {
  const tokens = ["t0psecret-1", "t0psecret-2"];
  const seen = [];
  const socket = new Socket();
  const client = connect("ws://g/ws", { dial: () => socket, token: async () => tokens.shift() });
  for (const event of ["state", "frame", "error"]) client.addEventListener(event, ({ detail }) => seen.push(detail));
  await turn();
  socket.onopen();
  assert.deepEqual(socket.sent[0], { id: 1, event: "authenticate", data: { token: "t0psecret-1" } });
  socket.answer((frame) => (frame.event === "authenticate" ? { user: "u", expires: null } : frame.data));
  await client.ready();
  const refused = client.request("authenticate", { token: "t0psecret-3" });
  socket.answer(() => ({ error: "authentication failed" }));
  const error = await refused.catch((caught) => caught);
  socket.onclose({ code: 4001, reason: "authentication failed" });
  assert.equal(client.state, "closed");
  await assert.rejects(client.ready(), NotSentError);
  assert.ok(error instanceof CommandError);
  assert.ok(!JSON.stringify([seen, error, { ...error }, client]).includes("t0psecret"));
  assert.equal(seen.at(-1).code, 4001);
});

test("a token that cannot be had is asked for again", async () => {
  let asked = 0;
  const reasons = [];
  const dialled = new Promise((resolve) => {
    const client = connect("ws://g/ws", {
      dial: () => (resolve(client), new Socket()),
      token() {
        asked += 1;
        if (asked === 1) throw new Error("the identity provider is away");
        return "t";
      },
    });
    client.addEventListener("state", ({ detail }) => reasons.push(detail.reason));
  });
  (await dialled).close();
  assert.equal(asked, 2);
  assert.ok(reasons.includes("there is no token: the identity provider is away"));
});
