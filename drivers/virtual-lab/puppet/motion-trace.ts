import { isJointVector, type JointVector, type Seconds } from "../../../daemon/types/units.js";

/** Where the virtual leader is at one instant of a trace. */
export interface TracePoint {
  /** From the beginning of the trace. */
  readonly at: Seconds;
  readonly angles: JointVector;
  readonly gripper: number;
  readonly button: boolean;
}

/** Reads a trace: one PuppetSample a line as JSON, as `kinevla puppet --save` writes it. Throws RangeError with the line. */
export function parseTrace(text: string): readonly TracePoint[] {
  const points: TracePoint[] = [];
  let start: number | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    if (line.trim() !== "") {
      const point = pointOf(line);
      const last = points.at(-1);
      if (point === null || (last !== undefined && start !== null && point.at - start < last.at)) {
        throw new RangeError(
          `line ${index + 1} is no reading after the one before: {"at":s,"angles":[7 of rad],"gripper":n,"button":bool}`,
        );
      }
      start ??= point.at;
      points.push({ ...point, at: point.at - start });
    }
  }
  if (points.length === 0) {
    throw new RangeError("the trace has no reading");
  }
  return points;
}

/** The place at `at`, straight between two points; the last one after the end. */
export function placeAt(trace: readonly TracePoint[], at: Seconds): TracePoint | null {
  const next = trace.findIndex((point) => point.at >= at);
  const [to, from] = [trace[next] ?? trace.at(-1), trace[next - 1]];
  if (to === undefined || from === undefined || to.at === from.at || next < 0) {
    return to ?? null;
  }
  const part = (at - from.at) / (to.at - from.at);
  const angles = to.angles.map((angle, joint) => {
    const before = from.angles[joint] ?? angle;
    return before + part * (angle - before);
  });
  return isJointVector(angles)
    ? { at, angles, gripper: from.gripper + part * (to.gripper - from.gripper), button: from.button }
    : null;
}

function pointOf(line: string): TracePoint | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) {
    return null;
  }
  const { at, angles, gripper, button } = { at: null, angles: null, gripper: null, button: false, ...value };
  return typeof at === "number" && isJointVector(angles) && typeof gripper === "number" && typeof button === "boolean"
    ? { at, angles, gripper, button }
    : null;
}
