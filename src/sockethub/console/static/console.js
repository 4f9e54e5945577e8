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
let login = null; // {platform, credentials activity, connect activity}

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

/** Learns what the gateway offers; after a reconnect also takes up the login and the rooms again. */
async function begin() {
  const registry = await connection.request("schemas");
  platforms = new Map(registry.platforms.map((platform) => [platform.id, platform]));
  if ($("platform").options.length === 0) {
    const names = [...platforms.keys()].sort((a, b) => Number(b in defaults.credentials) - Number(a in defaults.credentials));
    view.options($("platform"), names);
    choosePlatform();
  }
  if (login !== null) await again();
}

async function again() {
  try {
    await command("credentials", login.credentials);
    await command("message", activity("connect"));
    for (const room of state.rooms.values()) {
      if (room.entity.type === "room") await command("message", activity("join", room.entity));
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

/** An activity of this login, in the gateway's plainest dialect. */
function activity(type, target, object) {
  return {
    type,
    context: $("platform").value,
    actor: state.me ?? { id: "console", type: "person" },
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
  const name = credentials.nick ?? credentials.userAddress ?? "console";
  const id = credentials.nick && credentials.server ? `${credentials.nick}@${credentials.server}` : name;
  return { id, type: "person", name };
}

function targetFor(name) {
  const room = /^[#&+!]/.test(name) || name.includes("@");
  const server = state.me.id.slice(state.me.id.lastIndexOf("@") + 1);
  return { id: name.includes("@") ? name : `${name}@${server}`, type: room ? "room" : "person", name };
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
    const credentials = values($("credentials"));
    state.me = actorFor(credentials);
    if ($("credentials").children.length > 0) {
      const sent = { ...activity("credentials"), object: { type: "credentials", ...credentials } };
      await command("credentials", sent);
      await command("message", activity("connect"));
      login = { credentials: sent };
    }
    $("join").hidden = $("credentials").children.length === 0;
    $("login-fold").open = $("join").hidden;
    chooseVerb();
  }),
);

$("join").addEventListener("submit", (event) =>
  submit(event, "join-error", async () => {
    const target = targetFor($("join-name").value.trim());
    if (target.type === "room") await command("message", activity("join", target));
    model.apply(state, { type: "join", actor: state.me, target });
    $("join-name").value = "";
    $("text").focus();
  }),
);

$("leave").addEventListener("click", (event) =>
  submit(event, "send-error", async () => {
    const room = state.rooms.get(state.current);
    if (room.entity.type === "room") await command("message", activity("leave", room.entity));
    model.close(state, room.id);
  }),
);

$("composer").addEventListener("submit", (event) =>
  submit(event, "send-error", async () => {
    const content = $("text").value;
    if (content === "") return;
    const room = state.rooms.get(state.current);
    const sent = activity("send", room.entity, { type: $("kind").value, content });
    $("text").value = "";
    try {
      await command("message", sent);
    } catch (error) {
      $("text").value = content;
      throw error;
    }
    model.apply(state, sent, true);
  }),
);

function chooseVerb() {
  const room = state.rooms.get(state.current);
  const example = activity($("verb").value, room?.entity, { type: "message", content: "hello" });
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
