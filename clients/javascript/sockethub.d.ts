/** A client of Sockethub for Python. */

export interface Entity {
  id: string;
  type?: string;
  name?: string;
}

export interface ActivityObject {
  type?: string;
  content?: string;
  [member: string]: unknown;
}

/** An ActivityStreams activity in any dialect; `context` or `@context` names the platform. */
export interface Activity {
  type: string;
  context?: string;
  "@context"?: string[];
  id?: string;
  actor?: Entity | string;
  target?: Entity | string;
  object?: ActivityObject;
  published?: string;
  [extension: string]: unknown;
}

export interface Platform {
  id: string;
  version: string;
  contextUrl: string;
  contextVersion: string;
  schemaVersion: string;
  types: string[];
  schemas: { credentials: Record<string, unknown>; messages: Record<string, unknown> };
}

export interface Registry {
  fingerprint: string;
  version: string;
  contexts: { as: string; sockethub: string };
  platforms: Platform[];
}

/** One frame of the plain WebSocket. */
export interface Frame {
  id?: string | number;
  event?: string;
  data?: unknown;
  ack?: unknown;
  error?: string;
  offset?: number;
}

export type State = "connecting" | "ready" | "waiting" | "closed";

export interface Options {
  /**
   * Shown to a gateway that asks who clients are. A function is called for each connection, and for a newer token before
   * the one in use expires; without one it gives `null`, and the client is closed.
   */
  token?: string | (() => string | null | Promise<string | null>);
  /** Opens the socket; for WebSockets of another make, or with more to say at the beginning. */
  dial?: (url: string) => WebSocket | Promise<WebSocket>;
  /** How long a command waits for its answer, in ms; 60,000. */
  timeout?: number;
  /** Whether the session is kept for a client that loses its connection; true. */
  resume?: boolean;
  /** Whether credentials, `connect` and `join` are held in memory, to be said again where resuming fails; true. */
  remember?: boolean;
  /** How many commands may await their answer, offline ones included; 256. */
  queue?: number;
  /** Events in a second at most; 90. */
  rate?: number;
}

export interface CommandOptions {
  /** In ms. */
  timeout?: number;
}

export interface Events {
  /** What the platforms tell. */
  message: Activity;
  /** `code` is the close code of a connection that was lost, where there was one: 4001 is a token that does not hold. */
  state: { state: State; reason?: string; retryIn?: number; code?: number };
  /** The session could not be resumed: what was said meanwhile may be missed. Logins are taken up again by themselves. */
  anew: { reason: string };
  /** What was said again was refused. */
  refused: { activity: Activity | null; error: string };
  /** Something about the connection. */
  error: { summary: string };
  /** The gateway is about to restart. */
  closing: { code: number; reason: string; retryAfter: number };
  /** Every frame, both ways; credentials are in it, tokens are not. */
  frame: { way: "in" | "out"; frame: Frame };
}

type Listener<Name extends keyof Events> = ((event: CustomEvent<Events[Name]>) => void) | null;

/** An `EventTarget`, whose events are those above. */
export class Client {
  constructor(address: string | URL, options?: Options);
  readonly state: State;
  readonly registry: Registry | null;
  ready(options?: CommandOptions): Promise<void>;
  contextFor(platform: string): [string, string, string];
  as(platform: string, actor: Entity | string): Actor;
  fetch(platform: string, url: string, object?: ActivityObject, options?: CommandOptions): Promise<Activity>;
  send(activity: Activity, options?: CommandOptions): Promise<Activity>;
  credentials(activity: Activity, options?: CommandOptions): Promise<null>;
  request(event: string, data?: unknown, options?: CommandOptions): Promise<unknown>;
  forget(): void;
  close(): void;
  addEventListener<Name extends keyof Events>(
    type: Name,
    listener: Listener<Name>,
    options?: boolean | AddEventListenerOptions,
  ): void;
  removeEventListener<Name extends keyof Events>(
    type: Name,
    listener: Listener<Name>,
    options?: boolean | EventListenerOptions,
  ): void;
  dispatchEvent(event: Event): boolean;
}

export interface Parts {
  target?: Entity;
  object?: ActivityObject;
}

export class Actor {
  readonly platform: string;
  readonly actor: Entity;
  activity(type: string, parts?: Parts): Activity;
  act(type: string, parts?: Parts, options?: CommandOptions): Promise<Activity>;
  credentials(credentials: Record<string, unknown>, options?: CommandOptions): Promise<null>;
  connect(options?: CommandOptions): Promise<Activity>;
  disconnect(options?: CommandOptions): Promise<Activity>;
  update(object: ActivityObject, target?: Entity, options?: CommandOptions): Promise<Activity>;
  query(object: ActivityObject, target?: Entity, options?: CommandOptions): Promise<Activity>;
  room(room: Entity | string): Room;
  person(person: Entity | string): Target;
}

export class Target {
  readonly from: Actor;
  readonly target: Entity;
  act(type: string, object?: ActivityObject, options?: CommandOptions): Promise<Activity>;
  send(said: string | ActivityObject, options?: CommandOptions): Promise<Activity>;
  update(object: ActivityObject, options?: CommandOptions): Promise<Activity>;
  query(object: ActivityObject, options?: CommandOptions): Promise<Activity>;
}

export class Room extends Target {
  join(object?: ActivityObject, options?: CommandOptions): Promise<Activity>;
  leave(object?: ActivityObject, options?: CommandOptions): Promise<Activity>;
  topic(text: string, options?: CommandOptions): Promise<Activity>;
  attendance(options?: CommandOptions): Promise<Activity>;
}

export class SockethubError extends Error {
  readonly activity?: Activity;
}

/** The gateway or the service refused it: nothing happened. */
export class CommandError extends SockethubError {
  /** The JSON pointer that the text names. */
  readonly pointer: string | null;
}

/** It never left this client: nothing happened. */
export class NotSentError extends SockethubError {}

/** It may or may not have taken effect; nobody can know. */
export class OutcomeUnknownError extends SockethubError {}

/** A new random id, for activities and messages. */
export function newId(): string;

/** Begins a session. Without an address: at the gateway that this module was loaded from. */
export function connect(address?: string | URL, options?: Options): Client;
