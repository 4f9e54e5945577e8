// Draws the model. Text goes in as text, never as markup.

import { label } from "./model.js";

const $ = (id) => document.getElementById(id);
const MOST_ENTRIES = 200;
const SIGNS = { owner: "★", admin: "☆", participant: "+" };

function element(tag, text, properties = {}) {
  const node = document.createElement(tag);
  if (text !== undefined) node.textContent = text;
  return Object.assign(node, properties);
}

function clock(at) {
  const time = at ? new Date(at) : new Date();
  return element("time", time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }), {
    dateTime: time.toISOString(),
  });
}

function line({ kind, who, text, at, own, error }) {
  const item = element("li", undefined, { className: error ? "failed" : kind });
  if (own) item.classList.add("own");
  item.append(clock(at));
  if (kind === "me") item.append(element("span", `* ${who} ${text}`));
  else if (who !== undefined) item.append(element("b", who), element("span", text));
  else item.append(element("span", text));
  if (error) item.append(element("em", error));
  return item;
}

function drawRooms(state, choose) {
  $("rooms").replaceChildren(
    ...[...state.rooms.values()].map((room) => {
      const unread = room.unread > 0 ? ` (${room.unread})` : "";
      const button = element("button", label(room.entity) + unread, { type: "button", onclick: () => choose(room.id) });
      button.append(element("small", room.context));
      if (room.id === state.current) button.setAttribute("aria-current", "true");
      const item = element("li");
      item.append(button);
      return item;
    }),
  );
}

function drawConversation(room) {
  $("room-title").textContent = room ? label(room.entity) : "No room yet";
  $("topic").textContent = room?.topic ?? "";
  $("leave").hidden = room === undefined;
  $("composer").hidden = room === undefined;
  const timeline = $("timeline");
  const atEnd = timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight < 40;
  timeline.replaceChildren(...(room?.lines ?? []).map(line));
  if (atEnd) timeline.scrollTop = timeline.scrollHeight;
}

function drawMembers(room) {
  const members = [...(room?.members.values() ?? [])].sort((a, b) => a.name.localeCompare(b.name));
  $("members").replaceChildren(
    ...members.map(({ name, role }) => {
      const item = element("li", `${SIGNS[role] ?? ""}${name}`);
      if (role && role !== "member") item.append(element("small", role));
      return item;
    }),
  );
}

export function draw(state, choose) {
  const room = state.rooms.get(state.current);
  drawRooms(state, choose);
  drawConversation(room);
  drawMembers(room);
}

function hideSecrets(key, value) {
  return ["password", "token"].includes(key) ? "•••" : value;
}

export function logFrame(way, frame) {
  const entries = $("entries");
  const body = frame.data ?? frame.ack ?? frame;
  const failed = Boolean(frame.error ?? frame.ack?.error ?? frame.data?.error);
  const title = `${way === "out" ? "→" : "←"} ${frame.event ?? "ack"} ${body?.type ?? ""} ${frame.id ?? ""}`;
  const details = element("details", undefined, { open: frame.event !== "schemas" && !body?.platforms });
  details.append(element("summary", title), element("pre", JSON.stringify(body, hideSecrets, 1)));
  const item = element("li");
  item.dataset.way = way;
  if (failed) item.className = "bad";
  item.append(details);
  entries.prepend(item);
  while (entries.children.length > MOST_ENTRIES) entries.lastChild.remove();
}

export function status({ state, text }) {
  $("status").dataset.state = state;
  $("status").textContent = state === "open" ? "connected to the gateway" : text;
}

export function options(select, names) {
  select.replaceChildren(...names.map((name) => new Option(name, name)));
}

export function problem(id, error) {
  $(id).textContent = error ? error.message : "";
}
