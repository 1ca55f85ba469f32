import { CellStopped, type MeasuringCell } from "../../measure/measuring-cell.js";
import { pause } from "../../measure/questions.js";
import { type JointPosition, type JointVector, jointAt, jointPosition, mapJoints } from "../../types/units.js";
import { CliError, EXIT } from "../exit-code.js";
import { note } from "../print.js";
import type { Assistant } from "./assistant.js";

const DEGREE = Math.PI / 180;
/** The slowest joint's homing speed (limits-rm75b.yaml). */
const SPEED = 20 * DEGREE;
/** The stream comes as near as this to what it is asked for, rad. */
const ARRIVED = 0.02 * DEGREE;
/** Longer ways than half a turn are none of these. */
const ARRIVED_WITHIN_MS = 20_000;
/** The arm stands when no joint moved by more than this, deg, for that long, ms: noise of the last digits, and a swing. */
const STANDS = 0.05;
const STOOD_MS = 300;

/** The arm may stop this often in one go; more often is no accident. */
const MOST_STOPS = 3;

/**
 * Does something with the arm; once more when the arm stopped on the way and somebody says that the cause is gone. `work`
 * goes on from where it was. Throws CliError when nobody does.
 */
export async function despiteStops<T>(assistant: Assistant, work: () => Promise<T>): Promise<T> {
  for (let stops = 1; ; stops++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof CellStopped)) {
        throw error;
      }
      const words = `The arm stopped: ${error.message}.`;
      note(`  ${words}`);
      if (stops > MOST_STOPS || !(await assistant.confirm(`${words} Is the cause gone, and may it move on?`))) {
        const hint = "Clear its way and its cause, then begin anew: kinevla doctor.";
        throw new CliError(EXIT.unfinished, "stopped", `${words} Nothing was written.`, hint);
      }
    }
  }
}

/** Goes from pose to pose, rad, and does something at each once the arm stands there; throws CliError where it stops. */
export function visit(
  assistant: Assistant,
  cell: MeasuringCell,
  poses: readonly JointPosition[],
  act: (measured: JointPosition, index: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  return despiteStops(assistant, async () => {
    let target = poses[next];
    if (target === undefined) {
      return;
    }
    const end = await cell.follow((_, ahead, commanded) => towards(commanded, target ?? commanded, SPEED * ahead));
    try {
      for (; next < poses.length; next++) {
        target = poses[next];
        if (target !== undefined) {
          await act(await standingAt(cell, target), next);
        }
      }
    } finally {
      end();
      await cell.standBy();
    }
  });
}

/** A step of at most `most` rad in the joint that has the longest way, the others in proportion. */
export function towards(from: JointVector, to: JointVector, most: number): JointVector {
  const longest = Math.max(...to.map((angle, joint) => Math.abs(angle - jointAt(from, joint))));
  const part = longest <= most ? 1 : most / longest;
  return mapJoints(from, (angle, joint) => angle + part * (jointAt(to, joint) - angle));
}

/** Waits until the arm stands at a pose; gives what it measures there. */
async function standingAt(cell: MeasuringCell, pose: JointPosition): Promise<JointPosition> {
  const deadline = performance.now() + ARRIVED_WITHIN_MS;
  let arrivedAt = Number.POSITIVE_INFINITY;
  for (;;) {
    const { commanded, mode } = cell;
    if (mode !== "policy" || performance.now() > deadline) {
      throw new CellStopped(mode === "policy" ? "it takes too long to get there" : cell.refusal);
    }
    const off =
      commanded === null ? 1 : Math.max(...pose.map((angle, joint) => Math.abs(angle - jointAt(commanded, joint))));
    arrivedAt = off > ARRIVED ? Number.POSITIVE_INFINITY : Math.min(arrivedAt, performance.now());
    if (performance.now() - arrivedAt > STOOD_MS) {
      const measured = meanOfLast(cell);
      if (measured !== null) {
        return measured;
      }
    }
    await pause(20);
  }
}

/** Mean of what the arm told last, rad; null while it moves. */
function meanOfLast({ push: { samples } }: MeasuringCell): JointPosition | null {
  const last = samples.filter(({ at }) => at > (samples.at(-1)?.at ?? 0) - STOOD_MS / 1000);
  const of = (joint: number): readonly number[] => last.map(({ jointDeg }) => jointDeg[joint] ?? Number.NaN);
  const joints = [0, 1, 2, 3, 4, 5, 6];
  return joints.every((joint) => Math.max(...of(joint)) - Math.min(...of(joint)) < STANDS)
    ? jointPosition(joints.map((joint) => (of(joint).reduce((sum, angle) => sum + angle, 0) / last.length) * DEGREE))
    : null;
}
