import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { basename } from "node:path";
import { realTimeCommand } from "../../daemon/arm/scheduling.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { PuppetCalibration, PuppetIdentity, PuppetKind } from "../../daemon/types/puppet.js";
import {
  type Instant,
  JOINT_COUNT,
  type JointVector,
  jointAt,
  mapJoints,
  type Seconds,
} from "../../daemon/types/units.js";
import type { LeaderFaults } from "../../drivers/virtual-lab/puppet/leader-faults.js";
import { VIRTUAL_BUTTON } from "../../drivers/virtual-lab/puppet/virtual-leader.js";
import { CALIBRATION, DEGREE, readAt } from "../teleop/leader.js";
import type { HandAnswer, HandDeed, HandOrder } from "./hand-process.js";

/** Real-time priority of the hand, where it may be had: it stands for a person and a bus, which wait for no processor. */
const PRIORITY = 60;
/** Of the sign test: from one joint to the next, at rest before each, and there and back. */
const TURN_EVERY: Seconds = 0.85;
const RESTS: Seconds = 0.4;
const TURN_TAKES: Seconds = 0.4;
/** RealMan's handle counts to 1000. */
const REALMAN_GRIPPER = { closed: 100, open: 900 };

/** The hand's way at an instant after it began, rad, in the arm's angles. */
interface WayPoint {
  readonly at: Seconds;
  readonly q: JointVector;
}

/** Somebody who waits for an answer. */
interface Waiting {
  readonly deed: HandDeed["kind"];
  readonly resolve: (answer: HandAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** A virtual leader on a pseudo terminal and the hand that holds it; everything is said in the arm's angles. */
export class Hand {
  readonly kind: PuppetKind;
  readonly path: string;
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  #orders = 0;

  private constructor(kind: PuppetKind, path: string) {
    this.kind = kind;
    this.path = path;
    const { command, args } = realTimeCommand(projectPath("dist", "test", "puppet", "hand-process.js"), [], PRIORITY);
    this.#child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit", "ipc"] });
    this.#child.on("message", (answer: HandAnswer) => {
      this.#waiting.get(answer.id)?.resolve(answer);
      this.#waiting.delete(answer.id);
    });
    this.#child.once("exit", () => {
      for (const { deed, reject } of this.#waiting.values()) {
        reject(new Error(`the hand is gone, before it did ${deed}`));
      }
    });
  }

  /** Takes a new leader at `path`, standing like the arm at `q`, rad. */
  static async take(kind: PuppetKind, path: string, q: JointVector): Promise<Hand> {
    const hand = new Hand(kind, path);
    await hand.#do({ kind: "take", leader: kind, path });
    await hand.stand(q);
    return hand;
  }

  /** As it will say who it is. */
  get identity(): PuppetIdentity {
    const adapter = basename(this.path);
    const serial = this.kind === "realman-leader" ? adapter : `${adapter}/1-2-3-4-5-6-7-8-${VIRTUAL_BUTTON.id}`;
    return { kind: this.kind, serial, joints: 7 };
  }

  /** What `kinevla calibrate puppet` would find of it. */
  get calibration(): PuppetCalibration {
    const gripper = this.kind === "realman-leader" ? REALMAN_GRIPPER : CALIBRATION.gripper;
    return { ...CALIBRATION, puppet: this.identity, gripper };
  }

  /** Stands like the arm at `q`, rad, from now on, with an open handle. */
  async stand(q: JointVector): Promise<void> {
    await this.#do({ kind: "place", angles: readAt(q), gripper: this.calibration.gripper.open });
  }

  /**
   * Turns each joint 4 degrees there and back, as the sign test asks; joint `mirrored` (0 to 6) the other way. Resolves when
   * it is at rest again, after 6 s.
   */
  async turnEachJoint(mirrored: number | null = null): Promise<void> {
    const from = await this.where();
    await this.#follow(JOINT_COUNT * TURN_EVERY, (at) => {
      const joint = Math.floor(at / TURN_EVERY);
      const part = Math.min(Math.max(0, at - joint * TURN_EVERY - RESTS) / TURN_TAKES, 1);
      const by = (joint === mirrored ? -4 : 4) * DEGREE * Math.sin(Math.PI * part);
      return mapJoints(from, (angle, index) => (index === joint ? angle + by : angle));
    });
    await this.#do({ kind: "rest" });
  }

  /** To and fro about where it is in some joints (0 to 6), `amplitude` degrees at a steady `speed` in deg/s, for two minutes. */
  async swing(joints: readonly number[], amplitude: number, speed: number): Promise<void> {
    const from = await this.where();
    await this.#follow(120, (at) => {
      const way = (at * speed) / amplitude;
      // From 0 up to 1, down to -1 and so on: a triangle.
      const part = Math.abs(((way + 3) % 4) - 2) - 1;
      return mapJoints(from, (angle, joint) => (joints.includes(joint) ? angle + amplitude * DEGREE * part : angle));
    });
  }

  /** Goes to `q`, rad, at `speed` in deg/s in the joint that has the longest way. */
  async goTo(q: JointVector, speed: number): Promise<void> {
    const from = await this.where();
    const way = Math.max(...q.map((angle, joint) => Math.abs(angle - jointAt(from, joint))));
    const takes = Math.max(way / (speed * DEGREE), 0.01);
    await this.#follow(takes, (at) => {
      return mapJoints(
        q,
        (angle, joint) => jointAt(from, joint) + (angle - jointAt(from, joint)) * Math.min(1, at / takes),
      );
    });
  }

  /** Moves along a path, the handle with it: 1 open, 0 closed. Resolves at its end, or when the hand does something else. */
  async goAlong(path: readonly (WayPoint & { readonly gripper: number })[]): Promise<void> {
    const { open, closed } = this.calibration.gripper;
    const trace = path.map(({ at, q, gripper }) => ({
      ...{ at, angles: readAt(q), gripper: closed + gripper * (open - closed), button: false },
    }));
    await this.#do({ kind: "move", trace });
    await this.#do({ kind: "rest" });
  }

  /** Presses the button or lets it go; gives the instant of the first answer that says so. */
  async button(pressed: boolean): Promise<Instant> {
    return (await this.#do({ kind: "button", pressed })).at;
  }

  /** What is wrong with the leader from now on; gives the instant from which it shows. */
  async fault(faults: Partial<LeaderFaults>): Promise<Instant> {
    return (await this.#do({ kind: "fault", faults })).at;
  }

  /** Nothing is answered for so long; gives the instant of the last answer before. */
  async gap(seconds: Seconds): Promise<Instant> {
    return (await this.#do({ kind: "gap", seconds })).at;
  }

  /** One reading jumps in one joint (0 to 6) by `degrees`; gives the instant of that reading. */
  async glitch(joint: number, degrees: number): Promise<Instant> {
    return (await this.#do({ kind: "glitch", joint, by: degrees * DEGREE })).at;
  }

  /** One joint (0 to 6) stands `degrees` of the leader's own further from the next reading on; gives its instant. */
  async step(joint: number, degrees: number): Promise<Instant> {
    return (await this.#do({ kind: "step", joint, by: degrees * DEGREE })).at;
  }

  async unplug(): Promise<Instant> {
    return (await this.#do({ kind: "unplug" })).at;
  }

  async plug(): Promise<Instant> {
    return (await this.#do({ kind: "plug" })).at;
  }

  /** Where it is, rad. */
  async where(): Promise<JointVector> {
    const { angles } = await this.#do({ kind: "look" });
    return mapJoints(angles, (raw, joint) => {
      const { sign, zero, scale } = CALIBRATION.joints[joint] ?? { sign: 1, zero: 0, scale: 1 };
      return sign * scale * (raw - zero);
    });
  }

  async close(): Promise<void> {
    const over = once(this.#child, "exit");
    this.#child.disconnect();
    await over;
  }

  /** Follows a way from now on, a hundred points a second. */
  async #follow(takes: Seconds, way: (at: Seconds) => JointVector): Promise<void> {
    const points = Array.from({ length: Math.ceil(takes * 100) + 1 }, (_, index): WayPoint => {
      return { at: index / 100, q: way(index / 100) };
    });
    const gripper = this.calibration.gripper.open;
    const trace = points.map(({ at, q }) => ({ at, angles: readAt(q), gripper, button: false }));
    await this.#do({ kind: "move", trace });
  }

  #do(deed: HandDeed): Promise<HandAnswer> {
    this.#orders += 1;
    const order: HandOrder = { id: this.#orders, deed };
    return new Promise((resolve, reject) => {
      this.#waiting.set(order.id, { deed: deed.kind, resolve, reject });
      this.#child.send(order);
    });
  }
}
