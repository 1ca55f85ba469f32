/** Directions of the bread tasks in the front camera's picture; front is towards that camera. */
export type Direction = "left front" | "right front" | "front";

/** Where the carrot is held; the upper part is the thick one with the leaves. */
export type CarrotPart = "upper" | "lower";

/** Sides of the plate in the front camera's picture. */
export type PlateSide = "left" | "right";

/** The wordings and reasoning texts of one instruction of the paper's Table 7. */
interface TaskTexts {
  readonly instruction: string;
  /** Other wordings of the same instruction, for training. */
  readonly paraphrases: readonly string[];
  /** Wordings that no training data hold, for evaluation. */
  readonly unseen: readonly string[];
  readonly coarse: string;
  readonly fine: string;
}

/** Carry the bread towards a direction. */
export interface MoveBread extends TaskTexts {
  readonly kind: "move-bread";
  readonly direction: Direction;
}

/** Hold the carrot by one part and lay it on one side of the plate. */
export interface PlaceCarrot extends TaskTexts {
  readonly kind: "place-carrot";
  readonly part: CarrotPart;
  readonly side: PlateSide;
}

/** One instruction of the paper's Table 7. */
export type Task = MoveBread | PlaceCarrot;

/** What kind of trial a table is laid for. */
export type TaskKind = Task["kind"];

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

function moveBread(direction: Direction): MoveBread {
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
    unseen: [
      `take the loaf of bread and bring it to the ${direction}`,
      `please grab the bread and place it to the ${direction}`,
      `carry the bread to the ${direction}`,
      `the bread should go to the ${direction}`,
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

function placeCarrot(part: CarrotPart, side: PlateSide): PlaceCarrot {
  return {
    instruction: `hold the carrot by the ${part} part and place it on the ${side} side of the plate`,
    paraphrases: [
      `grasp the ${part} half of the carrot and place it on the ${side} side of the plate`,
      `grab the carrot by the ${part} part and put it on the ${side} side of the plate`,
      `pick up the carrot by its ${part} part and move it to the ${side} side of the plate`,
      `take the ${part} part of the carrot and lay it on the ${side} of the plate`,
      `lift the carrot at the ${part} end and set it down on the plate's ${side} side`,
      `please hold the ${part} end of the carrot and place it on the ${side} half of the plate`,
      `place the carrot on the ${side} side of the plate, holding it by the ${part} part`,
    ],
    unseen: [
      `take the carrot by the ${part} half and lay it on the ${side} side of the plate`,
      `please pick up the ${part} part of the carrot and put it on the ${side} half of the plate`,
      `put the carrot on the ${side} of the plate, holding its ${part} end`,
      `the carrot belongs on the ${side} side of the plate; grip it by the ${part} part`,
    ],
    coarse: "place the carrot in the plate",
    fine:
      "Robot Action-level Constraint: State/Trajectory - Move carrot from held to placement pose. " +
      "Ordinal Relations - Grasp first, then place. " +
      `Object-level Targeting: Carrot - Target handle (${part} part). Plate - Target surface (top side). ` +
      `Spatial Relation - Final pose on the ${side} side of the plate.`,
    kind: "place-carrot",
    part,
    side,
  };
}

/** The tasks of the lab, in the order of Table 7; an index into this list names a task everywhere. */
export const TASKS: readonly Task[] = [
  moveBread("left front"),
  moveBread("right front"),
  moveBread("front"),
  placeCarrot("upper", "right"),
  placeCarrot("upper", "left"),
  placeCarrot("lower", "left"),
  placeCarrot("lower", "right"),
];

/** Names for parts of the task list. */
export const TASK_SETS = ["bread", "carrot", "all"] as const;

/** Which part of the task list. */
export type TaskSet = (typeof TASK_SETS)[number];

/** The indices into `TASKS` of a part of the list. */
export function taskNumbers(set: TaskSet): readonly number[] {
  const kinds: Readonly<Record<TaskSet, readonly TaskKind[]>> = {
    bread: ["move-bread"],
    carrot: ["place-carrot"],
    all: ["move-bread", "place-carrot"],
  };
  return TASKS.flatMap((task, index) => (kinds[set].includes(task.kind) ? [index] : []));
}
