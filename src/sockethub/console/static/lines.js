// What was said in one room: lines that are answered, corrected, taken back and reacted to. No DOM, no network.
//
// Anybody can say that they correct or retract anything; only whoever has said it is believed.

export const MOST_LINES = 500;

/** Adds a line. What one has said comes back from some rooms: it is the same line. */
export function add(room, line) {
  const known = line.own ? room.lines.find((other) => other.own && other.id !== undefined && other.id === line.id) : undefined;
  if (known !== undefined) return change(known, line);
  room.lines.push({ reactions: new Map(), revision: 0, ...line });
  if (room.lines.length > MOST_LINES) room.lines.shift();
}

/** Whoever draws looks at `revision`. */
function change(line, members) {
  Object.assign(line, members);
  line.revision += 1;
}

export function find(room, id) {
  return id === undefined ? undefined : room.lines.find((line) => line.id === id);
}

function isAuthor(line, by) {
  if (line.own || by.own) return line.own === by.own;
  // Names in a room pass from one to another; what the room calls somebody does not, but retractions are told without it.
  return line.author === by.author && (line.occupant ?? by.occupant) === (by.occupant ?? line.occupant);
}

/** The service has given what one has said an id, or refused it. */
export function settle(room, id, members) {
  const line = find(room, id);
  if (line !== undefined) change(line, members);
}

export function edit(room, id, by, text) {
  const line = find(room, id);
  if (line === undefined || !isAuthor(line, by) || line.retracted) return false;
  change(line, { text, edited: true });
  return true;
}

export function retract(room, id, by) {
  const line = find(room, id);
  if (line !== undefined && isAuthor(line, by)) change(line, { text: "", retracted: true, reactions: new Map() });
}

/** Reactions of one person to a line: `update` of all of them, or one more (`add`), or one less (`remove`). */
export function react(room, id, by, how, reactions) {
  const line = find(room, id);
  if (line === undefined || line.retracted) return;
  const who = by.own ? "me" : by.author;
  if (how === "update") for (const people of line.reactions.values()) people.delete(who);
  for (const reaction of reactions) {
    const people = line.reactions.get(reaction) ?? new Set();
    if (how === "remove") people.delete(who);
    else people.add(who);
    line.reactions.set(reaction, people);
  }
  for (const [reaction, people] of line.reactions) if (people.size === 0) line.reactions.delete(reaction);
  change(line, {});
}

/** What was said before goes in front, each line once. */
export function prepend(room, earlier) {
  const known = new Set(room.lines.map((line) => line.id).filter((id) => id !== undefined));
  const first = room.lines.find((line) => line.at !== undefined)?.at;
  const older = earlier.filter((line) => !known.has(line.id) && (first === undefined || line.at === undefined || line.at < first));
  room.lines.unshift(...older.slice(-MOST_LINES).map((line) => ({ reactions: new Map(), revision: 0, ...line })));
  return older.length;
}
