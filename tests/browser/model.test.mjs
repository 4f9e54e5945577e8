// The console's model is a pure fold over activities.

import assert from "node:assert/strict";
import { test } from "node:test";

import * as model from "../../src/sockethub/console/static/model.js";

const me = { id: "me@s", type: "person", name: "me" };
const bob = { id: "bob@s", type: "person", name: "bob" };
const room = { id: "#r@s", type: "room", name: "#r" };

function fold(...activities) {
  const state = model.empty();
  state.me.set("irc", me);
  for (const [activity, own] of activities.map((item) => (Array.isArray(item) ? item : [item, false]))) {
    model.apply(state, { context: "irc", ...activity }, own);
  }
  return state;
}

const texts = (state, id = room.id) => state.rooms.get(id).lines.map((line) => line.text);

test("a message lands in its room, and a private one with its sender", () => {
  const state = fold(
    { type: "send", actor: bob, target: room, object: { type: "message", content: "hi" } },
    { type: "send", actor: bob, target: me, object: { type: "message", content: "psst" } },
  );
  assert.deepEqual(texts(state), ["hi"]);
  assert.deepEqual(texts(state, bob.id), ["psst"]);
  assert.equal(state.rooms.get(bob.id).unread, 1);
});

test("members follow join, presence, nick change and leave", () => {
  const state = fold(
    { type: "join", actor: me, target: room },
    { type: "update", actor: bob, target: room, object: { type: "presence", role: "owner" } },
    { type: "update", actor: bob, target: { id: "rob@s", type: "person", name: "rob" }, object: { type: "address" } },
  );
  assert.deepEqual([...state.rooms.get(room.id).members.keys()], ["me@s", "rob@s"]);
  assert.equal(state.rooms.get(room.id).members.get("rob@s").role, "owner");
  model.apply(state, { type: "leave", actor: { id: "rob@s", name: "rob" }, target: { id: "s", type: "service" } });
  assert.deepEqual([...state.rooms.get(room.id).members.keys()], ["me@s"]);
});

test("members are known although they were told before the join was acknowledged", () => {
  const state = fold(
    { type: "update", actor: bob, target: room, object: { type: "presence", role: "owner" } },
    { type: "join", actor: me, target: room },
  );
  assert.deepEqual([...state.rooms.get(room.id).members.keys()], ["bob@s", "me@s"]);
});

test("my own nick change changes who I am", () => {
  const state = fold({ type: "update", actor: me, target: { ...me, id: "you@s", name: "you" }, object: { type: "address" } });
  assert.equal(state.me.get("irc").id, "you@s");
});

test("in a room where one has another name, what comes back is one's own, and is shown once", () => {
  const place = { id: "owls@muc", type: "room" };
  const self = { id: "owls@muc/me", type: "person", name: "me" };
  const said = { type: "send", target: place, object: { type: "message", id: "1", content: "hi" } };
  const state = fold(
    { type: "join", actor: self, target: place, "xmpp:status": [110], object: { type: "presence", role: "owner" } },
    [{ ...said, actor: me }, true],
    { ...said, actor: self, published: "2026-11-23T12:00:00.000Z" },
    { ...said, actor: { id: "owls@muc/bob", name: "bob" } },
  );
  const lines = state.rooms.get(place.id).lines.filter((line) => line.kind === "message");
  assert.deepEqual(lines.map((line) => [line.who, line.own]), [["me", true], ["bob", false]]);
  assert.equal(state.rooms.get(place.id).members.get(self.id).role, "owner");
  assert.equal(model.label(place), "owls");
});

test("lines are bounded", () => {
  const state = fold({ type: "join", actor: me, target: room });
  for (let i = 0; i < model.MOST_LINES + 50; i += 1) {
    model.apply(state, { type: "send", actor: bob, target: room, object: { type: "message", content: String(i) } });
  }
  assert.equal(state.rooms.get(room.id).lines.length, model.MOST_LINES);
});

test("unknown activities change nothing", () => {
  const state = fold({ type: "irc:raw", actor: bob });
  assert.equal(state.rooms.size, 0);
});
