// What the console's log shows of what is secret: nothing. Run by tests/browser/test_console.py.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { secretNames, withoutSecrets } from "../../src/sockethub/console/static/secrets.js";

const schema = (name) => JSON.parse(readFileSync(new URL(`../../schemas/${name}`, import.meta.url), "utf8"));
const shipped = ["irc/credentials.json", "irc/messages.json", "xmpp/credentials.json", "xmpp/messages.json"].map(schema);
const names = shipped.flatMap(secretNames);

test("credentials are not shown, whatever is in them, asked or answered", () => {
  const object = { type: "credentials", nick: "ann", certificate: "-----BEGIN PRIVATE KEY-----", unheardOf: "hush" };
  const activity = { type: "credentials", context: "irc", actor: { id: "ann" }, object };
  for (const frame of [activity, { ...activity, error: "no" }, { ack: activity }, [{ object }], { ...activity, object: "hush" }]) {
    const shown = JSON.stringify(withoutSecrets(frame, []));
    assert.doesNotMatch(shown, /BEGIN|hush|nick/);
  }
  assert.equal(withoutSecrets(activity, []).actor.id, "ann");
});

test("what the schemas call writeOnly is not shown, and all else is", () => {
  for (const name of ["password", "token", "certificate", "irc:key", "xmpp:password"]) assert.ok(names.includes(name), name);
  const join = { type: "join", target: { id: "#owls" }, "irc:key": "hush", "xmpp:password": "hush", certificate: "hush" };
  assert.deepEqual(withoutSecrets(join, names), {
    type: "join",
    target: { id: "#owls" },
    "irc:key": "…",
    "xmpp:password": "…",
    certificate: "…",
  });
  const own = { platforms: [{ schemas: shipped }] };
  assert.deepEqual(withoutSecrets(own, names), own); // a schema that names a secret is none
  const message = { type: "send", object: { type: "message", content: "the password is a word" } };
  assert.deepEqual(withoutSecrets(message, names), message);
});

test("a token that is shown to the gateway is not shown to others, before any schema has come", () => {
  assert.deepEqual(withoutSecrets({ token: "hush" }, []), { token: "…" });
});

test("what is shown is a copy", () => {
  const activity = { type: "credentials", object: { type: "credentials", password: "hush" } };
  withoutSecrets(activity, names);
  assert.equal(activity.object.password, "hush");
});
