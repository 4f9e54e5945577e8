// The plain WebSocket of the gateway: {"id","event","data"} out, {"id","ack"} and {"event","data"} in.

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
const ANSWER_WITHIN_MS = 60_000;

export class Connection extends EventTarget {
  #url;
  #socket = null;
  #lastId = 0;
  #waiting = new Map();
  #pause = FIRST_PAUSE_MS;

  constructor(url) {
    super();
    this.#url = url;
  }

  open() {
    this.#state("connecting");
    const socket = new WebSocket(this.#url);
    this.#socket = socket;
    socket.onopen = () => {
      this.#pause = FIRST_PAUSE_MS;
      this.#state("open");
    };
    socket.onmessage = ({ data }) => this.#receive(JSON.parse(data));
    socket.onclose = ({ code, reason }) => this.#lost(code, reason);
  }

  /** Sends one event; resolves with its acknowledgement. */
  request(event, data) {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        reject(new Error("not connected to the gateway"));
        return;
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new Error("the gateway did not answer"));
      }, ANSWER_WITHIN_MS);
      this.#waiting.set(id, { resolve, reject, timer });
      const frame = { id, event, data };
      this.#frame("out", frame);
      this.#socket.send(JSON.stringify(frame));
    });
  }

  #receive(frame) {
    this.#frame("in", frame);
    if (frame.event !== undefined) {
      this.dispatchEvent(new CustomEvent(frame.event, { detail: frame.data }));
      return;
    }
    const waiting = this.#waiting.get(frame.id);
    if (waiting === undefined) return;
    this.#waiting.delete(frame.id);
    clearTimeout(waiting.timer);
    if (frame.error !== undefined) waiting.reject(new Error(frame.error));
    else waiting.resolve(frame.ack);
  }

  #lost(code, reason) {
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(new Error("the connection to the gateway was lost"));
    }
    this.#waiting.clear();
    this.#state("closed", reason || `closed with code ${code}`);
    setTimeout(() => this.open(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE_MS);
  }

  #state(state, text = state) {
    this.dispatchEvent(new CustomEvent("state", { detail: { state, text } }));
  }

  #frame(way, frame) {
    this.dispatchEvent(new CustomEvent("frame", { detail: { way, frame } }));
  }
}
