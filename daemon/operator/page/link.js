const PROTOCOL = "kinevla.v1";
const BEAT_MS = 50;
const RECONNECT_MS = 1000;

/** The page's connection: opens again by itself to watch, but never takes control by itself. */
export class Link {
  #socket = null;
  #nextId = 1;
  #pending = new Map();
  #lease = null;
  #seen = 0;
  #held = false;
  #offset = 0;
  #credentials = null;
  #onEvent;

  /** `onEvent` gets every message of the daemon, and `{type: "link", state, detail}` when the connection changes. */
  constructor(onEvent) {
    this.#onEvent = onEvent;
  }

  /** What the daemon's clock shows, in seconds. */
  get now() {
    return performance.now() / 1000 + this.#offset;
  }

  get token() {
    return this.#credentials?.token ?? "";
  }

  get isInControl() {
    return this.#lease !== null;
  }

  connect(credentials) {
    this.#credentials = credentials;
    this.#open();
  }

  /** Sends a request; resolves with its reply, or with a refusal when the connection is gone. */
  request(message) {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      if (this.#socket?.readyState !== WebSocket.OPEN) {
        resolve(lost());
        return;
      }
      this.#pending.set(id, resolve);
      this.#socket.send(JSON.stringify({ ...message, id }));
    });
  }

  /** Sends a request of whoever is in control. */
  requestInControl(message) {
    return this.request({ ...message, ...this.#hold() });
  }

  /** Presses or lets go hold-to-run; the daemon is told at once, then with every beat. */
  hold(held) {
    if (held !== this.#held) {
      this.#held = held;
      if (this.#lease !== null) {
        this.#beat();
      }
    }
  }

  /** `type` is take-control, or take-over for supervisors. */
  async takeControl(type) {
    const reply = await this.request({ type, name: this.#credentials.name });
    if (reply.type === "control-granted") {
      this.#endLease();
      this.#lease = { number: reply.lease, sequence: 0, beats: setInterval(() => this.#beat(), BEAT_MS) };
    }
    return reply;
  }

  async releaseControl() {
    const reply = await this.requestInControl({ type: "release-control" });
    this.#endLease();
    return reply;
  }

  #open() {
    this.#onEvent({ type: "link", state: "opening", detail: "connecting" });
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}`, [PROTOCOL]);
    this.#socket = socket;
    socket.addEventListener("message", (event) => this.#receive(JSON.parse(event.data)));
    socket.addEventListener("close", (event) => {
      this.#endLease();
      for (const resolve of this.#pending.values()) {
        resolve(lost());
      }
      this.#pending.clear();
      this.#onEvent({ type: "link", state: "closed", detail: event.reason || "not connected" });
      if (this.#credentials !== null) {
        setTimeout(() => this.#open(), RECONNECT_MS);
      }
    });
  }

  #receive(message) {
    switch (message.type) {
      case "hello":
        this.#setClock(message.now);
        this.#socket.send(JSON.stringify({ type: "authenticate", id: 0, ...this.#credentials }));
        break;
      case "state":
        this.#seen = message.sequence;
        this.#setClock(message.at);
        break;
      case "control":
        if (!message.yours) {
          this.#endLease();
        }
        break;
      case "refused":
        if (message.code === "bad-token") {
          this.#credentials = null;
        }
        break;
    }
    this.#pending.get(message.id)?.(message);
    this.#pending.delete(message.id);
    this.#onEvent(message);
  }

  /** State is at most a few milliseconds old when it arrives. */
  #setClock(now) {
    this.#offset = now - performance.now() / 1000;
  }

  #hold() {
    if (this.#lease === null) {
      return { lease: 1, sequence: 0 };
    }
    this.#lease.sequence += 1;
    return { lease: this.#lease.number, sequence: this.#lease.sequence };
  }

  #beat() {
    if (this.#socket?.readyState === WebSocket.OPEN) {
      const beat = { type: "renew", id: this.#nextId++, ...this.#hold(), seen: this.#seen, held: this.#held };
      this.#socket.send(JSON.stringify(beat));
    }
  }

  #endLease() {
    clearInterval(this.#lease?.beats);
    this.#lease = null;
    this.#held = false;
  }
}

function lost() {
  return {
    type: "refused",
    code: "link-lost",
    message: "the page is not connected to the daemon",
    hint: "Is the daemon running? Use the hardware stop if the arm moves.",
  };
}
