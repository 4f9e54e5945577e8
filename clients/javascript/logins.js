// What has to be said again to a gateway that knows nothing of this client: credentials, `connect`, `join`. Held in
// memory, written nowhere.

const key = (activity) => JSON.stringify([contextOf(activity), idOf(activity.actor)]);
const contextOf = (activity) => activity.context ?? activity["@context"] ?? null;
const idOf = (entity) => entity?.id ?? entity?.["@id"] ?? entity ?? null;

export class Logins {
  #logins = new Map(); // by each name that its actor has had

  /** Something was granted: remember what it began, or forget what it ended. */
  granted(event, said) {
    const { id: _once, ...data } = said; // what has an id is not done again
    if (event === "credentials") {
      const known = this.#logins.get(key(data));
      if (known === undefined) this.#logins.set(key(data), { credentials: data, connect: null, joins: new Map() });
      else known.credentials = data;
      return;
    }
    const login = event === "message" ? this.#logins.get(key(data)) : undefined;
    if (login === undefined) return;
    const again = { ...data, actor: login.credentials.actor };
    switch (data.type) {
      case "connect":
        login.connect = again;
        break;
      case "join":
        login.joins.set(idOf(data.target), again);
        break;
      case "leave":
        login.joins.delete(idOf(data.target));
        break;
      case "disconnect":
        login.connect = null;
        login.joins.clear();
        break;
      case "update":
        if (data.object?.type === "address") this.#logins.set(key({ ...data, actor: data.target }), login);
        break;
    }
  }

  /** These credentials are not good any more. */
  refused(data) {
    const login = this.#logins.get(key(data));
    for (const [name, known] of this.#logins) if (known === login) this.#logins.delete(name);
  }

  forget() {
    this.#logins.clear();
  }

  /** Everything, in the order in which it has to be said. */
  replays() {
    const said = [];
    for (const { credentials, connect, joins } of new Set(this.#logins.values())) {
      said.push({ event: "credentials", data: credentials });
      for (const data of connect === null ? [] : [connect, ...joins.values()]) said.push({ event: "message", data });
    }
    return said;
  }
}
