import { JOINT_COUNT, type JointPosition, jointPosition, mapJoints } from "../../../daemon/types/units.js";
import type { TablePoses } from "../scene/object-pose.js";
import type { Random } from "../scene/random.js";
import type { Task } from "../scene/tasks.js";
import { subtract, type Vector3 } from "../scene/vector.js";
import { type Handling, handle, placeOf } from "./handling.js";
import { type HandPose, handPose, straightDown } from "./kinematics.js";

/** What the expert is about; the order is that of a trial. */
export type Phase = "approach" | "close" | "lift" | "carry" | "lower" | "open" | "retreat" | "rest" | "reopen";

/** Phases in the order of their numbers in the data set. */
export const PHASES: readonly Phase[] = [
  "approach",
  "close",
  "lift",
  "carry",
  "lower",
  "open",
  "retreat",
  "rest",
  "reopen",
];

/** The expert's memory of a trial; everything else it takes from the true poses. */
export interface ExpertState {
  readonly phase: Phase;
  /** Steps spent in this phase. */
  readonly ticks: number;
  /** Where the object is to be gripped, and what its place is counted from. */
  readonly handling: Handling;
  /** Where the hand was when it closed. */
  readonly closedAt: HandPose;
}

/** What the expert sees before each step. */
export interface ExpertView {
  readonly objects: TablePoses;
  /** Gripper command in force, 1 open, 0 closed. */
  readonly gripper: number;
}

/** One commanded step of 0.1 s. */
export interface ExpertCommand {
  readonly q: JointPosition;
  readonly gripper: number;
}

/** Seconds between two commands. */
export const STEP_PERIOD = 0.1;

const degree = Math.PI / 180;
/** Two thirds of what the arm may do (30 degrees/s at the shoulder, 0.25 m/s), so that its motion keeps up when it turns back. */
const MOST_JOINT_STEP = 20 * degree * STEP_PERIOD;
const MOST_HAND_STEP = 0.15 * STEP_PERIOD;
const LEAST_HAND_STEP = 0.003;
/** Part of the way that is left which one step may take: slows down before the target. */
const GAIN = 0.4;
/** Height of the hand over the table while it carries, m. */
const CARRY_HEIGHT = 0.08;
/** How far the hand rises from what it put down, m. */
const RETREAT = 0.09;
const DWELL_TICKS = 4;
const REST_TICKS = 5;
/** Gripping is allowed this close to the target. */
const NEAR_ENOUGH = 0.0025;
const STRAIGHT_ENOUGH = 2 * degree;
/** Farther from between the fingers than this the object is not held, m. */
const LOST = 0.035;

const wrap = (angle: number): number => angle - 2 * Math.PI * Math.round(angle / (2 * Math.PI));

/** The expert before its first step. */
export function startExpert(): ExpertState {
  const nowhere: HandPose = { position: [0, 0, 0], yaw: 0 };
  const handling: Handling = { grasp: nowhere, point: [0, 0, 0], plate: [0, 0, 0], upperAhead: 1 };
  return { phase: "approach", ticks: 0, handling, closedAt: nowhere };
}

function enter(state: ExpertState, phase: Phase): ExpertState {
  return { ...state, phase, ticks: 0 };
}

/** Takes in the true poses: follows the object, notices a gripper that closed early and an object that was lost. */
export function look(state: ExpertState, view: ExpertView, q: JointPosition, task: Task): ExpertState {
  const hand = handPose(q);
  const handling = handle(task, view.objects, hand.yaw);
  switch (state.phase) {
    case "approach":
      return view.gripper < 0.5 ? enter({ ...state, handling }, "reopen") : { ...state, handling };
    case "reopen":
      return { ...state, handling };
    case "lift":
    case "carry":
    case "lower": {
      const [x, y, z] = subtract(handling.point, hand.position);
      return Math.hypot(x, y, z) > LOST ? enter({ ...state, handling }, "reopen") : state;
    }
    case "close":
    case "open":
    case "retreat":
    case "rest":
      return state;
    default:
      return state.phase satisfies never;
  }
}

/** One step towards a hand pose: slows down near it and keeps to the joint and hand speed limits. */
function stepTo(q: JointPosition, target: HandPose, funnel: boolean): JointPosition {
  const hand = handPose(q);
  const [x, y, z] = hand.position;
  const [tx, ty] = target.position;
  const turn = wrap(target.yaw - hand.yaw);
  let tz = target.position[2];
  if (funnel) {
    // Comes down only as far as it stands over the target; a step in height here would swing the arm up and down.
    const astray = Math.max(0, Math.hypot(tx - x, ty - y) - 0.004);
    const crooked = Math.max(0, Math.abs(turn) - 3 * degree);
    tz += Math.min(0.16, 5 * astray + 0.4 * crooked);
  }
  const way: Vector3 = [tx - x, ty - y, tz - z];
  const distance = Math.hypot(...way);
  const stride = Math.min(distance, Math.max(LEAST_HAND_STEP, Math.min(MOST_HAND_STEP, GAIN * distance)));
  const part = distance > 0 ? stride / distance : 0;
  const turnStep = Math.min(Math.abs(turn), Math.max(degree, GAIN * Math.abs(turn))) * Math.sign(turn);
  const next = straightDown(
    { position: [x + part * way[0], y + part * way[1], z + part * way[2]], yaw: hand.yaw + turnStep },
    q,
  );
  if (next === null) {
    return q;
  }
  // Joints that stand beside the straight-down posture return to it little by little.
  const wanted = mapJoints(next, (value, joint) => (value - q[joint as 0]) * (joint === 2 || joint === 4 ? GAIN : 1));
  const largest = Math.max(...wanted.map(Math.abs));
  const slow = largest > MOST_JOINT_STEP ? MOST_JOINT_STEP / largest : 1;
  return jointPosition(mapJoints(q, (value, joint) => value + slow * (wanted[joint as 0] ?? 0)));
}

function reached(q: JointPosition, target: HandPose, tolerance: number): boolean {
  const hand = handPose(q);
  const [x, y, z] = hand.position;
  const [tx, ty, tz] = target.position;
  return Math.hypot(tx - x, ty - y, tz - z) <= tolerance && Math.abs(wrap(target.yaw - hand.yaw)) <= STRAIGHT_ENOUGH;
}

function raised(pose: HandPose, z: number): HandPose {
  return { ...pose, position: [pose.position[0], pose.position[1], z] };
}

/** The next command from a commanded joint position, and the state after it; needs no look at the world. */
export function advance(state: ExpertState, q: JointPosition, task: Task): readonly [ExpertState, ExpertCommand] {
  const stay = (
    target: HandPose,
    gripper: number,
    next: Phase,
    ticks: number,
  ): readonly [ExpertState, ExpertCommand] => {
    const after = { ...state, ticks: state.ticks + 1 };
    return [after.ticks >= ticks ? enter(after, next) : after, { q: stepTo(q, target, false), gripper }];
  };
  const go = (
    target: HandPose,
    gripper: number,
    next: Phase,
    tolerance: number,
    funnel = false,
  ): readonly [ExpertState, ExpertCommand] => {
    const moved = stepTo(q, target, funnel);
    const after = { ...state, ticks: state.ticks + 1 };
    return [reached(moved, target, tolerance) ? enter(after, next) : after, { q: moved, gripper }];
  };
  const place = placeOf(task, state.handling, state.closedAt);
  switch (state.phase) {
    case "approach":
      return go(state.handling.grasp, 1, "close", NEAR_ENOUGH, true);
    case "close":
      return stay(state.handling.grasp, 0, "lift", DWELL_TICKS);
    case "lift":
      return go(raised(state.closedAt, CARRY_HEIGHT), 0, "carry", 0.015);
    case "carry":
      return go(raised(place, CARRY_HEIGHT), 0, "lower", 0.006);
    case "lower":
      return go(place, 0, "open", NEAR_ENOUGH);
    case "open":
      return stay(place, 1, "retreat", DWELL_TICKS);
    case "retreat":
      return go(raised(place, place.position[2] + RETREAT), 1, "rest", 0.01);
    case "rest":
      return [
        { ...state, ticks: state.ticks + 1 },
        { q, gripper: 1 },
      ];
    case "reopen": {
      const hand = handPose(q);
      const up = raised(hand, Math.max(hand.position[2], CARRY_HEIGHT));
      const after = { ...state, ticks: state.ticks + 1 };
      return [
        after.ticks >= DWELL_TICKS && hand.position[2] > CARRY_HEIGHT - 0.01 ? enter(after, "approach") : after,
        { q: after.ticks > 1 ? stepTo(q, up, false) : q, gripper: 1 },
      ];
    }
    default:
      return state.phase satisfies never;
  }
}

/** True when the trial is over: at rest for long enough after the retreat. */
export function finished(state: ExpertState): boolean {
  return state.phase === "rest" && state.ticks >= REST_TICKS;
}

/** The next `horizon` commands from the present commanded joint position, as far as the expert can foresee. */
export function foresee(
  state: ExpertState,
  q: JointPosition,
  task: Task,
  horizon: number,
): { readonly commands: readonly ExpertCommand[]; readonly next: ExpertState } {
  const commands: ExpertCommand[] = [];
  let ahead = state;
  let at = q;
  let next = state;
  for (let step = 0; step < horizon; step += 1) {
    const before = ahead.phase;
    const [after, command] = advance(ahead, at, task);
    // The place is counted from where the hand closes.
    ahead = before === "approach" && after.phase === "close" ? { ...after, closedAt: handPose(command.q) } : after;
    at = command.q;
    commands.push(command);
    if (step === 0) {
      next = ahead;
    }
  }
  return { commands, next };
}

/**
 * A joint position with the hand straight down anywhere over the table's middle, low or high: where the hand is then
 * says nothing about where the bread is.
 */
export function anywhere(home: JointPosition, random: Random): JointPosition {
  for (let attempt = 0; attempt < 20; attempt += 1) {
    const hand: HandPose = {
      position: [random.between(0.18, 0.38), random.between(-0.14, 0.14), random.between(0.075, 0.24)],
      yaw: random.between(-45 * degree, 45 * degree),
    };
    const q = straightDown(hand, home);
    if (q !== null) {
      return jointPosition(q.map((value) => value + random.between(-1.2 * degree, 1.2 * degree)));
    }
  }
  throw new Error("no reachable pose over the table's middle in 20 draws");
}

/** A trial's first joint position: home with the hand and joints somewhat off. */
export function nearHome(home: JointPosition, unit: () => number): JointPosition {
  const spread = (amount: number): number => amount * (2 * unit() - 1);
  const hand = handPose(home);
  const [x, y, z] = hand.position;
  const near = straightDown(
    {
      position: [x + spread(0.035), y + spread(0.035), z - 0.01 + spread(0.04)],
      yaw: hand.yaw + spread(14 * degree),
    },
    home,
  );
  const offsets = Array.from({ length: JOINT_COUNT }, () => spread(1.2 * degree));
  return near === null ? home : jointPosition(near.map((value, joint) => value + (offsets[joint] ?? 0)));
}
