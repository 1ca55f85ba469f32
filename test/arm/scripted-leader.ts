import { createConnection, type Socket } from "node:net";
import { hostClock } from "../../daemon/ports/clock.js";
import type { FromPuppet } from "../../daemon/types/puppet.js";
import { type Instant, type JointVector, mapJoints } from "../../daemon/types/units.js";
import { DEGREE, reading } from "../teleop/leader.js";
import { SCRIPTED_LEADER } from "./rig.js";

/** Where a script has the leader at an instant. */
type Script = (at: Instant) => JointVector;

/** The puppet process's end of the socket: a leader that is read 100 times a second and does as a test says. */
export class ScriptedLeader {
  readonly #socket: Socket;
  readonly #timer: NodeJS.Timeout;
  #script: Script;
  #seq = 0;
  button = false;
  /** No readings while it is silent. */
  silent = false;

  constructor(path: string, from: JointVector) {
    this.#script = () => from;
    this.#socket = createConnection(path);
    this.#socket.on("error", () => undefined);
    this.tell({ kind: "hello", identity: SCRIPTED_LEADER });
    this.#timer = setInterval(() => this.#read(), 10);
  }

  tell(message: FromPuppet): void {
    this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  write(text: string): void {
    this.#socket.write(text);
  }

  /** From now on it stands where `script` says. */
  follow(script: Script): void {
    this.#script = script;
  }

  /** Stands still where it is. */
  rest(): void {
    const q = this.#script(hostClock.now());
    this.#script = () => q;
  }

  /** Turns one joint there and back after the other, as the sign test asks; resolves when it is over. */
  async turnEachJoint(): Promise<void> {
    const pose = this.#script(hostClock.now());
    for (let joint = 0; joint < 7; joint++) {
      const from = hostClock.now() + 0.3;
      this.follow((at) => {
        const part = Math.min(Math.max(0, (at - from) / 0.25), 1);
        return mapJoints(pose, (angle, index) =>
          index === joint ? angle + 4 * DEGREE * Math.sin(Math.PI * part) : angle,
        );
      });
      await new Promise((resolve) => setTimeout(resolve, 650));
    }
    this.follow(() => pose);
  }

  close(): void {
    clearInterval(this.#timer);
    this.#socket.destroy();
  }

  #read(): void {
    if (!this.silent) {
      this.#seq += 1;
      const at = hostClock.now();
      const sample = reading(this.#script(at), at, { button: this.button });
      this.tell({ kind: "sample", sample: { ...sample, seq: this.#seq } });
    }
  }
}
