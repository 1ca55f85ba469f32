import type { JointPosition, Seconds } from "../../daemon/types/units.js";
import { runEpisode } from "../../drivers/virtual-lab/expert/episode.js";
import { STEP_PERIOD } from "../../drivers/virtual-lab/expert/expert.js";
import { Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import { drawPoses } from "../../drivers/virtual-lab/scene/scene-spec.js";
import type { Task } from "../../drivers/virtual-lab/scene/tasks.js";

/** Where the arm should be at one instant of a demonstration. */
export interface Waypoint {
  /** From the beginning of the motion. */
  readonly at: Seconds;
  readonly q: JointPosition;
  /** 1 open, 0 closed. */
  readonly gripper: number;
}

/** Before the fingers move: what the arm is behind a leader it makes up within this time [A]. */
const CATCH_UP: Seconds = 0.4;
/** After it: their whole stroke takes 0.37 s (drivers/virtual-lab), of which the expert itself stays for 0.4 s. */
const GRIP: Seconds = 0.2;

/**
 * The path of the scripted expert for the scene of a seed, from home, found in a simulation of that scene, with a rest
 * before and after each motion of the fingers, as a person makes it. null where the expert itself fails.
 */
export async function expertPath(seed: number, task: Task): Promise<readonly Waypoint[] | null> {
  const steps: Omit<Waypoint, "at">[] = [];
  let lost = false;
  const simulation = await Simulation.create(drawPoses(seed, task.kind), HOME);
  const calm = { bursts: false, earlyClose: false, mistake: null };
  const { verdict } = runEpisode(simulation, HOME, task, createRandom(seed), calm, "task", {
    step: ({ commanded, label, phase }) => {
      steps.push({ q: commanded, gripper: label[0]?.gripper ?? 1 });
      lost ||= phase === "reopen";
    },
  });
  simulation.close();
  return verdict.kinematic && !lost ? withRests(steps) : null;
}

function withRests(steps: readonly Omit<Waypoint, "at">[]): readonly Waypoint[] {
  const path: Waypoint[] = [];
  let at = 0;
  for (const step of steps) {
    const before = path.at(-1)?.gripper ?? step.gripper;
    if (step.gripper !== before) {
      path.push({ at, q: step.q, gripper: before }, { at: at + CATCH_UP, q: step.q, gripper: before });
      at += CATCH_UP + STEP_PERIOD;
      path.push({ at, ...step }, { at: at + GRIP, ...step });
      at += GRIP + STEP_PERIOD;
    } else {
      path.push({ at, ...step });
      at += STEP_PERIOD;
    }
  }
  return path;
}
