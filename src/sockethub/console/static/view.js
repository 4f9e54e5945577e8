// Draws rooms, people and the state of the connection.

import { $, button, element, keyed } from "./dom.js";
import { can, label, typing } from "./model.js";

const SIGNS = { owner: "★", admin: "☆", participant: "+" };
const RANKS = ["owner", "admin", "participant"];
const PRESENCES = ["online", "away", "dnd"];

function drawRooms(state, choose) {
  const item = (room) => {
    const name = label(room.entity);
    const current = room.id === state.current ? "true" : undefined;
    const make = () => {
      const open = button(name, () => choose(room.id), { class: "quiet room", "aria-current": current });
      open.append(element("small", {}, room.context));
      if (room.unread > 0) open.append(element("span", { class: "unread" }, String(room.unread), element("span", { class: "visually-hidden" }, " unread")));
      return element("li", {}, open);
    };
    return { key: room.id, looks: JSON.stringify([name, room.context, current, room.unread]), make };
  };
  keyed($("rooms"), [...state.rooms.values()].map(item));
}

function drawHead(state, room) {
  $("room-title").textContent = room ? label(room.entity) : "No room yet";
  $("topic").textContent = room?.topic || (room?.presence ? room.presence : "");
  $("leave").hidden = room === undefined;
  $("earlier").hidden = room === undefined || !can(state, room, "history");
  $("composer").hidden = room === undefined;
  $("welcome").hidden = room !== undefined;
  $("said").hidden = room === undefined;
}

export function drawTyping(room, now) {
  const names = room ? typing(room, now) : [];
  const text = names.length === 0 ? "" : `${names.slice(0, 3).join(", ")} ${names.length === 1 ? "is" : "are"} writing…`;
  if ($("typing").textContent !== text) $("typing").textContent = text;
}

const rank = ({ role }) => (RANKS.includes(role) ? RANKS.indexOf(role) : RANKS.length);

function drawMembers(room) {
  const members = [...(room?.members ?? [])].sort(([, a], [, b]) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  $("people-title").textContent = members.length > 0 ? `People (${members.length})` : "People";
  const item = ([key, { name, role, presence }]) => {
    const make = () => {
      const shown = role && role !== "member" ? element("small", {}, role) : undefined;
      const dot = element("span", { class: "presence", "data-presence": presence, role: "img", "aria-label": presence });
      return element("li", {}, dot, `${SIGNS[role] ?? ""}${name}`, shown);
    };
    return { key, looks: JSON.stringify([name, role, presence]), make };
  };
  keyed($("members"), members.map(item));
}

/** Who one is on each platform, and how one appears there. */
export function drawLogins(state, contexts, appear) {
  $("me").hidden = contexts.length === 0;
  $("logins").replaceChildren(
    ...contexts.map((context) => {
      const select = element("select", { "aria-label": `Presence on ${context}`, onchange: () => appear(context, select.value) });
      select.append(...PRESENCES.map((presence) => new Option(presence, presence)));
      return element("li", {}, element("span", {}, label(state.me.get(context)), element("small", {}, context)), select);
    }),
  );
}

export function draw(state, choose, now) {
  const room = state.rooms.get(state.current);
  drawRooms(state, choose);
  drawHead(state, room);
  drawMembers(room);
  drawTyping(room, now);
}

export function status({ state, reason }) {
  $("status").dataset.state = state;
  $("status").textContent = state === "ready" ? "connected to the gateway" : (reason ?? "connecting…");
}

const narrow = matchMedia("(max-width: 60rem)");
const SIDES = ["lookup", "log"];

/** Where there is room for one panel, it is this one; where there is for more, those at the side come and go. */
export function showPanel(name) {
  const { dataset } = document.querySelector("main");
  dataset.panel = name;
  if (!narrow.matches && SIDES.includes(name)) dataset.side = dataset.side === name ? "" : name;
  press();
}

function press() {
  const { panel, side } = document.querySelector("main").dataset;
  for (const each of document.querySelectorAll("#panels button")) {
    each.setAttribute("aria-pressed", String(each.dataset.panel === (narrow.matches ? panel : side)));
  }
}

narrow.addEventListener("change", press);
press();
