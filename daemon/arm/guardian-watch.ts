import { chmodSync } from "node:fs";
import { createConnection, createServer, type Server, type Socket } from "node:net";
import type { RelayPulse } from "../ports/relay-pulse.js";
import { removeStaleSocket } from "./daemon-link.js";
import { BEAT_PERIOD, GUARDIAN_BYTE, SILENT_BEATS } from "./guardian-protocol.js";

// Interlocks: HO-03, HO-06, AR-16.

/** The one thing that the guardian ever says to the arm (vendor's JSON protocol). */
export const STOP = Buffer.from('{"command":"set_arm_stop"}\r\n', "latin1");
/** The stop is repeated, because the first may meet a controller that is busy (AR-15). */
const REPEATS = 3;
const REPEAT_MS = 50;
/** Without pulses for this many checks, a second, any relay has opened; closing it again is a person's act at the cell. */
const WITHHELD_CHECKS = 50;
/** Between two attempts to reach the arm. */
const RETRY_MS = 500;

/** Where the guardian listens and what it guards. */
export interface GuardianOptions {
  readonly socketPath: string;
  readonly arm: { readonly host: string; readonly port: number };
  /** The relay in the arm's supply; null for a cell without one. */
  readonly relay: RelayPulse | null;
  readonly log: (message: string) => void;
}

/** A guardian at work. */
export interface Guardian {
  /** How often it has looked at the arm process. */
  checks(): number;
  close(): void;
}

/**
 * Keeps an idle connection of its own to the arm, and stops the arm when the arm process falls silent or its
 * connection ends without a goodbye. Beats back only while it could stop the arm.
 */
export async function startGuardian(options: GuardianOptions): Promise<Guardian> {
  const watch = new GuardianWatch(options);
  await removeStaleSocket(options.socketPath);
  await watch.listen();
  return watch;
}

class GuardianWatch implements Guardian {
  readonly #options: GuardianOptions;
  readonly #server: Server;
  readonly #beat = Buffer.of(GUARDIAN_BYTE.beat);
  readonly #timer: NodeJS.Timeout;
  readonly #pending = new Set<NodeJS.Timeout>();
  #arm: Socket | null = null;
  #armReady = false;
  #process: Socket | null = null;
  #checks = 0;
  #silentBeats = 0;
  /** Checks for which the relay still gets no pulse. */
  #withheld = 0;
  #fired = false;
  #closed = false;

  constructor(options: GuardianOptions) {
    this.#options = options;
    this.#server = createServer((socket) => this.#accept(socket));
    this.#connect();
    this.#timer = setInterval(() => this.#check(), BEAT_PERIOD * 1000);
  }

  listen(): Promise<void> {
    const path = this.#options.socketPath;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(path, () => {
        chmodSync(path, 0o600);
        resolve();
      });
    });
  }

  checks(): number {
    return this.#checks;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const timer of this.#pending) {
      clearTimeout(timer);
    }
    this.#options.relay?.close();
    this.#server.close();
    this.#process?.destroy();
    this.#arm?.destroy();
  }

  #connect(): void {
    const { host, port } = this.#options.arm;
    const arm = createConnection({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: 1000 }, () => {
      this.#armReady = true;
      this.#options.log(`connected to the arm at ${host}:${port}`);
    });
    this.#arm = arm;
    // The arm's replies and events are nobody's business here.
    arm.resume();
    arm.on("error", () => undefined);
    arm.on("close", () => {
      if (this.#armReady) {
        this.#options.log("the connection to the arm is gone; no beats until it is back");
      }
      this.#armReady = false;
      if (!this.#closed) {
        this.#later(RETRY_MS, () => this.#connect());
      }
    });
  }

  #accept(socket: Socket): void {
    // An error is followed by `close`, where it is handled.
    socket.on("error", () => undefined);
    if (this.#process !== null) {
      socket.destroy();
      return;
    }
    this.#process = socket;
    this.#silentBeats = 0;
    this.#fired = false;
    let goodbye = false;
    this.#options.log("guarding the arm process");
    socket.on("data", (bytes) => {
      this.#silentBeats = 0;
      this.#fired = false;
      goodbye = bytes.includes(GUARDIAN_BYTE.goodbye);
      if (bytes.includes(GUARDIAN_BYTE.cut)) {
        this.#cut();
      }
    });
    socket.on("end", () => socket.end());
    socket.on("close", () => {
      this.#process = null;
      if (goodbye) {
        this.#options.log("the arm process ended in order");
      } else if (!this.#closed) {
        this.#fire("the arm process is gone");
      }
    });
  }

  #check(): void {
    this.#checks += 1;
    if (this.#withheld > 0) {
      this.#withheld -= 1;
    } else {
      this.#options.relay?.pulse();
    }
    if (this.#process === null) {
      return;
    }
    if (this.#armReady) {
      this.#process.write(this.#beat);
    }
    this.#silentBeats += 1;
    if (this.#isSilent()) {
      // This process itself may have been held up: beats that wait in the socket are read first.
      setImmediate(() => {
        if (this.#process !== null && this.#isSilent()) {
          this.#fire(`the arm process has been silent for ${SILENT_BEATS * BEAT_PERIOD * 1000} ms`);
        }
      });
    }
  }

  /** R6 of the reaction ladder: the arm does not obey its stop, so its supply goes. */
  #cut(): void {
    if (this.#withheld === 0) {
      const what = this.#options.relay === null ? "there is no relay to open" : "the relay in its supply opens";
      this.#options.log(`the arm does not stop: ${what}`);
    }
    this.#withheld = WITHHELD_CHECKS;
  }

  #isSilent(): boolean {
    return !this.#fired && this.#silentBeats > SILENT_BEATS;
  }

  #fire(reason: string): void {
    this.#fired = true;
    for (let repeat = 0; repeat < REPEATS; repeat++) {
      if (repeat === 0) {
        this.#arm?.write(STOP);
      } else {
        this.#later(repeat * REPEAT_MS, () => this.#arm?.write(STOP));
      }
    }
    this.#process?.write(Buffer.of(GUARDIAN_BYTE.fired));
    this.#options.log(`stopped the arm: ${reason}${this.#armReady ? "" : ", but there is no connection to the arm"}`);
  }

  #later(delayMs: number, then: () => void): void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      then();
    }, delayMs);
    this.#pending.add(timer);
  }
}
