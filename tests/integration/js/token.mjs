// Our client with tokens that expire, those that standard input brings: node token.mjs WEBSOCKET. It asks for one by a
// line "token", and says what happens: "state …", "echo …".

import { createRequire } from "node:module";
import { createInterface } from "node:readline";

import { connect } from "../../../clients/javascript/sockethub.js";

const require = createRequire(import.meta.url);
globalThis.WebSocket ??= createRequire(require.resolve("socket.io-client"))("ws").WebSocket;

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const client = connect(process.argv[2], {
  async token() {
    console.log("token");
    return (await lines.next()).value;
  },
});
client.addEventListener("state", ({ detail }) => {
  console.log("state", JSON.stringify(detail));
  if (detail.state === "closed") process.exit(0);
});
client.addEventListener("anew", () => console.log("anew"));
client.addEventListener("error", ({ detail }) => console.log("error", detail.summary));
await client.ready();
const said = await client.as("dummy", "me").act("echo", { object: { type: "message", content: "hi" } });
console.log("echo", said.object.content);
