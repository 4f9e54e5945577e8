/** Base of every error that the client rejects with. `activity` is what was submitted, or the gateway's answer to it. */
export class SockethubError extends Error {
  constructor(message, activity) {
    super(message);
    this.name = new.target.name;
    this.activity = activity;
  }
}

/** The gateway or the service refused it: nothing happened. `pointer` is the JSON pointer the text names, if it does. */
export class CommandError extends SockethubError {
  get pointer() {
    return /^(?:\[[^\]]*\] )?(\/[^\s:]*):/.exec(this.message)?.[1] ?? null;
  }
}

/** It never left this client, so nothing happened: offline for too long, the queue is full, the client is closed. */
export class NotSentError extends SockethubError {}

/** It may or may not have taken effect, and nobody can know. It is not repeated. */
export class OutcomeUnknownError extends SockethubError {}
