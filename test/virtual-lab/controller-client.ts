import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { type JointPosition, jointPosition } from "../../daemon/types/units.js";
import {
  type ControllerOptions,
  startController,
  type VirtualController,
} from "../../drivers/virtual-lab/controller/controller.js";
import { LagPlant } from "../../drivers/virtual-lab/controller/lag-plant.js";

export type Message = { readonly [field: string]: unknown };

/** Joint position from degrees. */
export function degrees(...angles: readonly number[]): JointPosition {
  return jointPosition(angles.map((angle) => (angle * Math.PI) / 180));
}

/** The pose of most samples. */
export const SAMPLE_POSE = degrees(10, 20, 30, 40, 50, 60, 70);

/** A controller with a lagging plant on a free loopback port. */
export async function labController(options: Partial<ControllerOptions> = {}): Promise<VirtualController> {
  const plant = new LagPlant(hostClock, SAMPLE_POSE);
  const controller = await startController({ plant, host: "127.0.0.1", port: 0, ...options });
  return controller;
}

/** A bare TCP client that frames on CR LF and hands out one message after the other. */
export class RawClient {
  readonly socket: Socket;
  readonly #messages: Message[] = [];
  #text = "";
  #wake: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      this.#text += chunk.toString("latin1");
      const lines = this.#text.split("\r\n");
      this.#text = lines.pop() ?? "";
      this.#messages.push(...lines.map((line) => JSON.parse(line) as Message));
      this.#wake?.();
    });
    socket.on("error", () => socket.destroy());
  }

  static async open(controller: VirtualController): Promise<RawClient> {
    const socket = connect(controller.address.port, controller.address.host);
    await once(socket, "connect");
    return new RawClient(socket);
  }

  send(request: object | string): void {
    this.socket.write(typeof request === "string" ? request : `${JSON.stringify(request)}\r\n`);
  }

  /** The next message, waiting for it. */
  async next(): Promise<Message> {
    while (this.#messages.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#messages.shift() ?? {};
  }

  async ask(request: object | string): Promise<Message> {
    this.send(request);
    return this.next();
  }

  /** Messages that came unasked. */
  pending(): readonly Message[] {
    return [...this.#messages];
  }

  close(): void {
    this.socket.destroy();
  }
}

/** One recorded sample. */
export interface Sample {
  readonly name: string;
  readonly request?: Message & { readonly command: string };
  readonly reply?: Message | null;
  readonly frame?: Message;
  readonly later_events?: readonly Message[];
}

/** The recorded samples whose file name starts with `prefix`. */
export function samples(prefix: string): readonly Sample[] {
  const folder = projectPath("test", "fixtures", "realman");
  return readdirSync(folder)
    .filter((file) => file.startsWith(prefix) && file.endsWith(".json"))
    .sort()
    .map((file) => JSON.parse(readFileSync(`${folder}/${file}`, "utf8")) as Sample);
}

/** A value with its numbers, strings and booleans replaced by their kinds; lists keep their length. */
export function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(shapeOf);
  }
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([key, item]) => [key, shapeOf(item)]),
    );
  }
  return typeof value;
}
