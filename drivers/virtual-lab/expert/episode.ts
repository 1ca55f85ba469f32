import { type JointPosition, jointPosition, mapJoints } from "../../../daemon/types/units.js";
import type { Simulation } from "../physics/simulation.js";
import { NO_GRIP, watchGrip } from "../scene/grip.js";
import { type Evidence, heldAsTold, judge, uprightness, type Verdict } from "../scene/judge.js";
import { TIME_STEP } from "../scene/mjcf.js";
import { longAxis, type ObjectName } from "../scene/object-pose.js";
import type { Random } from "../scene/random.js";
import type { Task } from "../scene/tasks.js";
import { type ExpertCommand, finished, foresee, look, type Phase, STEP_PERIOD, startExpert } from "./expert.js";
import { handPose } from "./kinematics.js";
import { begin, type Mistake, type Straying, stray } from "./mistake.js";

/** What was there at one step of an episode, before its command was carried out. */
export interface EpisodeStep {
  readonly commanded: JointPosition;
  readonly measured: JointPosition;
  /** 1 open, 0 closed. */
  readonly gripperCommanded: number;
  readonly gripperMeasured: number;
  /** Commanded joint position at the last close; null before the first. */
  readonly graspedAt: JointPosition | null;
  /** Since the gripper's command last changed, s; Infinity before that. */
  readonly sinceGripperCommand: number;
  readonly phase: Phase;
  /** Instant of the joint positions, s from the first step. */
  readonly time: number;
  /** Instant that both pictures show. */
  readonly capturedAt: number;
  /** The expert's next commands from `commanded`. */
  readonly label: readonly ExpertCommand[];
}

/** How far an episode goes: through the whole task, or until what was grasped has been lifted. */
export type Extent = "task" | "grasp";

/** What is done to the expert so that the data show how to recover. */
export interface Disturbances {
  /** Bursts that push the commanded motion aside. */
  readonly bursts: boolean;
  /** One gripper close too early. */
  readonly earlyClose: boolean;
  readonly mistake: Mistake | null;
}

/** How an episode ended. */
export interface EpisodeResult {
  readonly steps: number;
  /** Of the whole task. */
  readonly verdict: Verdict;
  /** Where the carrot was gripped when it was last lifted: m from its middle towards its upper end; null if never. */
  readonly grip: number | null;
  /** The object hangs level between the fingers, held as told; what an episode of extent "grasp" is for. */
  readonly lifted: boolean;
}

const HORIZON = 5;
const MOST_STEPS = 200;
const MOST_STEPS_WITH_A_MISTAKE = 300;
const PHYSICS_STEPS = Math.round(STEP_PERIOD / TIME_STEP);
const GRIP_FORCE = 20;
const degree = Math.PI / 180;
/** No disturbed step is faster than this. */
const MOST_DISTURBED_STEP = 3 * degree;
/** An object this far over where it lay is lifted, m. */
const LIFTED = 0.035;
/** Lifted bread has less tilt than this. */
const LEVEL = Math.cos(10 * degree);
/** A lifted carrot droops less than this; on the table its taper tilts it by 4 degrees. */
const DROOP = Math.sin(20 * degree);

/** True when the object hangs between the fingers as it should after the lift. */
function hangs(task: Task, { start, end, grip }: Evidence): boolean {
  const rise = (name: ObjectName): number => end[name].position[2] - start[name].position[2];
  switch (task.kind) {
    case "move-bread":
      return rise("bread") > LIFTED && uprightness(end.bread) > LEVEL;
    case "place-carrot":
      return rise("carrot") > LIFTED && Math.abs(longAxis(end.carrot)[2]) < DROOP && heldAsTold(task, grip);
    default:
      return task satisfies never;
  }
}

/** Random sideways motion in joints, drawn once a burst: a few millimetres a step at the hand. */
function burst(random: Random): readonly number[] {
  const strength = random.chance(0.5) ? 0.6 * degree : 1.4 * degree;
  return [1, 1, 0.6, 1, 0.6, 1, 1.5].map((share) => share * strength * random.between(-1, 1));
}

/**
 * Runs the expert through one trial. `onStep` is called at each step before its command starts, `poseAge` physics
 * steps after `onExposure`, so that pictures can be as old as a camera's are.
 */
export function runEpisode(
  simulation: Simulation,
  start: JointPosition,
  task: Task,
  random: Random,
  disturbances: Disturbances,
  extent: Extent,
  on: { readonly exposure?: () => void; readonly step?: (step: EpisodeStep) => void } = {},
): EpisodeResult {
  const before = simulation.objects();
  // A picture is 20 to 80 ms behind the commanded motion: exposure, rendering, transport, and the way to the drives.
  // The gripper may be told at any time of a step.
  const pictureAge = 5 + random.index(16);
  const gripperDelay = random.index(PHYSICS_STEPS);
  const earlyCloseAt = 3 + random.index(14);
  const earlyCloseSteps = 2 + random.index(3);
  let state = startExpert();
  let commanded = start;
  let gripper = 1;
  let graspedAt: JointPosition | null = null;
  let gripperChangedAt = Number.NEGATIVE_INFINITY;
  let push: readonly number[] | null = null;
  let pushSteps = 0;
  let steps = 0;
  let mistake = disturbances.mistake;
  let straying: Straying | null = null;
  const most = mistake === null ? MOST_STEPS : MOST_STEPS_WITH_A_MISTAKE;
  let grip = NO_GRIP;
  simulation.setGripper(1, GRIP_FORCE);
  const begun = simulation.time;
  let capturedAt = 0;
  on.exposure?.();
  const over = (): boolean => finished(state) || (extent === "grasp" && state.phase === "carry");
  for (; steps < most && !over(); steps += 1) {
    const view = { objects: simulation.objects(), gripper };
    state = look(state, view, commanded, task);
    const { commands, next } = foresee(state, commanded, task, HORIZON);
    on.step?.({
      commanded,
      measured: simulation.measured(),
      gripperCommanded: gripper,
      gripperMeasured: simulation.gripperOpening(),
      graspedAt,
      sinceGripperCommand: simulation.time - gripperChangedAt,
      phase: state.phase,
      time: simulation.time - begun,
      capturedAt,
      label: commands,
    });
    const phase = state.phase;
    let planned = commands[0] ?? { q: commanded, gripper };
    const astray: Straying | null = mistake === null ? null : (straying ?? begin(mistake, state));
    const strayed: ReturnType<typeof stray> =
      mistake === null || astray === null ? null : stray(mistake, astray, view, commanded, task);
    if (strayed !== null) {
      [straying, planned] = strayed;
    } else {
      mistake = astray === null ? mistake : null;
      state = next;
    }
    let target = planned.q;
    let wantedGripper = planned.gripper;
    const closingEarly = disturbances.earlyClose && steps >= earlyCloseAt && steps < earlyCloseAt + earlyCloseSteps;
    if (closingEarly && (phase === "approach" || phase === "reopen")) {
      wantedGripper = 0;
      target = commanded;
    }
    const mayPush = phase === "approach" || phase === "carry" || phase === "lift" || phase === "retreat";
    if (disturbances.bursts && pushSteps === 0 && mayPush && random.chance(0.12)) {
      push = burst(random);
      pushSteps = 1 + random.index(3);
    }
    if (push !== null && pushSteps > 0) {
      const pushed = push;
      pushSteps -= 1;
      if (mayPush) {
        const from = commanded;
        target = jointPosition(
          mapJoints(target, (value, joint) => {
            const change = value + (pushed[joint] ?? 0) - (from[joint] ?? 0);
            return (from[joint] ?? 0) + Math.min(MOST_DISTURBED_STEP, Math.max(-MOST_DISTURBED_STEP, change));
          }),
        );
      }
    }
    const from = commanded;
    for (let tick = 1; tick <= PHYSICS_STEPS; tick += 1) {
      if (tick - 1 === gripperDelay && wantedGripper !== gripper) {
        gripper = wantedGripper;
        gripperChangedAt = simulation.time;
        if (gripper < 0.5) {
          graspedAt = jointPosition(
            mapJoints(from, (value, joint) => value + ((target[joint] ?? 0) - value) * (tick / PHYSICS_STEPS)),
          );
        }
        simulation.setGripper(gripper, GRIP_FORCE);
      }
      simulation.setTargets(
        jointPosition(
          mapJoints(from, (value, joint) => value + ((target[joint] ?? 0) - value) * (tick / PHYSICS_STEPS)),
        ),
      );
      simulation.step(1);
      if (tick === PHYSICS_STEPS - pictureAge) {
        capturedAt = simulation.time - begun;
        on.exposure?.();
      }
    }
    commanded = target;
    const tip = handPose(simulation.measured()).position;
    grip = watchGrip(grip, simulation.object("carrot"), tip, simulation.gripperOpening());
  }
  const evidence: Evidence = {
    start: before,
    end: simulation.objects(),
    gripperOpening: simulation.gripperOpening(),
    grip: grip.along,
  };
  return { steps, verdict: judge(task, evidence), grip: grip.along, lifted: hangs(task, evidence) };
}
