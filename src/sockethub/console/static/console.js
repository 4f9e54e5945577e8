// The page's wiring: forms to commands, events to the model, the model to the view.

import { newId } from "../client/sockethub.js";
import { $, options, problem } from "./dom.js";
import { fields, values } from "./forms.js";
import * as gateway from "./gateway.js";
import * as lines from "./lines.js";
import { logFrame, setUpLog } from "./log.js";
import { card, setUpLookup } from "./lookup.js";
import * as model from "./model.js";
import { learnSecrets } from "./secrets.js";
import { drawTimeline } from "./timeline.js";
import * as view from "./view.js";

const HISTORY = 30;
const TYPING_EVERY_MS = 4_000;
const PREVIEWS = "metadata";

const state = model.empty();
let client;
let platforms = new Map();
const logins = new Set(); // platforms
const silent = new Set(); // platforms that are not told that one is writing
let about = null; // {how: "reply" or "edit", line}
let toldTyping = -Infinity;

const here = () => state.rooms.get(state.current);

function redraw() {
  view.draw(state, open, Date.now());
  drawTimeline(state, here(), does);
}

function open(id) {
  model.select(state, id);
  concern(null);
  view.showPanel("conversation");
  redraw();
}

gateway.open((begun) => {
  client = begun;
  client.addEventListener("state", ({ detail }) => {
    if (detail.state === "ready") begin();
    view.status(detail);
  });
  client.addEventListener("refused", ({ detail }) => problem("login-error", { message: detail.error }));
  client.addEventListener("frame", ({ detail }) => logFrame(detail.way, detail.frame, gateway.address));
  client.addEventListener("message", ({ detail }) => {
    model.apply(state, detail, false, Date.now());
    redraw();
  });
});

setInterval(() => view.drawTyping(here(), Date.now()), 1_000);

/** Learns what the gateway offers. */
function begin() {
  platforms = new Map(client.registry.platforms.map((platform) => [platform.id, platform]));
  learnSecrets(client.registry.platforms);
  if ($("platform").options.length > 0) return;
  const { credentials } = gateway.defaults;
  const names = [...platforms.keys()].sort((a, b) => Number(b in credentials) - Number(a in credentials));
  options($("platform"), names);
  options($("fetch-platform"), names.filter((name) => platforms.get(name).types.includes("fetch")));
  if (platforms.has(PREVIEWS)) does.preview = preview;
  choosePlatform();
}

function choosePlatform() {
  const platform = platforms.get($("platform").value);
  $("credentials").replaceChildren(...fields(platform.schemas.credentials, gateway.defaults.credentials[platform.id]));
  $("connect").textContent = $("credentials").children.length > 0 ? "Connect" : "Use";
  options($("verb"), platform.types.filter((verb) => verb !== "credentials"));
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

function actorFor(credentials) {
  const address = credentials.userAddress?.split("/")[0];
  const name = credentials.nick ?? address?.split("@")[0] ?? "console";
  const id = credentials.nick && credentials.server ? `${credentials.nick}@${credentials.server}` : (address ?? name);
  return { id, type: "person", name };
}

/** A room or person by what was typed: short names are those of one's own server. */
function targetFor(context, type, name) {
  const { id } = state.me.get(context);
  const own = id.slice(id.lastIndexOf("@") + 1);
  const server = (type === "room" && state.services.get(context)?.rooms) || own;
  return { id: name.includes("@") ? name : `${name}@${server}`, type, name: name.split("@")[0] };
}

async function attempt(errorId, work, submitter) {
  problem(errorId, null);
  if (submitter) submitter.disabled = true;
  try {
    await work();
  } catch (error) {
    problem(errorId, error);
  } finally {
    if (submitter) submitter.disabled = false;
    redraw();
  }
}

function onSubmit(id, errorId, work) {
  $(id).addEventListener("submit", (event) => {
    event.preventDefault();
    attempt(errorId, work, event.submitter);
  });
}

// --- Logging in, and rooms ---------------------------------------------------------------------------------------------

$("platform").addEventListener("change", choosePlatform);

onSubmit("login", "login-error", async () => {
  const context = $("platform").value;
  const credentials = values($("credentials"));
  state.me.set(context, actorFor(credentials));
  if ($("credentials").children.length > 0) {
    await client.credentials({ ...activity(context, "credentials"), object: { type: "credentials", ...credentials } });
    await client.send(activity(context, "connect"));
    logins.add(context);
    options($("join-context"), [...logins]);
    $("join-context").value = context;
    view.drawLogins(state, [...logins], appear);
  }
  $("join").hidden = logins.size === 0;
  $("login-fold").open = $("join").hidden;
  if (!$("join").hidden) $("join-name").focus();
  chooseVerb();
});

/** To everybody who may know; where rooms are a service of their own, they are told, too. */
function appear(context, presence) {
  const told = (target) => client.send(activity(context, "update", target, { type: "presence", presence, content: presence }));
  const rooms = [...state.rooms.values()].filter((room) => room.context === context && room.entity.type === "room");
  attempt("login-error", async () => {
    await told();
    if (state.services.get(context)?.rooms) for (const room of rooms) await told(room.entity);
  });
}

onSubmit("join", "join-error", async () => {
  const context = $("join-context").value;
  const target = targetFor(context, $("join-kind").value, $("join-name").value.trim());
  if (target.type === "room") await client.send(activity(context, "join", target));
  // Some services tell of one's own coming themselves, and have done so by now.
  if (!state.rooms.get(target.id)?.me) model.apply(state, { ...activity(context, "join", target) });
  $("join-name").value = "";
  open(target.id);
  $("text").focus();
});

$("leave").addEventListener("click", () =>
  attempt("send-error", async () => {
    const room = here();
    if (room.entity.type === "room") await client.send(activity(room.context, "leave", room.entity));
    model.close(state, room.id);
  }),
);

$("earlier").addEventListener("click", ({ currentTarget }) =>
  attempt(
    "send-error",
    async () => {
      const room = here();
      const before = room.lines.find(({ at }) => at !== undefined)?.at;
      const asked = { type: "history", limit: HISTORY, ...(before && { before }) };
      const { items = [] } = await client.send(activity(room.context, "query", room.entity, asked));
      if (model.past(state, room, items) === 0) throw new Error("nothing from before is kept");
    },
    currentTarget,
  ),
);

// --- Speaking -----------------------------------------------------------------------------------------------------------

/** The line that what is written is about. */
function concern(how, line) {
  about = how === null ? null : { how, line };
  $("about").hidden = about === null;
  if (about === null) return;
  $("about").firstElementChild.textContent = how === "edit" ? "Editing what you said" : `Replying to ${line.who}`;
  if (how === "edit") $("text").value = line.text;
  $("text").focus();
}

const does = {
  reply: (line) => concern("reply", line),
  edit: (line) => concern("edit", line),
  react: (line, content, mine) => doTo(mine ? "remove" : "add", { type: "reaction", content, inReplyTo: { type: "message", id: line.id } }),
  retract: (line) => doTo("delete", { type: "message", id: line.id }),
};

/** Something about a line, shown once the service has taken it. */
function doTo(verb, object) {
  const room = here();
  const said = activity(room.context, verb, room.entity, object);
  return attempt("send-error", async () => {
    await client.send(said);
    model.apply(state, said, true);
  });
}

async function preview(url, at) {
  at.disabled = true;
  try {
    at.replaceWith(card(await client.fetch(PREVIEWS, url)));
  } catch (error) {
    at.replaceWith(` (no preview: ${error.message})`);
  }
}

async function say(content) {
  const room = here();
  const replied = about?.how === "reply" ? { inReplyTo: { type: "message", id: about.line.id } } : {};
  const id = newId();
  const sent = activity(room.context, "send", room.entity, { type: $("kind").value, id, content, ...replied });
  // One's own at once, so that what comes back from the room is known for the same.
  model.apply(state, sent, true);
  $("text").value = "";
  concern(null);
  redraw();
  try {
    const answer = await client.send(sent);
    lines.settle(room, id, { id: answer.object?.id ?? id, at: answer.published });
  } catch (error) {
    lines.settle(room, id, { error: error.message });
    throw error;
  }
}

onSubmit("composer", "send-error", async () => {
  const content = $("text").value;
  if (content === "") return;
  toldTyping = -Infinity;
  if (about?.how !== "edit") return say(content);
  const { line } = about;
  concern(null);
  $("text").value = "";
  await doTo("update", { type: "message", id: line.id, content });
});

$("about-end").addEventListener("click", () => {
  if (about?.how === "edit") $("text").value = "";
  concern(null);
  $("text").focus();
});

$("text").addEventListener("keydown", (event) => {
  if (event.key === "Escape" && about !== null) $("about-end").click();
  if (event.key === "ArrowUp" && $("text").value === "") {
    const last = here()?.lines.findLast((line) => line.own && line.kind === "message" && !line.retracted && !line.error);
    if (last && model.can(state, here(), "edit")) does.edit(last);
  }
});

/** Tells the others; a service that cannot is not asked again. */
$("text").addEventListener("input", async () => {
  const room = here();
  if (room === undefined || silent.has(room.context) || $("text").value === "" || Date.now() - toldTyping < TYPING_EVERY_MS) return;
  toldTyping = Date.now();
  try {
    await client.send(activity(room.context, "update", room.entity, { type: "typing", state: "active" }));
  } catch {
    silent.add(room.context);
  }
});

// --- The rest ------------------------------------------------------------------------------------------------------------

setUpLookup((platform, url) => client.fetch(platform, url));
setUpLog();

function chooseVerb() {
  const room = here();
  const context = room?.context ?? $("platform").value;
  const example = activity(context, $("verb").value, room?.entity, { type: "message", content: "hello" });
  $("raw-json").value = JSON.stringify(example, null, 1);
}

$("verb").addEventListener("change", chooseVerb);

onSubmit("raw", "send-error", () => client.send(JSON.parse($("raw-json").value)));

$("panels").addEventListener("click", ({ target }) => {
  if (target.dataset.panel) view.showPanel(target.dataset.panel);
});

redraw();
