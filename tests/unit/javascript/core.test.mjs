// The core of the JavaScript client: what it promises, whatever the network and the gateway do.

import assert from "node:assert/strict";
import { test } from "node:test";

import { CROWDED_PAUSE, LONGEST_PAUSE, PATIENCE, RENEW_BEFORE, RESEND_WITHIN, SILENCE, TOKEN_WITHIN } from "../../../clients/javascript/core.js";
import { World, random } from "./gateway.mjs";

const SEEDS = Number(process.env.SEEDS ?? 400);
const note = (id, more = {}) => ({ type: "send", context: "irc", actor: { id: "a" }, id: String(id), ...more });
const verb = (type, target) => ({ type, id: "once", context: "irc", actor: { id: "a" }, ...(target && { target: { id: target } }) });

function ready(options) {
  const world = new World(1, options);
  world.settle();
  return world;
}

function logIn(world) {
  world.submit("credentials", verb("credentials"));
  world.submit("message", verb("connect"));
  world.submit("message", verb("join", "#r"));
  world.submit("message", verb("join", "#left"));
  world.submit("message", verb("leave", "#left"));
  world.settle();
  world.gateway.logins.length = 0;
}

/** Something happens; `chance` decides what. */
function happen(world, chance) {
  const roll = chance();
  if (roll < 0.15) world.submit("message", note(world.submitted.length, chance() < 0.2 ? { refuse: true } : {}));
  else if (roll < 0.4) world.up();
  else if (roll < 0.55) world.answer();
  else if (roll < 0.8) world.down();
  else if (roll < 0.87) world.speak();
  else if (roll < 0.9) world.cut();
  else if (roll < 0.905) world.restart();
  else if (roll < 0.91) world.gateway.stopping = true;
  else if (roll < 0.94) world.token();
  else if (roll < 0.97) world.open();
  else world.pass(chance() * 2_000);
}

test("whatever happens: one answer each, one effect at most, in order, and nothing missed unless it is said", () => {
  for (let seed = 1; seed <= SEEDS; seed += 1) {
    const asks = seed % 2 === 0;
    const world = new World(seed, { token: asks ? "fresh" : "none" });
    world.gateway.asks = asks;
    const chance = random(seed * 7919);
    for (let step = 0; step < 300; step += 1) happen(world, chance);
    world.settle();
    const where = `seed ${seed}`;
    const { done } = world.gateway;
    assert.deepEqual(done, [...new Set(done)].sort((a, b) => a - b), `${where}: in order, and once`);
    world.submitted.forEach(({ data }, index) => {
      const answers = world.settled.get(index + 1) ?? [];
      assert.equal(answers.length, 1, `${where}: one answer to ${data.id}`);
      const [{ kind }] = answers;
      if (kind === "result") assert.ok(done.includes(data.id), `${where}: a result means it was done`);
      if (kind === "error" || kind === "unsent") assert.ok(!done.includes(data.id), `${where}: an error means it was not`);
    });
    const heard = world.emitted.filter(({ event }) => event === "message").map(({ detail }) => detail.number);
    assert.deepEqual(heard, [...new Set(heard)].sort((a, b) => a - b), `${where}: heard in order, and once`);
    if (!world.emitted.some(({ event }) => event === "anew")) assert.deepEqual(heard, world.said, `${where}: nothing missed`);
  }
});

test("an error of the time before is not the answer to what was sent again", () => {
  const world = ready();
  const key = world.submit("message", note(1, { refuse: true }));
  world.up();
  world.cut(); // before the answer: a refusal is on its way
  world.submitted[0].data.refuse = false;
  world.settle();
  assert.equal(world.outcome(key).kind, "result");
  assert.deepEqual(world.gateway.done, ["1"]);
});

test("what was answered meanwhile is not sent again", () => {
  const world = ready();
  const key = world.submit("message", note(1));
  world.up();
  world.cut();
  world.answer();
  world.pass(1_000);
  world.open();
  assert.deepEqual(world.connection.in.map(({ event }) => event), ["resume"]);
  world.up();
  world.down();
  world.down();
  assert.equal(world.outcome(key).kind, "result");
  assert.equal(world.core.state, "ready");
  assert.deepEqual(world.connection.in, []);
});

test("a session that was begun anew is resumed where nothing was sent in it yet", () => {
  const world = ready();
  world.submit("message", note(1));
  world.settle();
  world.restart();
  world.settle();
  world.cut();
  world.settle();
  assert.equal(world.emitted.filter(({ event }) => event === "anew").length, 1);
});

test("it is ready once all that is said again is answered", () => {
  const world = ready();
  logIn(world);
  world.restart();
  world.pass(1_000);
  world.open();
  while (world.connection.in.length || world.connection.out.length) (world.up(), world.down());
  assert.equal(world.core.state, "connecting");
  world.settle();
});

test("logins are taken up again in order, once each, where the session is gone; not where it was resumed", () => {
  const world = ready();
  logIn(world);
  world.cut();
  world.settle();
  assert.deepEqual(world.gateway.logins, []);
  world.restart();
  const key = world.submit("message", note(1));
  world.settle();
  assert.deepEqual(world.gateway.logins, ["credentials", "connect", "join"]);
  assert.equal(world.outcome(key).kind, "result");
  assert.equal(world.emitted.filter(({ event }) => event === "anew").length, 1);
});

test("what is said again has no id: else it would be answered from the record instead of being done", () => {
  const world = ready();
  logIn(world);
  world.restart();
  world.pass(1_000);
  world.open();
  for (let step = 0; step < 2; step += 1) (world.up(), world.down());
  const again = world.connection.in.filter(({ event }) => event === "message");
  assert.deepEqual(again.map(({ data }) => [data.type, data.id]), [["connect", undefined], ["join", undefined]]);
});

test("who has another name now is the same login", () => {
  const world = ready();
  logIn(world);
  world.submit("message", { ...verb("update"), target: { id: "b" }, object: { type: "address" } });
  world.submit("message", { ...verb("join", "#other"), actor: { id: "b" } });
  world.settle();
  world.restart();
  world.pass(1_000);
  world.open();
  for (let step = 0; step < 2; step += 1) (world.up(), world.down());
  const again = world.connection.in.filter(({ event }) => event === "credentials" || event === "message");
  assert.deepEqual(again.map(({ data }) => [data.type, data.actor.id]), [["credentials", "a"], ["connect", "a"], ["join", "a"], ["join", "a"]]);
});

test("nothing is said again after disconnecting, forgetting, or where nothing is to be remembered", () => {
  for (const [options, last] of [
    [{}, (world) => world.core.forget()],
    [{ remember: false }, () => {}],
  ]) {
    const world = ready(options);
    logIn(world);
    last(world);
    world.restart();
    world.settle();
    assert.deepEqual(world.gateway.logins, []);
  }
  const world = ready();
  logIn(world);
  world.submit("message", verb("disconnect"));
  world.settle();
  world.gateway.logins.length = 0;
  world.restart();
  world.settle();
  assert.deepEqual(world.gateway.logins, ["credentials"]);
});

test("credentials that are refused when they are said again are told of, and not said a third time", () => {
  const world = ready();
  logIn(world);
  const take = world.gateway.take.bind(world.gateway);
  world.gateway.take = (connection, frame) =>
    frame.event === "credentials" ? connection.out.push({ id: frame.id, ack: { type: "credentials", error: "expired" } }) : take(connection, frame);
  world.restart();
  world.settle();
  assert.equal(world.emitted.find(({ event }) => event === "refused").detail.error, "expired");
  world.gateway.take = take;
  world.gateway.logins.length = 0;
  world.restart();
  world.settle();
  assert.deepEqual(world.gateway.logins, []);
});

test("offline, commands wait; beyond the queue's length and their time they are not sent, and that is said", () => {
  const world = ready({ queue: 2 });
  world.cut();
  const [late, kept, many] = [world.submit("message", note(1), 100), world.submit("message", note(2)), world.submit("message", note(3))];
  assert.equal(world.outcome(many).kind, "unsent");
  world.pass(150);
  assert.equal(world.outcome(late).kind, "unsent");
  world.settle();
  assert.equal(world.outcome(kept).kind, "result");
  assert.deepEqual(world.gateway.done, ["2"]);
});

test("what was sent and has no answer in time is unknown", () => {
  const world = ready();
  const key = world.submit("message", note(1), 5_000);
  world.pass(5_000);
  assert.equal(world.outcome(key).kind, "unknown");
});

test("what was sent too long ago for the gateway to remember is not sent again", () => {
  const world = ready();
  const key = world.submit("message", note(1), 2 * RESEND_WITHIN);
  world.cut();
  world.now += RESEND_WITHIN + 1;
  world.settle();
  assert.equal(world.outcome(key).kind, "unknown");
  assert.deepEqual(world.gateway.done, []);
});

test("no more than the rate is written in a second, in order", () => {
  const world = ready({ rate: 10 });
  world.pass(1_001);
  for (let number = 1; number <= 35; number += 1) world.submit("message", note(number));
  assert.equal(world.connection.in.length, 10);
  world.pass(500);
  assert.equal(world.connection.in.length, 10);
  world.pass(501);
  assert.equal(world.connection.in.length, 20);
  world.settle();
  assert.deepEqual(world.gateway.done, Array.from({ length: 35 }, (_, index) => String(index + 1)));
  world.now += 5_000;
  for (let number = 36; number <= 45; number += 1) world.submit("message", note(number));
  assert.equal(world.connection.in.length, 10, "what was long ago does not count");
});

test("a gateway that restarts says when to come back; nothing is sent to it until then", () => {
  const world = ready();
  world.perform(world.core.received({ event: "closing", data: { code: 1012, reason: "restarting", retryAfter: 3.2 } }, world.now));
  world.submit("message", note(1));
  assert.equal(world.connection.in.length, 0);
  world.cut(1012);
  assert.equal(world.core.wakeAt - world.now, 3_200);
  world.settle();
  assert.deepEqual(world.gateway.done, ["1"]);
});

test("pauses grow, are bounded, and are never the same for all", () => {
  const world = ready();
  const pauses = [];
  for (let failure = 0; failure < 12; failure += 1) {
    if (failure === 0) world.cut();
    else (world.perform(world.core.hurry(world.now)), world.perform(world.core.lost(1006, "", world.now, 0.5)));
    pauses.push(world.core.wakeAt - world.now);
  }
  assert.ok(pauses[0] < 500 && pauses.at(-1) <= LONGEST_PAUSE && pauses.at(-1) > LONGEST_PAUSE / 2);
  world.settle();
  world.cut();
  assert.ok(world.core.wakeAt - world.now < 500, "it was ready meanwhile");
  const crowded = ready();
  crowded.cut(1013);
  assert.ok(crowded.core.wakeAt - crowded.now >= CROWDED_PAUSE);
});

test("a silent connection is asked for a sign of life, and given up when none comes", () => {
  const world = ready();
  world.pass(SILENCE / 2);
  world.speak();
  world.down();
  assert.equal(world.core.wakeAt, world.now + SILENCE);
  world.pass(SILENCE);
  assert.equal(world.connection.in.at(-1).event, "schemas");
  world.settle();
  assert.equal(world.core.state, "ready");
  world.pass(SILENCE);
  world.cut(); // what was asked on the connection before says nothing of the next
  world.pass(1_000);
  world.open();
  world.pass(PATIENCE);
  assert.notEqual(world.connection, null);
  world.settle();
  world.pass(SILENCE);
  world.pass(PATIENCE);
  assert.equal(world.core.state, "waiting");
  world.settle();
  assert.equal(world.core.state, "ready");
  const never = new World(1);
  never.pass(PATIENCE);
  assert.equal(never.core.state, "waiting");
});

for (const code of [1003, 1009, 4009]) {
  test(`after ${code} it does not come back by itself`, () => {
    const world = ready();
    const key = world.submit("message", note(1));
    world.cut(code);
    assert.equal(world.core.state, "closed");
    assert.equal(world.outcome(key).kind, "unknown");
    assert.equal(world.outcome(world.submit("message", note(2))).kind, "unsent");
    assert.equal(world.core.wakeAt, Infinity);
  });
}

test("closing ends the session at the gateway too", () => {
  const world = ready();
  const { connection } = world;
  world.perform(world.core.stop());
  assert.deepEqual(connection.in, [{ event: "end" }]);
  assert.equal(world.core.state, "closed");
});

test("a gateway that does not keep sessions is begun anew with", () => {
  const world = new World(1);
  const take = world.gateway.take.bind(world.gateway);
  world.gateway.take = (connection, frame) =>
    frame.event === "session" ? connection.out.push({ id: frame.id, ack: { error: "unknown event" } }) : take(connection, frame);
  world.settle();
  logIn(world);
  world.cut();
  world.settle();
  assert.deepEqual(world.gateway.logins, ["credentials", "connect", "join"]);
});

/** Ready at a gateway that asks who it is. */
function known(expires = null, token = "fresh") {
  const world = new World(1, { token });
  Object.assign(world.gateway, { asks: true, expires });
  world.settle();
  return world;
}

const states = (world) => world.emitted.filter(({ event }) => event === "state").map(({ detail }) => detail);

test("a token is shown first on each connection, and asked for each time", () => {
  const world = new World(1, { token: "fresh" });
  assert.deepEqual([world.opening, world.core.state], [false, "connecting"]);
  world.token();
  world.open();
  assert.deepEqual(world.connection.in[0], { id: 1, event: "authenticate", data: { token: "token 1" } });
  world.settle();
  world.cut();
  world.settle();
  assert.equal(world.connection.user, "token 2");
  assert.ok(!world.emitted.some(({ event }) => event === "anew"));
});

test("a newer token is shown before the one in use expires, on the same connection", () => {
  for (const [expires, before] of [[3_600, RENEW_BEFORE], [8, 2_000]]) {
    const world = known(expires);
    const { connection } = world;
    while (world.now < expires * 1_000 - before - 10) {
      assert.equal(connection.user, "token 1");
      world.pass(Math.min(SILENCE, world.core.wakeAt - world.now));
      world.settle();
    }
    assert.equal(connection.user, "token 2");
    assert.equal(world.connection, connection);
  }
});

test("a token that does not get newer is not asked for all the time; one that never expires, or is always the same, never", () => {
  for (const [world, most] of [[known(0), 11], [known(null), 1], [known(1, "same"), 1]]) {
    for (let step = 0; step < 100; step += 1) {
      world.pass(100);
      world.settle();
    }
    assert.ok(world.asked <= most, `${world.asked}`);
  }
});

test("a newer token that is refused is told of, and the connection goes on", () => {
  const world = known(8);
  world.pass(7_000);
  world.token();
  const renewal = world.connection.in.pop();
  world.perform(world.core.received({ id: renewal.id, ack: { error: "authentication failed" } }, world.now));
  assert.deepEqual(world.emitted.at(-1), { do: "emit", event: "error", detail: { summary: "authentication failed" } });
  assert.equal(world.core.state, "ready");
});

test("a token that does not hold is final; one that has expired is followed by a newer one, where there is one", () => {
  const world = known();
  const key = world.submit("message", note(1));
  world.cut(4001);
  assert.deepEqual(states(world).at(-1), { state: "closed", reason: "authentication failed", code: 4001 });
  assert.equal(world.outcome(key).kind, "unknown");
  const expired = known();
  expired.cut(4003);
  expired.settle();
  assert.equal(expired.asked, 2);
  const same = known(null, "same");
  same.cut(4003);
  assert.deepEqual(states(same).at(-1), { state: "closed", reason: "the token has expired", code: 4003 });
});

test("without a token it waits and asks again; where there is none, it ends", () => {
  const world = new World(1, { token: "fresh" });
  const key = world.submit("message", note(1), 500_000);
  world.tokenless();
  assert.equal(states(world).at(-1).reason, "away");
  world.pass(1_000);
  world.pass(TOKEN_WITHIN);
  assert.equal(states(world).at(-1).reason, "no token came in time");
  world.settle();
  assert.equal(world.outcome(key).kind, "result");
  const never = new World(1, { token: "fresh" });
  never.perform(never.core.token(undefined, never.now));
  assert.equal(never.core.state, "closed");
});

test("what a gateway refuses because it restarts is sent to the next one, and was not done where that is too late", () => {
  const world = ready();
  world.gateway.stopping = true;
  const first = world.submit("message", note(1));
  const late = world.submit("message", note(2), 5_000);
  for (const step of ["up", "up", "answer", "answer", "down", "down"]) world[step]();
  const second = world.submit("message", note(3));
  assert.deepEqual(world.connection.in, [], "nothing else is said to it");
  assert.equal(world.settled.size, 0);
  world.pass(5_000);
  assert.equal(world.outcome(late).kind, "unsent");
  world.settle();
  assert.deepEqual([first, second].map((key) => world.outcome(key).kind), ["result", "result"]);
  assert.deepEqual(world.gateway.done, ["1", "3"]);
});
