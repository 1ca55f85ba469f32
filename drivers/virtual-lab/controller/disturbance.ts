import { type Instant, type JointPosition, jointAt, jointPosition, mapJoints } from "../../../daemon/types/units.js";
import type { Fault } from "./fault.js";

const DEGREE = Math.PI / 180;

/** What was made to go wrong with the arm itself: its drives, its readings, its gripper. Lasts until `clear`. */
export class Disturbance {
  /** By joint, J1 = 0: degrees Celsius (NaN for no reading), V, A. */
  readonly temperature = new Map<number, number>();
  readonly voltage = new Map<number, number>();
  readonly current = new Map<number, number>();
  controllerTemperature: number | null = null;
  status: string | null = null;
  /** Of the tool frame in use, g. */
  payload: number | null = null;
  gripper: { readonly errors: number; readonly online: boolean } | null = null;
  readonly #drifts = new Map<number, { readonly speed: number; readonly since: Instant }>();
  readonly #stuck = new Map<number, number>();
  #jump: { readonly joint: number; readonly angle: number; datagrams: number } | null = null;

  /** Takes a fault that came at `now` while the drives were told `targets`; false when it is of another kind. */
  take(fault: Fault, targets: JointPosition, now: Instant): boolean {
    switch (fault.kind) {
      case "joint-temperature":
        this.temperature.set(fault.joint - 1, fault.celsius ?? Number.NaN);
        return true;
      case "joint-voltage":
        this.voltage.set(fault.joint - 1, fault.volt);
        return true;
      case "joint-current":
        this.current.set(fault.joint - 1, fault.ampere);
        return true;
      case "controller-temperature":
        this.controllerTemperature = fault.celsius;
        return true;
      case "jump-udp":
        this.#jump = { joint: fault.joint - 1, angle: fault.degrees * DEGREE, datagrams: fault.count };
        return true;
      case "drift":
        this.#drifts.set(fault.joint - 1, { speed: fault.degreesPerSecond * DEGREE, since: now });
        return true;
      case "stick":
        this.#stuck.set(fault.joint - 1, jointAt(targets, fault.joint - 1));
        return true;
      case "status":
        this.status = fault.word;
        return true;
      case "payload":
        this.payload = fault.gram;
        return true;
      case "gripper":
        this.gripper = { errors: fault.errors, online: fault.online };
        return true;
      default:
        return false;
    }
  }

  /** What the drives do although they are told `targets`. */
  driven(targets: JointPosition, now: Instant): JointPosition {
    if (this.#drifts.size === 0 && this.#stuck.size === 0) {
      return targets;
    }
    return jointPosition(
      mapJoints(targets, (angle, joint) => {
        const drift = this.#drifts.get(joint);
        return (this.#stuck.get(joint) ?? angle) + (drift === undefined ? 0 : drift.speed * (now - drift.since));
      }),
    );
  }

  /** What the next datagram says of a measured pose. */
  reported(q: JointPosition): JointPosition {
    const jump = this.#jump;
    if (jump === null) {
      return q;
    }
    jump.datagrams -= 1;
    this.#jump = jump.datagrams > 0 ? jump : null;
    return jointPosition(mapJoints(q, (angle, joint) => (joint === jump.joint ? angle + jump.angle : angle)));
  }
}
