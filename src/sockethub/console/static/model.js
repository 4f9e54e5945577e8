// Folds activities into what the page shows. No DOM, no network: state in, state out.

export const MOST_LINES = 500;

const SELF = 110; // what an XMPP room calls one's own presence (XEP-0045)

/** `me` is who one is on each platform, `services` what each has named for rooms and uploads. */
export function empty() {
  return { me: new Map(), services: new Map(), rooms: new Map(), current: null };
}

/** The short name of an actor or target. */
export function label(entity) {
  if (!entity) return "?";
  return entity.name ?? (entity.type === "room" ? entity.id.split("@")[0] : entity.id);
}

function roomOf(state, entity, context) {
  const id = entity.id;
  if (!state.rooms.has(id)) {
    state.rooms.set(id, { id, entity, context, me: null, topic: "", members: new Map(), lines: [], unread: 0 });
    state.current ??= id;
  }
  return state.rooms.get(id);
}

function say(state, room, line) {
  // What one has said comes back from some rooms: it is the same line.
  const before = line.id === undefined || !line.own ? undefined : room.lines.find((other) => other.id === line.id && other.own);
  if (before !== undefined) {
    Object.assign(before, line, { own: true });
    return;
  }
  room.lines.push(line);
  if (room.lines.length > MOST_LINES) room.lines.shift();
  if (state.current !== room.id) room.unread += 1;
}

function isMe(state, entity, context) {
  const me = state.me.get(context);
  return me !== undefined && entity?.id === me.id;
}

/** The room a message belongs to: its target, or the sender where the target is me. */
function conversation(state, activity) {
  return isMe(state, activity.target, activity.context) ? activity.actor : activity.target;
}

const handlers = {
  send(state, activity, own) {
    const entity = conversation(state, activity);
    if (!entity?.id) return;
    const kind = activity.object?.type ?? "message";
    const room = roomOf(state, entity, activity.context);
    say(state, room, {
      id: activity.object?.id,
      kind: kind === "note" ? "message" : kind,
      who: label(activity.actor),
      text: activity.object?.content ?? "",
      at: activity.published,
      own: own || activity.actor?.id === room.me || isMe(state, activity.actor, activity.context),
      error: activity.error,
    });
  },

  join(state, activity) {
    const room = roomOf(state, activity.target, activity.context);
    room.members.set(activity.actor.id, { name: label(activity.actor), role: activity.object?.role ?? "" });
    say(state, room, { kind: "event", text: `${label(activity.actor)} joined`, at: activity.published });
    if (isMe(state, activity.actor, activity.context) || activity["xmpp:status"]?.includes(SELF)) {
      room.me = activity.actor.id;
      state.current = room.id;
      room.unread = 0;
    }
  },

  leave(state, activity) {
    const reason = activity.object?.content ? ` (${activity.object.content})` : "";
    const rooms = state.rooms.has(activity.target?.id) ? [state.rooms.get(activity.target.id)] : state.rooms.values();
    for (const room of rooms) {
      const mine = activity.actor.id === room.me || isMe(state, activity.actor, activity.context);
      if (!room.members.delete(activity.actor.id) && !mine) continue;
      say(state, room, { kind: "event", text: `${label(activity.actor)} left${reason}`, at: activity.published });
      if (mine && room.id === activity.target?.id) room.members.clear();
    }
  },

  update(state, activity) {
    const object = activity.object ?? {};
    if (object.type === "topic" && activity.target?.type === "room") {
      const room = roomOf(state, activity.target, activity.context);
      room.topic = object.content ?? "";
      if (room.topic !== "") say(state, room, { kind: "event", text: `${label(activity.actor)} set the topic: ${room.topic}`, at: activity.published });
    } else if (object.type === "address" && activity.target) {
      rename(state, activity);
    } else if (object.type === "presence" && activity.target?.type === "room") {
      const room = roomOf(state, activity.target, activity.context); // members are told before a join is acknowledged
      if (object.presence === "offline") room.members.delete(activity.actor.id);
      else room.members.set(activity.actor.id, { name: label(activity.actor), role: object.role ?? "" });
    } else if (object.type === "capabilities") {
      state.services.set(activity.context, activity["xmpp:services"] ?? {});
    }
  },

  query(state, activity) {
    const object = activity.object ?? {};
    if (object.type !== "attendance" || !Array.isArray(object.members)) return;
    const room = state.rooms.get(activity.actor?.id) ?? state.rooms.get(activity.target?.id);
    if (room === undefined) return;
    for (const member of object.members) {
      const id = member.id ?? member;
      if (!room.members.has(id)) room.members.set(id, { name: label(member.id ? member : { id }), role: member.role ?? "" });
    }
  },

  error(state, activity) {
    const room = state.rooms.get(activity.target?.id) ?? state.rooms.get(state.current);
    if (room) say(state, room, { kind: "failed", text: activity.error ?? "error", at: activity.published });
  },

  connect(state, activity) {
    for (const room of state.rooms.values()) {
      if (room.context !== activity.context) continue;
      say(state, room, { kind: "event", text: "connected again", at: activity.published });
    }
  },
};

function rename(state, activity) {
  const from = activity.actor;
  const to = activity.target;
  for (const room of state.rooms.values()) {
    const member = room.members.get(from.id);
    if (member === undefined) continue;
    room.members.delete(from.id);
    room.members.set(to.id, { ...member, name: label(to) });
    if (room.me === from.id) room.me = to.id;
    say(state, room, { kind: "event", text: `${label(from)} is now ${label(to)}`, at: activity.published });
  }
  if (isMe(state, from, activity.context)) state.me.set(activity.context, to);
}

/** Applies one activity, from the service or, with `own`, from this page once acknowledged. */
export function apply(state, activity, own = false) {
  handlers[activity.type]?.(state, activity, own);
  return state;
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
