// The session with the gateway, and the token that it may ask for.

import { connect } from "../client/sockethub.js";
import { $ } from "./dom.js";
import { showPanel } from "./view.js";

const UNAUTHENTICATED = 4001;
const EXPIRED = 4003;

const page = new URL(".", document.baseURI);

/** What the gateway suggests for this page. */
export const defaults = await (await fetch(new URL("console/defaults.json", page))).json();

/** The gateway's address, for people. */
export const address = page.href;

/** Asks the person for a token; resolves with it. The one before is forgotten. */
function askForToken(why) {
  $("token-why").textContent = why;
  $("token-form").hidden = false;
  showPanel("sidebar");
  $("token").focus();
  return new Promise((resolve) => {
    $("token-form").onsubmit = (event) => {
      event.preventDefault();
      const token = $("token").value;
      $("token").value = "";
      $("token-form").hidden = true;
      resolve(token);
    };
  });
}

/**
 * Calls `begin` with a client; once more, with another, when a token has been given to a gateway that asked for one. A token
 * is held while it holds, to come back with when a connection is lost.
 */
export function open(begin) {
  const socket = new URL(defaults.websocket_path.slice(1), page);
  socket.protocol = page.protocol === "https:" ? "wss:" : "ws:";

  const start = (first) => {
    let kept = first;
    const give = async () => {
      if (kept === null || client.state === "ready") kept = await askForToken("Your token expires. Show a newer one.");
      return kept;
    };
    const client = connect(socket, first === null ? {} : { token: give });
    client.addEventListener("state", async ({ detail }) => {
      if (detail.code === EXPIRED) kept = null;
      if (detail.code !== UNAUTHENTICATED || detail.state !== "closed") return;
      const why = first === null ? "This gateway asks who you are." : `That was refused: ${detail.reason}.`;
      start(await askForToken(why));
    });
    begin(client);
  };
  start(null);
}
