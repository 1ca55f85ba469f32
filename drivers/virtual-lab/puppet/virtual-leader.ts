import { hostClock } from "../../../daemon/ports/clock.js";
import type { PuppetKind } from "../../../daemon/types/puppet.js";
import type { Instant, JointVector } from "../../../daemon/types/units.js";
import { DynamixelDecoder, encodePosition, encodeStatus, type Request } from "../../puppet/dynamixel-codec.js";
import { encodeRealmanReading, REALMAN_POLL } from "../../puppet/realman-codec.js";
import { createRandom } from "../scene/random.js";
import { type LeaderFaults, NO_FAULTS, spoil } from "./leader-faults.js";
import { placeAt, type TracePoint } from "./motion-trace.js";
import { openPty, type Pty } from "./pty.js";

/** How to make a virtual leader. */
export interface VirtualLeaderOptions {
  readonly kind: PuppetKind;
  /** The pseudo terminal's name, which the daemon opens. */
  readonly path: string;
  /** 6 or 7. */
  readonly joints?: number;
  readonly seed?: number;
  /** Dynamixel: ids of the joints, then of the gripper; 1 to 8 by default. */
  readonly ids?: readonly number[];
}

/** Dynamixel: the device with the switch, and the byte of its control table that says whether it is pressed. */
export const VIRTUAL_BUTTON = { id: 20, address: 128 } as const;

const TURN = 2 * Math.PI;
/** X series, XL330-M077 (e-Manual). */
const MODEL = [0xa6, 0x04, 52] as const;

/**
 * A leader arm that is not there: answers the bytes of one kind on a pseudo terminal, is moved by `place` or `play`, and
 * is spoiled by `fault`.
 */
export class VirtualLeader {
  readonly path: string;
  readonly #kind: PuppetKind;
  readonly #joints: number;
  readonly #ids: readonly number[];
  readonly #random: () => number;
  readonly #decoder = new DynamixelDecoder();
  #asked = Buffer.alloc(0);
  #pty: Pty | null = null;
  #angles: JointVector = [0, 0, 0, 0, 0, 0, 0];
  #gripper = 0;
  #pressed = false;
  #held = false;
  #faults: LeaderFaults = NO_FAULTS;
  #glitch: { readonly joint: number; readonly by: number } | null = null;
  #frozen: readonly number[] | null = null;
  #trace: { readonly points: readonly TracePoint[]; readonly from: number; readonly onEnd: () => void } | null = null;
  #answers = 0;
  #answeredAt: Instant = -Infinity;
  #buttonToldAt: Instant = -Infinity;

  constructor({ kind, path, joints = 7, seed = 1, ids }: VirtualLeaderOptions) {
    this.path = path;
    this.#kind = kind;
    this.#joints = joints;
    this.#ids = ids ?? Array.from({ length: joints + 1 }, (_, index) => index + 1);
    this.#random = createRandom(seed).unit;
  }

  /** Plugs it in; the pseudo terminal is there afterwards. */
  async plug(): Promise<void> {
    this.#pty ??= await openPty(this.path, (bytes) => this.#take(bytes));
  }

  /** Draws the plug; `plug` puts it back. */
  async unplug(): Promise<void> {
    const pty = this.#pty;
    this.#pty = null;
    await pty?.unplug();
  }

  /** Where it is from now on: rad; handle in rad (Dynamixel) or a whole number (RealMan). */
  place(place: { readonly angles?: JointVector; readonly gripper?: number; readonly button?: boolean }): void {
    this.#trace = null;
    this.#angles = place.angles ?? this.#angles;
    this.#gripper = place.gripper ?? this.#gripper;
    this.#pressed = place.button ?? this.#pressed;
  }

  /** Holds its button pressed from now on, or no longer; a trace and `place` may press it besides. */
  press(pressed: boolean): void {
    this.#held = pressed;
  }

  /** Moves along a trace from now on; resolves at its end, or when something else takes over. */
  play(points: readonly TracePoint[]): Promise<void> {
    this.#trace?.onEnd();
    return new Promise((resolve) => {
      this.#trace = { points, from: hostClock.now(), onEnd: resolve };
    });
  }

  /** What is wrong from now on; what is not named becomes sound. */
  fault(faults: Partial<LeaderFaults>): void {
    this.#faults = { ...NO_FAULTS, ...faults };
    this.#frozen = null;
  }

  /** The next reading alone jumps in one joint (0 to 6), by rad. */
  glitch(joint: number, by: number): void {
    this.#glitch = { joint, by };
  }

  /** Where it is, without faults. */
  now(): { readonly angles: JointVector; readonly gripper: number; readonly button: boolean } {
    this.#advance();
    return { angles: this.#angles, gripper: this.#gripper, button: this.#pressed || this.#held };
  }

  /** Readings that were asked for and answered. */
  get answers(): number {
    return this.#answers;
  }

  /** When the last bytes of an answer went to the host. */
  get answeredAt(): Instant {
    return this.#answeredAt;
  }

  /** When an answer last said whether the button is pressed; RealMan's never does. */
  get buttonToldAt(): Instant {
    return this.#buttonToldAt;
  }

  #advance(): void {
    const trace = this.#trace;
    if (trace !== null) {
      const at = hostClock.now() - trace.from;
      const place = placeAt(trace.points, at);
      if (place !== null) {
        this.#angles = place.angles;
        this.#gripper = place.gripper;
        this.#pressed = place.button;
      }
      if (at >= (trace.points.at(-1)?.at ?? 0)) {
        this.#trace = null;
        trace.onEnd();
      }
    }
  }

  /** What the encoders say now: joints, then the handle. */
  #readings(): readonly number[] {
    this.#advance();
    if (this.#frozen !== null) {
      return this.#frozen;
    }
    const { noise, frozen, wrapped } = this.#faults;
    const joints = this.#angles.slice(0, this.#joints).map((angle, joint) => {
      const jump = this.#glitch?.joint === joint ? this.#glitch.by : 0;
      const noisy = angle + jump + (noise === 0 ? 0 : noise * this.#normal());
      return wrapped.includes(joint) ? ((noisy % TURN) + TURN) % TURN : noisy;
    });
    this.#glitch = null;
    const readings = [...joints, this.#gripper];
    this.#frozen = frozen ? readings : null;
    this.#answers++;
    return readings;
  }

  /** Box and Muller. */
  #normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.#random())) * Math.cos(TURN * this.#random());
  }

  #send(answer: Uint8Array): void {
    this.#answeredAt = hostClock.now();
    this.#pty?.send(spoil(answer, this.#faults, this.#random));
  }

  #take(bytes: Uint8Array): void {
    if (this.#faults.silent) {
      return;
    }
    if (this.#kind === "dynamixel-leader") {
      this.#decoder.pushRequest(bytes, (request) => this.#answer(request));
      return;
    }
    this.#asked = Buffer.concat([this.#asked, bytes]);
    for (let at = this.#asked.indexOf(REALMAN_POLL); at >= 0; at = this.#asked.indexOf(REALMAN_POLL)) {
      this.#asked = this.#asked.subarray(at + REALMAN_POLL.length);
      const readings = this.#readings();
      this.#send(encodeRealmanReading({ joints: readings.slice(0, -1), gripper: readings.at(-1) ?? 0 }));
    }
    this.#asked = this.#asked.subarray(-REALMAN_POLL.length);
  }

  #answer(request: Request): void {
    const error = this.#faults.statusError;
    switch (request.kind) {
      case "ping":
        this.#send(Buffer.concat([...this.#ids, VIRTUAL_BUTTON.id].map((id) => encodeStatus(id, 0, MODEL))));
        break;
      case "sync-read": {
        const readings = this.#readings();
        const answers = request.ids.flatMap((id) => {
          const reading = readings[this.#ids.indexOf(id)];
          return reading === undefined ? [] : [encodeStatus(id, error, error === 0 ? encodePosition(reading) : [])];
        });
        this.#send(Buffer.concat(answers));
        break;
      }
      case "read":
        if (request.id === VIRTUAL_BUTTON.id) {
          this.#send(encodeStatus(request.id, error, [this.#pressed || this.#held ? 1 : 0]));
          this.#buttonToldAt = this.#answeredAt;
        }
        break;
      case "other":
        break;
    }
  }
}
