// The console's model is a pure fold over activities.

import assert from "node:assert/strict";
import { test } from "node:test";

import { asJavaScript, asPython } from "../../src/sockethub/console/static/code.js";
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

const said = (id, content, more = {}) => ({ type: "send", actor: bob, target: room, object: { type: "message", id, content, ...more } });
const line = (state, id) => state.rooms.get(room.id).lines.find((each) => each.id === id);

test("replies refer to what was said", () => {
  const state = fold(said("1", "hi"), said("2", "indeed", { inReplyTo: { type: "message", id: "1" } }));
  assert.equal(line(state, "2").replyTo, "1");
});

test("corrections and retractions count from whoever has said it alone", () => {
  const mallory = { id: "mallory@s", name: "mallory" };
  const state = fold(
    said("1", "hi"),
    { ...said("2", "mine", { "xmpp:replace": { id: "1" } }), actor: mallory },
    { type: "delete", actor: mallory, target: room, object: { type: "message", id: "1" } },
  );
  assert.deepEqual([line(state, "1").text, line(state, "1").retracted], ["hi", undefined]);
  model.apply(state, { context: "irc", ...said("3", "hello", { "xmpp:replace": { id: "1" } }) });
  assert.deepEqual([line(state, "1").text, line(state, "1").edited], ["hello", true]);
  assert.deepEqual(texts(state), ["hello", "mine"]);
  const before = line(state, "1").revision;
  model.apply(state, { context: "irc", type: "delete", actor: bob, target: room, object: { type: "message", id: "1" } });
  assert.deepEqual([line(state, "1").text, line(state, "1").retracted], ["", true]);
  assert.ok(line(state, "1").revision > before);
  model.apply(state, { context: "irc", ...said("4", "back", { "xmpp:replace": { id: "1" } }) });
  assert.equal(line(state, "1").text, "");
});

test("reactions are counted by person, one by one or all at once", () => {
  const about = { type: "message", id: "1" };
  const state = fold(
    said("1", "hi"),
    { type: "add", actor: bob, target: room, object: { type: "reaction", content: "🦉", inReplyTo: about } },
    { type: "add", actor: bob, target: room, object: { type: "reaction", content: "🦉", inReplyTo: about } },
    [{ type: "add", actor: me, target: room, object: { type: "reaction", content: "🦉", inReplyTo: about } }, true],
  );
  assert.deepEqual([...line(state, "1").reactions].map(([what, who]) => [what, who.size]), [["🦉", 2]]);
  model.apply(state, { context: "irc", type: "update", actor: bob, target: room, object: { type: "reaction", reactions: ["👍"], inReplyTo: about } });
  assert.deepEqual([...line(state, "1").reactions].map(([what, who]) => [what, who.size]), [["🦉", 1], ["👍", 1]]);
  model.apply(state, { context: "irc", type: "remove", actor: me, target: room, object: { type: "reaction", content: "🦉", inReplyTo: about } });
  assert.deepEqual([...line(state, "1").reactions.keys()], ["👍"]);
});

test("who is writing is shown until they stop, speak, or have been for too long", () => {
  const is = (state) => ({ type: "update", actor: bob, target: room, object: { type: "typing", state } });
  const state = fold({ type: "join", actor: me, target: room });
  const here = state.rooms.get(room.id);
  const hear = (activity) => model.apply(state, { context: "irc", ...activity }, false, 1_000);
  hear(is("active"));
  assert.deepEqual(model.typing(here, 2_000), ["bob"]);
  hear(is("done"));
  assert.deepEqual(model.typing(here, 2_000), []);
  hear(is("active"));
  hear(said("1", "hi"));
  assert.deepEqual(model.typing(here, 2_000), []);
  hear(is("active"));
  hear({ ...is("active"), actor: me });
  assert.deepEqual(model.typing(here, 1_000 + model.TYPING_FOR), []);
});

test("presence and roles of members change, everywhere or in one room", () => {
  const state = fold(
    { type: "update", actor: bob, target: room, object: { type: "presence", presence: "online" } },
    { type: "update", actor: bob, object: { type: "presence", presence: "away" } },
    { type: "add", actor: me, target: bob, object: { type: "relationship", relationship: "role", subject: { type: "presence", role: "owner" }, object: room } },
  );
  const { role, presence } = state.rooms.get(room.id).members.get(bob.id);
  assert.deepEqual([role, presence], ["owner", "away"]);
});

test("what was said before goes in front, once, as it was corrected", () => {
  const at = (second) => ({ published: `2026-11-23T12:00:0${second}.000Z` });
  const state = fold({ ...said("3", "three"), ...at(3) });
  const page = [
    { ...said("1", "one"), ...at(1) },
    { ...said("2", "two"), ...at(2) },
    { ...said("x", "two!", { "xmpp:replace": { id: "2" } }), ...at(3) },
    { ...said("3", "three"), ...at(3) },
  ];
  assert.equal(model.past(state, state.rooms.get(room.id), page), 2);
  assert.deepEqual(texts(state), ["one", "two!", "three"]);
  assert.equal(model.past(state, state.rooms.get(room.id), page), 0);
});

test("what a service can do is known once it has said so", () => {
  const state = fold({ type: "join", actor: me, target: room });
  assert.equal(model.can(state, state.rooms.get(room.id), "edit"), false);
  model.apply(state, { context: "irc", type: "update", object: { type: "capabilities", features: ["edit"] } });
  assert.equal(model.can(state, state.rooms.get(room.id), "edit"), true);
});

test("what was sent is copied as a program, without its secrets", () => {
  const frame = { id: 4, event: "message", data: { id: "urn:1", ...said("1", 'say "hi"'), secure: true, list: [null] } };
  const javascript = asJavaScript(frame, "http://g/");
  assert.match(javascript, /^import \{ connect \} from "http:\/\/g\/client\/sockethub.js";/);
  assert.ok(!javascript.includes("urn:1"));
  const python = asPython(frame, "http://g/");
  assert.match(python, /"secure": True,/);
  assert.match(python, /None,/);
  const login = { event: "credentials", data: { type: "credentials", object: { password: "hunter2", nick: "a" } } };
  for (const code of [asJavaScript(login, "http://g/"), asPython(login, "http://g/")]) {
    assert.match(code, /client\.request\("credentials", /);
    assert.ok(!code.includes("hunter2"));
  }
});
