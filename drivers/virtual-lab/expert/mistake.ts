import type { JointPosition } from "../../../daemon/types/units.js";
import type { ObjectName, TablePoses } from "../scene/object-pose.js";
import type { Random } from "../scene/random.js";
import { TASKS, type Task } from "../scene/tasks.js";
import type { Vector3 } from "../scene/vector.js";
import { type ExpertCommand, type ExpertState, type ExpertView, foresee, look, startExpert } from "./expert.js";

/**
 * One mistake that the arm makes in an episode while the labels say what would be right: from there they lead back. Without
 * any a policy that closed beside its object goes on with nothing between its fingers, and one that was carried past
 * the left side of the plate goes on to the right.
 */
export type Mistake =
  | {
      readonly kind: "miss";
      /** The fingers close this far from where they should, m, robot base. */
      readonly offset: Vector3;
      /** Steps for which it goes on after they closed. */
      readonly steps: number;
    }
  | {
      readonly kind: "wrong-place";
      /** What is done instead from the carrying on. */
      readonly task: Task;
      /** Steps of carrying and lowering until it is noticed. */
      readonly steps: number;
    };

/** How far a mistake has gone. */
export interface Straying {
  readonly state: ExpertState;
  /** Steps counted by the mistake's own number of them. */
  readonly steps: number;
}

/** The fingers open 74 mm in all and are as thick again: beside an object they close on nothing from here on, m. */
const BESIDE: readonly [number, number] = [0.05, 0.08];
/** Above an object they close on nothing between these heights, m. */
const ABOVE: readonly [number, number] = [0.03, 0.055];

/** A wrong place that was not reached after so many steps may be out of reach: given up. */
const MOST_APPROACH = 90;

/** Draws a mistake for a task; one that concerns the place only where `withPlace`. */
export function drawMistake(task: Task, withPlace: boolean, random: Random): Mistake {
  const others = TASKS.filter((other) => other !== task && differsInPlace(task, other));
  if (withPlace && random.chance(0.7)) {
    return { kind: "wrong-place", task: others[random.index(others.length)] ?? task, steps: 14 + random.index(24) };
  }
  const turn = random.between(-Math.PI, Math.PI);
  const beside = random.chance(0.5);
  const [near, far] = beside ? BESIDE : [0, 0.02];
  const distance = random.between(near, far);
  const height = beside ? random.between(0, 0.03) : random.between(...ABOVE);
  return {
    kind: "miss",
    offset: [distance * Math.cos(turn), distance * Math.sin(turn), height],
    steps: 1 + random.index(16),
  };
}

function differsInPlace(task: Task, other: Task): boolean {
  switch (task.kind) {
    case "move-bread":
      return other.kind === "move-bread";
    case "place-carrot":
      return other.kind === "place-carrot" && other.part === task.part;
    default:
      return task satisfies never;
  }
}

/** Where a mistake begins, or null while the expert does everything right. */
export function begin(mistake: Mistake, state: ExpertState): Straying | null {
  switch (mistake.kind) {
    case "miss":
      return { state: startExpert(), steps: 0 };
    case "wrong-place":
      return state.phase === "carry" ? { state, steps: 0 } : null;
    default:
      return mistake satisfies never;
  }
}

/** The next wrong step, or null when the mistake is over. */
export function stray(
  mistake: Mistake,
  { state, steps }: Straying,
  view: ExpertView,
  q: JointPosition,
  task: Task,
): readonly [Straying, ExpertCommand] | null {
  const wanted = mistake.kind === "miss" ? task : mistake.task;
  const counts = mistake.kind === "wrong-place" || state.phase !== "approach";
  if (state.phase === "open" || (counts && steps >= mistake.steps) || (!counts && state.ticks >= MOST_APPROACH)) {
    return null;
  }
  const objects = mistake.kind === "miss" ? shifted(view.objects, task, mistake.offset) : view.objects;
  // After the fingers closed it does not look any more.
  const seen = state.phase === "approach" ? look(state, { ...view, objects }, q, wanted) : state;
  const { commands, next } = foresee(seen, q, wanted, 1);
  const command = commands[0];
  return command === undefined ? null : [{ state: next, steps: counts ? steps + 1 : steps }, command];
}

function shifted(objects: TablePoses, task: Task, [dx, dy, dz]: Vector3): TablePoses {
  const name: ObjectName = task.kind === "move-bread" ? "bread" : "carrot";
  const { position, ...rest } = objects[name];
  const [x, y, z] = position;
  return { ...objects, [name]: { ...rest, position: [x + dx, y + dy, z + dz] } };
}
