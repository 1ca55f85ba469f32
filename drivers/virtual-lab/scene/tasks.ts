/** Directions of the bread tasks in the front camera's picture; front is towards that camera. */
export type Direction = "left front" | "right front" | "front";

/** One instruction of the paper's Table 7 with its reasoning texts. */
export interface Task {
  readonly instruction: string;
  /** Other wordings of the same instruction. */
  readonly paraphrases: readonly string[];
  readonly coarse: string;
  readonly fine: string;
  readonly kind: "move-bread";
  readonly direction: Direction;
}

/** Unit vector on the table (x, y of the robot base) for a direction in the front camera's picture. */
export function directionVector(direction: Direction): readonly [number, number] {
  switch (direction) {
    case "front":
      return [1, 0];
    case "left front":
      return [Math.SQRT1_2, -Math.SQRT1_2];
    case "right front":
      return [Math.SQRT1_2, Math.SQRT1_2];
    default:
      return direction satisfies never;
  }
}

function moveBread(direction: Direction): Task {
  return {
    instruction: `pick up the bread and move it to the ${direction}`,
    paraphrases: [
      `grab the bread and move it to the ${direction}`,
      `take the bread and put it to the ${direction}`,
      `move the bread to the ${direction}`,
      `lift the bread and place it to the ${direction}`,
      `pick the bread up and bring it to the ${direction}`,
      `please pick up the bread and move it ${direction === "front" ? "forward to" : "to"} the ${direction}`,
      `grasp the loaf of bread and shift it to the ${direction}`,
    ],
    coarse: "move the bread",
    fine:
      `Robot Action: Trajectory Shape - To the ${direction}; Ordinal Relations - Pick first, then move. ` +
      "Object Targeting: Target Object - The bread; " +
      `Spatial Relation - Move it to a location (${direction}).`,
    kind: "move-bread",
    direction,
  };
}

/** The tasks of the lab, in the order of Table 7; an index into this list names a task everywhere. */
export const TASKS: readonly Task[] = [moveBread("left front"), moveBread("right front"), moveBread("front")];
