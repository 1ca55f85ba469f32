import type { PermittedSetpoint } from "../../daemon/guard/guard.js";
import type { Arm, ArmListener, StopKind } from "../../daemon/ports/arm.js";
import type { Gripper } from "../../daemon/ports/gripper.js";
import type { ArmIdentity, GripperHealth, GripperState } from "../../daemon/types/arm-state.js";
import { jointPosition } from "../../daemon/types/units.js";

/** What went to the arm, in order. */
export type Wire =
  | { readonly kind: "setpoint"; readonly setpoint: PermittedSetpoint }
  | { readonly kind: "stop"; readonly stop: StopKind }
  | { readonly kind: "reset" };

export const IDENTITY: ArmIdentity = {
  model: "RM75-B",
  generation: 3,
  firmware: "1.7.1",
  jointCount: 7,
  minimum: jointPosition([-3.1, -2.2, -3.1, -2.3, -3.1, -2.2, -6.2]),
  maximum: jointPosition([3.1, 2.2, 3.1, 2.3, 3.1, 2.2, 6.2]),
  maximumSpeed: [3.1, 3.1, 3.9, 3.9, 3.9, 3.9, 3.9],
};

/** An arm that only writes down what it is told. */
export class RecordingArm implements Arm {
  readonly wire: Wire[] = [];
  /** The setpoints among it. */
  readonly setpoints: PermittedSetpoint[] = [];
  listener: ArmListener | null = null;
  cleared = 0;

  async connect(listener: ArmListener): Promise<ArmIdentity> {
    this.listener = listener;
    return IDENTITY;
  }

  send(setpoint: PermittedSetpoint): void {
    this.wire.push({ kind: "setpoint", setpoint });
    this.setpoints.push(setpoint);
  }

  stop(kind: StopKind): void {
    this.wire.push({ kind: "stop", stop: kind });
  }

  async clearFaults(): Promise<void> {
    this.cleared += 1;
  }

  reset(): void {
    this.wire.push({ kind: "reset" });
  }

  async close(): Promise<void> {
    this.listener = null;
  }
}

/** A gripper that only writes down what it is told. */
export class RecordingGripper implements Gripper {
  readonly openings: number[] = [];
  /** What is wrong with it. */
  changes: Partial<GripperHealth> = {};

  command(opening: number): void {
    this.openings.push(opening);
  }

  state(): GripperState {
    const opening = this.openings.at(-1) ?? 1;
    return { commanded: opening, measured: opening, receivedAt: 0 };
  }

  health(): GripperHealth {
    return { online: true, errors: 0, ...this.state(), unansweredSince: Infinity, ...this.changes };
  }

  async close(): Promise<void> {
    this.openings.length = 0;
  }
}
