// The page's wiring: forms to commands, events to the model, the model to the view.

import { Connection } from "./connection.js";
import { fields, values } from "./forms.js";
import * as model from "./model.js";
import * as view from "./view.js";

const $ = (id) => document.getElementById(id);

const page = new URL(".", document.baseURI);
const defaults = await (await fetch(new URL("console/defaults.json", page))).json();
const socket = new URL(defaults.websocket_path.slice(1), page);
socket.protocol = page.protocol === "https:" ? "wss:" : "ws:";

const connection = new Connection(socket);
const state = model.empty();
let platforms = new Map();
const logins = new Map(); // by platform, the credentials activity

const redraw = () => view.draw(state, (id) => (model.select(state, id), redraw()));

connection.addEventListener("state", async ({ detail }) => {
  view.status(detail);
  if (detail.state === "open") await begin();
});
connection.addEventListener("frame", ({ detail }) => view.logFrame(detail.way, detail.frame));
connection.addEventListener("message", ({ detail }) => {
  model.apply(state, detail);
  redraw();
});

/** Learns what the gateway offers; after a reconnect also takes up the logins and the rooms again. */
async function begin() {
  const registry = await connection.request("schemas");
  platforms = new Map(registry.platforms.map((platform) => [platform.id, platform]));
  if ($("platform").options.length === 0) {
    const names = [...platforms.keys()].sort((a, b) => Number(b in defaults.credentials) - Number(a in defaults.credentials));
    view.options($("platform"), names);
    choosePlatform();
  }
  await again();
}

async function again() {
  try {
    for (const [context, credentials] of logins) {
      await command("credentials", credentials);
      await command("message", activity(context, "connect"));
    }
    for (const { context, entity } of state.rooms.values()) {
      if (entity.type === "room") await command("message", activity(context, "join", entity));
    }
  } catch (error) {
    view.problem("login-error", error);
  }
}

function choosePlatform() {
  const platform = platforms.get($("platform").value);
  $("credentials").replaceChildren(...fields(platform.schemas.credentials, defaults.credentials[platform.id]));
  $("connect").textContent = $("credentials").children.length > 0 ? "Connect" : "Use";
  view.options($("verb"), platform.types.filter((verb) => verb !== "credentials"));
  chooseVerb();
}

/** An activity of one's login on a platform, in the gateway's plainest dialect. */
function activity(context, type, target, object) {
  return {
    type,
    context,
    actor: state.me.get(context) ?? { id: "console", type: "person" },
    ...(target && { target }),
    ...(object && { object }),
  };
}

/** Sends one event; an acknowledgement that carries an error is an error. */
async function command(event, data) {
  const ack = await connection.request(event, data);
  if (ack?.error) throw new Error(ack.error);
  return ack;
}

function actorFor(credentials) {
  const address = credentials.userAddress?.split("/")[0];
  const name = credentials.nick ?? address?.split("@")[0] ?? "console";
  const id = credentials.nick && credentials.server ? `${credentials.nick}@${credentials.server}` : (address ?? name);
  return { id, type: "person", name };
}

/** A room or person by what was typed: short names are those of one's own server. */
function targetFor(context, type, name) {
  const id = state.me.get(context).id;
  const own = id.slice(id.lastIndexOf("@") + 1);
  const server = (type === "room" && state.services.get(context)?.rooms) || own;
  return { id: name.includes("@") ? name : `${name}@${server}`, type, name: name.split("@")[0] };
}

async function submit(event, errorId, work) {
  event.preventDefault();
  const button = event.submitter;
  view.problem(errorId, null);
  if (button) button.disabled = true;
  try {
    await work();
  } catch (error) {
    view.problem(errorId, error);
  } finally {
    if (button) button.disabled = false;
    redraw();
  }
}

$("platform").addEventListener("change", choosePlatform);

$("login").addEventListener("submit", (event) =>
  submit(event, "login-error", async () => {
    const context = $("platform").value;
    const credentials = values($("credentials"));
    state.me.set(context, actorFor(credentials));
    if ($("credentials").children.length > 0) {
      const sent = { ...activity(context, "credentials"), object: { type: "credentials", ...credentials } };
      await command("credentials", sent);
      await command("message", activity(context, "connect"));
      logins.set(context, sent);
      view.options($("join-context"), [...logins.keys()]);
      $("join-context").value = context;
    }
    $("join").hidden = logins.size === 0;
    $("login-fold").open = $("join").hidden;
    chooseVerb();
  }),
);

$("join").addEventListener("submit", (event) =>
  submit(event, "join-error", async () => {
    const context = $("join-context").value;
    const target = targetFor(context, $("join-kind").value, $("join-name").value.trim());
    if (target.type === "room") await command("message", activity(context, "join", target));
    // Some services tell of one's own coming themselves, and have done so by now.
    if (!state.rooms.get(target.id)?.me) model.apply(state, { ...activity(context, "join", target) });
    model.select(state, target.id);
    $("join-name").value = "";
    $("text").focus();
  }),
);

$("leave").addEventListener("click", (event) =>
  submit(event, "send-error", async () => {
    const room = state.rooms.get(state.current);
    if (room.entity.type === "room") await command("message", activity(room.context, "leave", room.entity));
    model.close(state, room.id);
  }),
);

$("composer").addEventListener("submit", (event) =>
  submit(event, "send-error", async () => {
    const content = $("text").value;
    if (content === "") return;
    const room = state.rooms.get(state.current);
    const sent = activity(room.context, "send", room.entity, { type: $("kind").value, id: crypto.randomUUID(), content });
    // One's own at once, so that what comes back from the room is known for the same.
    model.apply(state, sent, true);
    $("text").value = "";
    try {
      await command("message", sent);
    } catch (error) {
      model.apply(state, { ...sent, error: error.message }, true);
      throw error;
    }
  }),
);

function chooseVerb() {
  const room = state.rooms.get(state.current);
  const context = room?.context ?? $("platform").value;
  const example = activity(context, $("verb").value, room?.entity, { type: "message", content: "hello" });
  $("raw-json").value = JSON.stringify(example, null, 1);
}

$("verb").addEventListener("change", chooseVerb);

$("raw").addEventListener("submit", (event) =>
  submit(event, "send-error", async () => {
    await command("message", JSON.parse($("raw-json").value));
  }),
);

$("toggle-log").addEventListener("click", ({ currentTarget }) => {
  const hidden = document.querySelector("main").classList.toggle("no-log");
  currentTarget.setAttribute("aria-pressed", String(!hidden));
});

connection.open();
redraw();
