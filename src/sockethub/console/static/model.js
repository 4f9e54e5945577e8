// Folds activities into what the page shows. No DOM, no network, no clock: state in, state out.

import * as lines from "./lines.js";

export { MOST_LINES } from "./lines.js";

/** Nobody is shown as writing for longer, in ms. */
export const TYPING_FOR = 8_000;

const SELF = 110; // what an XMPP room calls one's own presence (XEP-0045)

/** By platform: `me` is who one is, `services` what it has named for rooms, `features` what it can do. */
export function empty() {
  return { me: new Map(), services: new Map(), features: new Map(), rooms: new Map(), current: null };
}

/** The short name of an actor or target. */
export function label(entity) {
  if (!entity) return "?";
  return entity.name ?? (entity.type === "room" ? entity.id.split("@")[0] : entity.id);
}

/** Whether the service says that it can do this. */
export function can(state, room, feature) {
  return state.features.get(room.context)?.has(feature) ?? false;
}

function roomOf(state, entity, context) {
  const { id } = entity;
  if (!state.rooms.has(id)) {
    const nothing = { me: null, topic: "", presence: null, members: new Map(), typing: new Map(), lines: [], unread: 0 };
    state.rooms.set(id, { id, entity, context, ...nothing });
    state.current ??= id;
  }
  return state.rooms.get(id);
}

function isMe(state, entity, context) {
  const me = state.me.get(context);
  return me !== undefined && entity?.id === me.id;
}

/** The room a message belongs to: its target, or the sender where the target is me. */
function conversation(state, activity) {
  return isMe(state, activity.target, activity.context) ? activity.actor : activity.target;
}

/** Who has done it; `own` is also what comes back from a room where one has another name. */
function author(state, room, activity, own) {
  const mine = own || activity.actor?.id === room.me || isMe(state, activity.actor, activity.context);
  return { own: mine, author: activity.actor?.id, occupant: activity["xmpp:occupant-id"] };
}

function note(room, activity, text, kind = "event") {
  lines.add(room, { kind, text, at: activity.published, own: false });
}

function lineOf(state, room, activity, own) {
  const { object = {} } = activity;
  const kind = object.type ?? "message";
  return {
    ...author(state, room, activity, own),
    id: object.id,
    kind: kind === "note" ? "message" : kind,
    who: label(activity.actor),
    text: object.content ?? "",
    replyTo: object.inReplyTo?.id,
    at: activity.published,
    error: activity.error,
  };
}

/** The room that is told of, if it is open. */
function openRoom(state, activity) {
  return state.rooms.get(conversation(state, activity)?.id);
}

function member(room, id, members) {
  room.members.set(id, { role: "", presence: "online", ...room.members.get(id), ...members });
}

function presence(state, activity) {
  const { actor, target, object, context } = activity;
  if (target?.type === "room") {
    const room = roomOf(state, target, context); // members are told before a join is acknowledged
    if (object.presence === "offline") room.members.delete(actor.id);
    else member(room, actor.id, { name: label(actor), role: object.role ?? room.members.get(actor.id)?.role ?? "", presence: object.presence ?? "online" });
    return;
  }
  for (const room of state.rooms.values()) {
    if (room.id === actor.id) room.presence = object.presence;
    if (room.members.has(actor.id)) member(room, actor.id, { presence: object.presence ?? "online" });
  }
}

function rename(state, { actor: from, target: to, context, published }) {
  for (const room of state.rooms.values()) {
    const known = room.members.get(from.id);
    if (known === undefined) continue;
    room.members.delete(from.id);
    room.members.set(to.id, { ...known, name: label(to) });
    if (room.me === from.id) room.me = to.id;
    note(room, { published }, `${label(from)} is now ${label(to)}`);
  }
  if (isMe(state, from, context)) state.me.set(context, to);
}

/** Somebody has been given a role in a room, or has lost it. */
function role(state, activity, given) {
  const { subject, object } = activity.object;
  const room = state.rooms.get(object?.id);
  const who = activity.target?.id;
  if (!room?.members.has(who)) return;
  member(room, who, { role: given ? (subject?.role ?? "") : "" });
  note(room, activity, `${label(activity.target)} is ${given ? (subject?.role ?? "somebody else") : "a member"} now`);
}

function react(state, activity, own, how) {
  const room = openRoom(state, activity);
  if (room === undefined) return;
  const { reactions, content, inReplyTo } = activity.object;
  lines.react(room, inReplyTo?.id, author(state, room, activity, own), how, reactions ?? (content ? [content] : []));
}

function addOrRemove(state, activity, own) {
  const { object = {} } = activity;
  if (object.type === "reaction") react(state, activity, own, activity.type);
  else if (object.relationship === "role") role(state, activity, activity.type === "add");
}

const updates = {
  topic(state, activity) {
    if (activity.target?.type !== "room") return;
    const room = roomOf(state, activity.target, activity.context);
    room.topic = activity.object.content ?? "";
    if (room.topic !== "") note(room, activity, `${label(activity.actor)} set the topic: ${room.topic}`);
  },

  address(state, activity) {
    if (activity.target) rename(state, activity);
  },

  presence,

  capabilities(state, activity) {
    state.services.set(activity.context, activity["xmpp:services"] ?? {});
    state.features.set(activity.context, new Set(activity.object.features ?? []));
  },

  typing(state, activity, _own, now) {
    const room = openRoom(state, activity);
    if (room === undefined || author(state, room, activity, false).own) return;
    if (activity.object.state === "active") room.typing.set(activity.actor.id, { name: label(activity.actor), until: now + TYPING_FOR });
    else room.typing.delete(activity.actor.id);
  },

  reaction: (state, activity, own) => react(state, activity, own, "update"),

  message(state, activity, own) {
    const room = openRoom(state, activity);
    if (room) lines.edit(room, activity.object.id, author(state, room, activity, own), activity.object.content ?? "");
  },
};

const handlers = {
  send(state, activity, own) {
    const entity = conversation(state, activity);
    if (!entity?.id) return;
    const room = roomOf(state, entity, activity.context);
    const line = lineOf(state, room, activity, own);
    room.typing.delete(activity.actor?.id);
    const replaced = activity.object?.["xmpp:replace"]?.id;
    if (replaced !== undefined && lines.edit(room, replaced, line, line.text)) return;
    lines.add(room, line);
    if (state.current !== room.id && !line.own) room.unread += 1;
  },

  join(state, activity) {
    const room = roomOf(state, activity.target, activity.context);
    member(room, activity.actor.id, { name: label(activity.actor), role: activity.object?.role ?? "" });
    note(room, activity, `${label(activity.actor)} joined`);
    if (isMe(state, activity.actor, activity.context) || activity["xmpp:status"]?.includes(SELF)) {
      room.me = activity.actor.id;
      select(state, room.id);
    }
  },

  leave(state, activity) {
    const reason = activity.object?.content ? ` (${activity.object.content})` : "";
    const rooms = state.rooms.has(activity.target?.id) ? [state.rooms.get(activity.target.id)] : state.rooms.values();
    for (const room of rooms) {
      const mine = activity.actor.id === room.me || isMe(state, activity.actor, activity.context);
      room.typing.delete(activity.actor.id);
      if (!room.members.delete(activity.actor.id) && !mine) continue;
      note(room, activity, `${label(activity.actor)} left${reason}`);
      if (mine && room.id === activity.target?.id) room.members.clear();
    }
  },

  add: addOrRemove,
  remove: addOrRemove,

  update(state, activity, own, now) {
    const { type } = activity.object ?? {};
    if (Object.hasOwn(updates, type)) updates[type](state, activity, own, now);
  },

  delete(state, activity, own) {
    const room = openRoom(state, activity);
    if (room) lines.retract(room, activity.object?.id, author(state, room, activity, own));
  },

  query(state, activity) {
    const object = activity.object ?? {};
    if (object.type !== "attendance" || !Array.isArray(object.members)) return;
    const room = state.rooms.get(activity.actor?.id) ?? state.rooms.get(activity.target?.id);
    if (room === undefined) return;
    for (const each of object.members) {
      const known = each.id ? each : { id: each };
      const before = room.members.get(known.id);
      member(room, known.id, {
        name: before?.name ?? label(known),
        role: known.role ?? before?.role ?? "",
        presence: known.presence ?? before?.presence ?? "online",
      });
    }
  },

  error(state, activity) {
    const room = state.rooms.get(activity.target?.id) ?? state.rooms.get(state.current);
    if (room) note(room, activity, activity.error ?? "error", "failed");
  },

  connect(state, activity) {
    for (const room of state.rooms.values()) if (room.context === activity.context) note(room, activity, "connected again");
  },
};

/** Applies one activity, from the service or, with `own`, from this page once acknowledged. `now` in ms. */
export function apply(state, activity, own = false, now = 0) {
  if (Object.hasOwn(handlers, activity.type)) handlers[activity.type](state, activity, own, now);
  return state;
}

/** A page of history, as the service answers it; how many lines of it are new. */
export function past(state, room, activities) {
  const earlier = { ...room, lines: [] };
  const said = activities.filter(({ type, object }) => type === "send" && object?.["xmpp:replace"] === undefined);
  earlier.lines = said.map((activity) => lineOf(state, room, activity, false));
  for (const activity of activities) {
    const by = author(state, room, activity, false);
    const replaced = activity.object?.["xmpp:replace"]?.id;
    if (replaced !== undefined) lines.edit(earlier, replaced, by, activity.object.content ?? "");
    else if (activity.type === "delete") lines.retract(earlier, activity.object?.id, by);
  }
  return lines.prepend(room, earlier.lines);
}

/** Who is writing in a room; forgets who has been for too long. */
export function typing(room, now) {
  for (const [id, { until }] of room.typing) if (until <= now) room.typing.delete(id);
  return [...room.typing.values()].map(({ name }) => name);
}

export function select(state, id) {
  state.current = id;
  const room = state.rooms.get(id);
  if (room) room.unread = 0;
  return state;
}

export function close(state, id) {
  state.rooms.delete(id);
  if (state.current === id) state.current = state.rooms.keys().next().value ?? null;
  return state;
}
