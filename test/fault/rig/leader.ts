import type { TeleopPhase } from "../../../daemon/types/teleop.js";
import { isJointVector, mapJoints, type Seconds } from "../../../daemon/types/units.js";
import { type FaultRig, PATIENCE_MS, pause } from "./fault-rig.js";

/** A leader has to stand still for 0.5 s before it may be followed (OP-07). */
const SETTLES: Seconds = 0.7;
/** Of two joints from home, so that the way home takes more than a second: 15 degrees. */
const AWAY = 0.26;

/** Resolves once the leader is in one of these phases. */
export async function untilLeader({ operator }: FaultRig, phases: readonly TeleopPhase[]): Promise<void> {
  await operator.next("state", ({ teleop }) => teleop !== null && phases.includes(teleop.phase), PATIENCE_MS);
}

/** Puts the leader where the arm stands, but for `degrees` in each joint, and waits until it has come to rest. */
export async function leaderBeside({ hand, operator }: FaultRig, degrees: number): Promise<void> {
  const { commanded } = await operator.next("state", () => true, PATIENCE_MS);
  if (hand === null || commanded === null || !isJointVector(commanded)) {
    throw new Error("there is no leader, or it is not known where the arm stands");
  }
  await hand.stand(mapJoints(commanded, (angle) => angle + (degrees * Math.PI) / 180));
  await pause(SETTLES);
}

/** Has the leader take the arm where it stands and swing it in three joints; resolves while it moves. */
export async function lead(rig: FaultRig): Promise<void> {
  await takeArm(rig);
  await rig.hand?.swing([0, 3, 6], 8, 20);
  await rig.moving();
}

/** Has the leader take the arm away from home, and leave it there. */
export async function leadAway(rig: FaultRig): Promise<void> {
  const { operator, hand } = rig;
  const away = mapJoints(rig.system.config.home, (angle, joint) => (joint === 0 || joint === 6 ? angle + AWAY : angle));
  await takeArm(rig);
  await hand?.goTo(away, 25);
  await operator.next("state", ({ measured }) => measured !== null && isNear(measured, away), PATIENCE_MS);
  const held = operator.next("state", ({ mode, source }) => mode === "hold" && source !== "stop", PATIENCE_MS);
  await hand?.button(false);
  await held;
}

async function takeArm(rig: FaultRig): Promise<void> {
  await leaderBeside(rig, 0);
  await untilLeader(rig, ["ready"]);
  const leading = rig.operator.next("state", ({ mode }) => mode === "teleop", PATIENCE_MS);
  await rig.hand?.button(true);
  await leading;
}

function isNear(q: readonly number[], to: readonly number[]): boolean {
  return q.every((angle, joint) => Math.abs(angle - (to[joint] ?? Infinity)) < 0.02);
}
