// Verbs as methods: whoever acts, and where.

const entity = (given, type) => (typeof given === "string" ? { id: given, type } : given);
// As the gateway's plainest dialect has it: who writes notes is told notes.
const note = (given) => (typeof given === "string" ? { type: "note", content: given } : given);

/** Somebody on a platform, for whom the client speaks. */
export class Actor {
  #client;

  constructor(client, platform, actor) {
    this.#client = client;
    this.platform = platform;
    this.actor = entity(actor, "person");
  }

  /** An activity of this actor. */
  activity(type, { target, object } = {}) {
    const { actor, platform: context } = this;
    return { type, context, actor, ...(target && { target }), ...(object && { object }) };
  }

  /** Any verb; resolves with the platform's answer. */
  act(type, parts, options) {
    return this.#client.send(this.activity(type, parts), options);
  }

  credentials(credentials, options) {
    const object = { type: "credentials", ...credentials };
    return this.#client.credentials(this.activity("credentials", { object }), options);
  }

  connect(options) {
    return this.act("connect", {}, options);
  }

  disconnect(options) {
    return this.act("disconnect", {}, options);
  }

  /** Something of one's own: presence, a new nickname (with a target). */
  update(object, target, options) {
    return this.act("update", { object, target }, options);
  }

  query(object, target, options) {
    return this.act("query", { object, target }, options);
  }

  room(room) {
    return new Room(this, entity(room, "room"));
  }

  person(person) {
    return new Target(this, entity(person, "person"));
  }
}

/** Whom or where an actor speaks to. */
export class Target {
  constructor(actor, target) {
    this.from = actor;
    this.target = target;
  }

  act(type, object, options) {
    return this.from.act(type, { target: this.target, object }, options);
  }

  /** Says a text, or any object that can be sent. */
  send(said, options) {
    return this.act("send", note(said), options);
  }

  update(object, options) {
    return this.act("update", object, options);
  }

  query(object, options) {
    return this.act("query", object, options);
  }
}

export class Room extends Target {
  join(object, options) {
    return this.act("join", object, options);
  }

  leave(object, options) {
    return this.act("leave", object, options);
  }

  topic(text, options) {
    return this.update({ type: "topic", content: text }, options);
  }

  attendance(options) {
    return this.query({ type: "attendance" }, options);
  }
}
