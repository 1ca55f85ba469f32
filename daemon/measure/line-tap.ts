import { createConnection, createServer, type Server, type Socket } from "node:net";
import { hostClock } from "../ports/clock.js";
import type { Instant } from "../types/units.js";

/** What happens to the bytes of the connection that carries the stream. */
type Passage = "pass" | "drop" | "keep";

/** A setpoint on its way, as its line names it. */
export interface TappedFrame {
  readonly at: Instant;
  /** 0.001 deg, J1 to J7 */
  readonly jointMilliDeg: readonly number[];
}

/** Where the arm is, and what is to be changed on the way to it. */
export interface LineTapOptions {
  readonly arm: { readonly host: string; readonly port: number };
  /** Sees each line towards the arm and may give another one in its place. */
  readonly rewrite: (line: string) => string;
}

const STREAM = '"command":"movej_canfd"';

/**
 * Stands between arm process and arm on loopback and passes every line on; can cut the line in the ways that a network
 * can. What it passes was made by the arm process, so every setpoint has been through the guard.
 */
export class LineTap {
  readonly frames: TappedFrame[] = [];
  readonly #options: LineTapOptions;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #passage: Passage = "pass";

  private constructor(options: LineTapOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, (near) => this.#join(near));
  }

  /** Opens the tap on a free port of loopback. */
  static async open(options: LineTapOptions): Promise<LineTap> {
    const tap = new LineTap(options);
    await new Promise<void>((resolve) => tap.#server.listen(0, "127.0.0.1", resolve));
    return tap;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  }

  /** From now on nothing reaches the arm, on any connection, while all of them stay open. */
  drop(): void {
    this.#passage = "drop";
  }

  /** From now on the stream's lines are kept back; the others pass. */
  keep(): void {
    this.#passage = "keep";
  }

  /** Everything passes again; what was kept goes out at once, in one piece. Gives how many lines that were. */
  pass(): number {
    this.#passage = "pass";
    return [...this.#pairs].reduce((sum, pair) => sum + pair.release(), 0);
  }

  /** Ends every connection to the arm: in order, or with a reset. */
  cut(how: "in-order" | "reset"): void {
    for (const pair of this.#pairs) {
      pair.cut(how);
    }
  }

  close(): void {
    this.#server.close();
    this.cut("in-order");
  }

  #join(near: Socket): void {
    const pair = new Pair(near, createConnection({ ...this.#options.arm, noDelay: true }), (line) => {
      if (line.includes(STREAM)) {
        const joint = /"joint":\[([^\]]*)\]/.exec(line)?.[1] ?? "";
        this.frames.push({ at: hostClock.now(), jointMilliDeg: joint.split(",").map(Number) });
      }
      switch (this.#passage) {
        case "pass":
          return { passed: this.#options.rewrite(line), kept: false };
        case "drop":
          return { passed: null, kept: false };
        case "keep":
          return { passed: line, kept: line.includes(STREAM) };
      }
    });
    this.#pairs.add(pair);
    near.on("close", () => this.#pairs.delete(pair));
  }
}

/** One connection of the arm process and its counterpart to the arm. */
class Pair {
  readonly #far: Socket;
  #rest = "";
  #kept: string[] = [];

  constructor(
    near: Socket,
    far: Socket,
    judge: (line: string) => { readonly passed: string | null; readonly kept: boolean },
  ) {
    this.#far = far;
    near.setEncoding("latin1");
    near.on("data", (text: string) => {
      const lines = (this.#rest + text).split("\r\n");
      this.#rest = lines.pop() ?? "";
      for (const line of lines) {
        const { passed, kept } = judge(line);
        if (passed !== null && kept) {
          this.#kept.push(passed);
        } else if (passed !== null) {
          far.write(`${passed}\r\n`, "latin1");
        }
      }
    });
    far.pipe(near);
    // An error is followed by `close`; the end of one side is the end of the other.
    near.on("error", () => undefined);
    far.on("error", () => undefined);
    near.on("close", () => far.destroy());
    far.on("close", () => near.destroy());
  }

  release(): number {
    const lines = this.#kept.splice(0);
    if (lines.length > 0 && this.#far.writable) {
      this.#far.write(lines.map((line) => `${line}\r\n`).join(""), "latin1");
    }
    return lines.length;
  }

  cut(how: "in-order" | "reset"): void {
    if (how === "reset") {
      this.#far.resetAndDestroy();
    } else {
      this.#far.end();
    }
  }
}

/** The arm process asks for the state at its own port; the arm has to send it to the tap. */
export function redirectPush(
  line: string,
  inner: { readonly host: string; readonly port: number },
  outer: { readonly ip: string; readonly port: number },
): string {
  if (!line.includes("set_realtime_push") || !line.includes(`"port":${inner.port}`)) {
    return line;
  }
  return JSON.stringify({ ...JSON.parse(line), ...outer });
}
