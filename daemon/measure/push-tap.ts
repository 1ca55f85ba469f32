import { createSocket, type Socket } from "node:dgram";
import { hostClock } from "../ports/clock.js";
import type { Instant } from "../types/units.js";

/** One datagram of the arm's state push, as far as measurements need it. */
export interface PushSample {
  readonly at: Instant;
  /** deg, J1 to J7 */
  readonly jointDeg: readonly number[];
  /** The arm's own word, for example `idle`. */
  readonly status: string;
  /** System error codes other than 0. */
  readonly errors: readonly number[];
}

/** A measurement lasts seconds; two minutes of a push every 5 ms. */
const MOST_SAMPLES = 24_000;

/** Receives the arm's state where the arm sends it, remembers when it came, and passes it on to the arm process. */
export class PushTap {
  readonly samples: PushSample[] = [];
  /** Every datagram's text since `keepText`, for what is in it. */
  readonly texts: string[] = [];
  readonly #socket: Socket;
  #target: number | null = null;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("message", (datagram) => this.#take(datagram));
  }

  /** Opens the port of `host` that the arm is told to send to, 0 for any free one; rejects where it is taken. */
  static async open(host: string, port: number): Promise<PushTap> {
    const socket = createSocket("udp4");
    await new Promise<void>((resolve, reject) => {
      socket.once("error", reject);
      socket.bind(port, host, resolve);
    });
    return new PushTap(socket);
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Passes datagrams on to a port of loopback. */
  passTo(port: number): void {
    this.#target = port;
  }

  close(): void {
    this.#socket.close();
  }

  #take(datagram: Buffer): void {
    const at = hostClock.now();
    if (this.#target !== null) {
      this.#socket.send(datagram, this.#target, "127.0.0.1");
    }
    const text = datagram.toString("latin1");
    this.texts.push(text);
    this.texts.splice(0, this.texts.length - 50);
    const joint = /"joint_position":\s*\[([^\]]*)\]/.exec(text)?.[1];
    if (joint !== undefined) {
      const status = /"arm_current_status":\s*"([^"]*)"/.exec(text)?.[1] ?? "";
      const codes = /"err":\s*\[([^\]]*)\]/.exec(text)?.[1]?.split(",").map(Number) ?? [];
      const jointDeg = joint.split(",").map((value) => Number(value) / 1000);
      this.samples.push({ at, jointDeg, status, errors: codes.filter((code) => code !== 0) });
      this.samples.splice(0, this.samples.length - MOST_SAMPLES);
    }
  }
}
