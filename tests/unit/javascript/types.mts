// Compiled, never run: what an application in TypeScript may write, and what it may not.

import {
  type Activity,
  Client,
  CommandError,
  type Registry,
  SockethubError,
  connect,
  newId,
} from "../../../clients/javascript/sockethub.js";

const client: Client = connect("http://localhost:10550", { timeout: 1_000, remember: false });
connect(undefined, { token: "t" }).close();
connect(undefined, { token: async () => "t" }).close();
await client.ready({ timeout: 5_000 });
const contexts: [string, string, string] = client.contextFor("irc");
const registry: Registry | null = client.registry;

const alice = client.as("irc", { id: "alice", type: "person", name: "Alice" });
await alice.credentials({ nick: "alice", server: "irc.example", secure: true });
await alice.connect();
const room = alice.room("#room");
await room.join();
const answer: Activity = await room.send("hello");
await room.send({ type: "me", content: "waves", id: newId() });
await alice.person("bob").send("psst");
await room.act("invite", { type: "x" }, { timeout: 10 });
await client.fetch("feeds", "https://site.example/feed.xml", { limit: 5 });
await client.send({ type: "join", "@context": contexts, actor: "alice", target: { id: "#room", type: "room" } });

client.addEventListener("message", ({ detail }) => console.log(detail.type, detail.object?.content));
client.addEventListener("state", ({ detail }) => console.log(detail.state === "ready", detail.retryIn));
client.addEventListener("frame", ({ detail: { way, frame } }) => console.log(way, frame.offset));

try {
  await room.topic("new");
} catch (error) {
  if (error instanceof CommandError) console.log(error.pointer, error.activity?.type);
  else if (error instanceof SockethubError) console.log(error.message);
}

// @ts-expect-error: a verb is no number
await alice.act(3);
// @ts-expect-error: no such event
client.addEventListener("mesage", () => {});
// @ts-expect-error: an activity has a type
await client.send({ context: "irc" });
// @ts-expect-error: a text or an object
await room.send(5);
// @ts-expect-error: a token is a text, or a function that gives one
connect(undefined, { token: 5 });
// @ts-expect-error: no such option
connect(undefined, { retries: 3 });

client.forget();
client.close();
console.log(answer, registry);
