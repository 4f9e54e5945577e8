// Connects with a token as today's socket.io-client does: node auth.mjs URL TRANSPORT TOKEN [NEXT_TOKEN]
// Prints one JSON object with what happened: what it was answered, or why it was refused.

import { io } from "socket.io-client";

const [url, transport, token, next] = process.argv.slice(2);
const socket = io(url, { path: "/sockethub", transports: [transport], auth: { token }, reconnection: false });
const outcome = { errors: [] };

const ask = (event, data) => socket.timeout(10_000).emitWithAck(event, data);
const finish = () => {
  console.log(JSON.stringify(outcome));
  socket.removeAllListeners();
  socket.disconnect();
  setTimeout(() => process.exit(0), 100); // once the gateway knows
};

socket.on("connect_error", (error) => {
  outcome.refused = { message: error.message, data: error.data };
  setTimeout(finish, 50);
});
socket.on("error", (error) => outcome.errors.push(error.summary));
socket.on("disconnect", (reason) => {
  outcome.disconnected = reason;
  finish();
});
socket.on("connect", async () => {
  const actor = { id: "me", type: "person" };
  outcome.ack = await ask("message", { type: "echo", context: "dummy", actor, object: { type: "message", content: "hi" } });
  if (next === undefined) finish();
  if (next) outcome.renewed = await ask("authenticate", { token: next });
  setTimeout(finish, 8_000); // the end of the token comes first
});
