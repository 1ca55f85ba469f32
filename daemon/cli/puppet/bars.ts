/** Half the width of a joint's bar, characters; it spans 180 degrees to each side. */
const HALF = 18;

/** Joints as bars around zero, in degrees, and the handle and button; one line each. */
export function poseLines(angles: readonly number[], gripper: number, button: boolean): readonly string[] {
  const joints = angles.map((angle, joint) => {
    const degrees = (angle * 180) / Math.PI;
    return `J${joint + 1} [${bar(degrees / 180)}] ${degrees.toFixed(2).padStart(9)} deg`;
  });
  return [...joints, `handle ${gripper.toFixed(3)}   button ${button ? "PRESSED" : "-"}`];
}

/** A bar from the middle to `part` (-1 to 1); an arrow where it goes on. */
function bar(part: number): string {
  const filled = Math.min(HALF, Math.round(Math.abs(part) * HALF));
  const half = "#".repeat(filled);
  const [left, right] = part < 0 ? [half, ""] : ["", half];
  const ends = Math.abs(part) > 1 ? (part < 0 ? ["<", " "] : [" ", ">"]) : [" ", " "];
  return `${ends[0]}${left.padStart(HALF)}|${right.padEnd(HALF)}${ends[1]}`;
}
