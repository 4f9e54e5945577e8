// What the log does not show: it stands on screens, and in screenshots of bug reports.

const HIDDEN = "…";

let known = [];

/** Names of the members that a JSON Schema calls `writeOnly`, however deep. */
export function secretNames(schema) {
  if (typeof schema !== "object" || schema === null) return [];
  return Object.entries(schema).flatMap(([name, member]) => [
    ...(member?.writeOnly === true ? [name] : []),
    ...secretNames(member),
  ]);
}

/** From now on what the schemas of these platforms call `writeOnly` is not shown. */
export function learnSecrets(platforms) {
  known = secretNames(platforms.map((platform) => platform.schemas));
}

/** A copy of JSON without the members of these names, and without the whole object of credentials. */
export function withoutSecrets(value, names = known) {
  const hidden = new Set(["password", "token", ...names]);
  return JSON.parse(JSON.stringify(value), function hide(key, member) {
    const credentials = key === "object" && (this.type === "credentials" || member?.type === "credentials");
    return credentials || (hidden.has(key) && ["string", "number"].includes(typeof member)) ? HIDDEN : member;
  });
}
