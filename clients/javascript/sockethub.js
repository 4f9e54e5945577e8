// A client of Sockethub for Python: docs/reference/javascript-client.md.

import { Client } from "./client.js";

export { Actor, Room, Target } from "./actor.js";
export { Client, newId } from "./client.js";
export { CommandError, NotSentError, OutcomeUnknownError, SockethubError } from "./errors.js";

/** Begins a session at `address`: that of the gateway, or of its WebSocket. Without one, the gateway this file is from. */
export function connect(address = new URL("../", import.meta.url), options = {}) {
  return new Client(address, options);
}
