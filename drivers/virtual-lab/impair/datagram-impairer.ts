import { isJsonObject } from "../../rm75/json-object.js";
import { createRandom, type Random } from "../scene/random.js";
import { type Alteration, type DatagramFaults, HEALTHY_DATAGRAMS } from "./impairment.js";

/** The line that the state push takes: loses, doubles, delays, reorders and spoils datagrams. */
export class DatagramImpairer {
  readonly #emit: (datagram: Buffer, sampledAt: number) => void;
  readonly #timers = new Set<NodeJS.Timeout>();
  #faults: DatagramFaults = HEALTHY_DATAGRAMS;
  #random: Random = createRandom(1);
  #toDrop = 0;
  #toAlter = 0;

  /** `emit` puts a datagram on the wire; with it goes the instant at which it was made. */
  constructor(emit: (datagram: Buffer, sampledAt: number) => void) {
    this.#emit = emit;
  }

  set(faults: DatagramFaults): void {
    this.#faults = faults;
    this.#random = createRandom(faults.seed);
    this.#toDrop = countOf(faults.drop);
    this.#toAlter = countOf(faults.alter);
  }

  /** Takes a datagram that was made at `sampledAt`; `period` is the time to the next one, s. */
  send(datagram: Buffer, sampledAt: number, period: number): void {
    const { loss, duplicate, corrupt, reorder, delay, alter } = this.#faults;
    if (this.#toDrop > 0) {
      this.#toDrop -= 1;
      return;
    }
    if (loss > 0 && this.#random.unit() < loss) {
      return;
    }
    let bytes = datagram;
    if (alter !== null && this.#toAlter > 0) {
      this.#toAlter -= 1;
      bytes = altered(datagram, alter.how);
    } else if (corrupt > 0 && this.#random.unit() < corrupt) {
      bytes = altered(datagram, "corrupt", this.#random.unit());
    }
    const copies = duplicate > 0 && this.#random.unit() < duplicate ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      this.#later(delay + (reorder > 0 ? this.#random.unit() * reorder * period : 0), bytes, sampledAt);
    }
  }

  close(): void {
    for (const timer of this.#timers) {
      clearTimeout(timer);
    }
  }

  #later(seconds: number, bytes: Buffer, sampledAt: number): void {
    if (seconds === 0) {
      this.#emit(bytes, sampledAt);
      return;
    }
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      this.#emit(bytes, sampledAt);
    }, seconds * 1000);
    this.#timers.add(timer);
  }
}

function countOf(what: { readonly count: number | null } | null): number {
  return what === null ? 0 : (what.count ?? Number.POSITIVE_INFINITY);
}

/** How far a joint jumps in a spoiled datagram, 0.001 degrees. */
const JUMP_MILLI_DEG = 5000;

/** A datagram of the state push with its content made wrong. */
export function altered(datagram: Buffer, how: Alteration, where = 0.5): Buffer {
  if (how === "corrupt") {
    const bytes = Buffer.from(datagram);
    const index = Math.floor(where * (bytes.length - 2));
    bytes[index] = (bytes[index] ?? 0) ^ 0x08;
    return bytes;
  }
  const push: unknown = JSON.parse(datagram.toString());
  if (!isJsonObject(push) || !isJsonObject(push.joint_status)) {
    return datagram;
  }
  const { joint_status: status } = push;
  const joints = Array.isArray(status.joint_position) ? status.joint_position.map(Number) : [];
  const withJoints = (joint_position: unknown): Buffer =>
    Buffer.from(`${JSON.stringify({ ...push, joint_status: { ...status, joint_position } })}\r\n`);
  switch (how) {
    case "jump":
      return withJoints(joints.map((angle, joint) => (joint === 1 ? angle + JUMP_MILLI_DEG : angle)));
    case "six-joints":
      return withJoints(joints.slice(0, 6));
    case "eight-joints":
      return withJoints([...joints, 0]);
    case "strings":
      return withJoints(joints.map(String));
    case "null-joints":
      return withJoints(null);
    case "infinite":
      return Buffer.from(
        withJoints(["#", ...joints.slice(1)])
          .toString()
          .replace('"#"', "1e999"),
      );
    case "no-errors": {
      const { arm_err: _arm, sys_err: _system, err: _list, ...rest } = push;
      return Buffer.from(`${JSON.stringify(rest)}\r\n`);
    }
    default:
      return how satisfies never;
  }
}
