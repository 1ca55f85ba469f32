import { createInterface } from "node:readline";
import { type JointPosition, jointPosition, mapJoints } from "../../../daemon/types/units.js";
import { createAreaResize } from "../dataset/area-resize.js";
import { stepRow } from "../dataset/format.js";
import { nearHome, STEP_PERIOD } from "../expert/expert.js";
import { handPose } from "../expert/kinematics.js";
import { POSE_LENGTH, Simulation } from "../physics/simulation.js";
import { PICTURE_SIZE, Raster } from "../render/raster.js";
import { readVisuals } from "../render/visuals.js";
import { NO_GRIP, watchGrip } from "../scene/grip.js";
import { HOME } from "../scene/home.js";
import { judge } from "../scene/judge.js";
import { TIME_STEP } from "../scene/mjcf.js";
import { createRandom } from "../scene/random.js";
import { drawScene } from "../scene/scene-spec.js";
import { TASKS } from "../scene/tasks.js";

/**
 * Steps a policy through seeded trials without the daemon and without real time: one trial request a line on stdin
 * ({seed, instruction, size, execute, delay, steps}); for each chunk one line with the proprioceptive row on stdout, then the
 * raw pixels of both cameras; the answer is one line {deltas, grippers} or {done: true}; last comes the verdict.
 */

interface TrialRequest {
  readonly seed: number;
  /** Of one of the lab's tasks, as Table 7 has it. */
  readonly instruction: string;
  /** Pixels along each side of the pictures. */
  readonly size: number;
  /** Steps of each chunk that are carried out. */
  readonly execute: number;
  /** Steps that pass between a picture and the first step of its chunk. */
  readonly delay: number;
  /** Most steps of the trial. */
  readonly steps: number;
}

interface Answer {
  readonly done?: boolean;
  readonly deltas?: readonly (readonly number[])[];
  readonly grippers?: readonly number[];
}

interface Target {
  readonly q: JointPosition;
  readonly gripper: number;
}

const PHYSICS_STEPS = Math.round(STEP_PERIOD / TIME_STEP);
const GRIP_FORCE = 20;
/** Age of a picture when it is used, physics steps: 28 ms, the middle of what the data hold. */
const PICTURE_AGE = 7;
const SETTLING_STEPS = 10;
/** Tells the stream of start poses from that of scenes. */
const START_STREAM = 0x51a27;

async function runTrial(request: TrialRequest, ask: (row: readonly number[], pixels: Uint8Array) => Promise<Answer>) {
  const task = TASKS.find(({ instruction }) => instruction === request.instruction);
  if (task === undefined) {
    throw new RangeError(`the lab has no task "${request.instruction}"`);
  }
  const scene = drawScene(request.seed, task.kind);
  // A stream of its own: drawn from the scene's, the start would tell where the object lies.
  const from = nearHome(HOME, createRandom(request.seed ^ START_STREAM).unit);
  const simulation = await Simulation.create(scene, from);
  try {
    const raster = new Raster(readVisuals(simulation, scene));
    const poses = new Float32Array(POSE_LENGTH * simulation.poseCount());
    const resize = createAreaResize(PICTURE_SIZE, request.size);
    const start = simulation.objects();
    let commanded = from;
    let gripper = 1;
    let graspedAt: JointPosition | null = null;
    let gripperChangedAt = Number.NEGATIVE_INFINITY;
    let closes = 0;
    let grip = NO_GRIP;
    let pending: readonly Target[] = [];
    let steps = 0;
    simulation.setGripper(1, GRIP_FORCE);
    simulation.readPoses(poses);

    const carryOut = (target: Target): void => {
      const from = commanded;
      if (target.gripper !== gripper) {
        gripper = target.gripper;
        gripperChangedAt = simulation.time;
        if (gripper < 0.5) {
          graspedAt = from;
          closes += 1;
        }
        simulation.setGripper(gripper, GRIP_FORCE);
      }
      for (let tick = 1; tick <= PHYSICS_STEPS; tick += 1) {
        const part = tick / PHYSICS_STEPS;
        simulation.setTargets(
          jointPosition(mapJoints(from, (value, j) => value + ((target.q[j] ?? 0) - value) * part)),
        );
        simulation.step(1);
        if (tick === PHYSICS_STEPS - PICTURE_AGE) {
          simulation.readPoses(poses);
        }
      }
      commanded = target.q;
      steps += 1;
      const tip = handPose(simulation.measured()).position;
      grip = watchGrip(grip, simulation.object("carrot"), tip, simulation.gripperOpening());
    };

    while (steps < request.steps) {
      raster.place(poses);
      const pixels = Buffer.concat([
        Buffer.from(resize(raster.render("front", poses))),
        Buffer.from(resize(raster.render("wrist", poses))),
      ]);
      const row = stepRow({
        commanded,
        measured: simulation.measured(),
        gripperCommanded: gripper,
        gripperMeasured: simulation.gripperOpening(),
        graspedAt,
        sinceGripperCommand: simulation.time - gripperChangedAt,
        phase: "approach",
        time: simulation.time,
        capturedAt: simulation.time - PICTURE_AGE * TIME_STEP,
        label: [],
      });
      const answer = await ask(row, pixels);
      if (answer.done === true) {
        break;
      }
      const base = commanded;
      const chunk = (answer.deltas ?? []).map((delta, step) => ({
        q: jointPosition(mapJoints(base, (value, j) => value + (delta[j] ?? 0))),
        gripper: answer.grippers?.[step] ?? gripper,
      }));
      const waiting = Array.from({ length: request.delay }, (_, i) => pending[i] ?? { q: commanded, gripper });
      for (const target of [...waiting, ...chunk.slice(request.delay, request.execute)]) {
        carryOut(target);
      }
      pending = chunk.slice(request.execute);
    }
    simulation.step(SETTLING_STEPS * PHYSICS_STEPS);
    const gripperOpening = simulation.gripperOpening();
    const verdict = judge(task, { start, end: simulation.objects(), gripperOpening, grip: grip.along });
    return { ...verdict, steps, closes, opening: gripperOpening };
  } finally {
    simulation.close();
  }
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function nextLine(): Promise<string | null> {
  const { value, done } = await lines.next();
  return done === true ? null : value;
}

for (let line = await nextLine(); line !== null; line = await nextLine()) {
  const request: TrialRequest = JSON.parse(line);
  const verdict = await runTrial(request, async (row, pixels) => {
    process.stdout.write(`${JSON.stringify({ row })}\n`);
    process.stdout.write(pixels);
    return JSON.parse((await nextLine()) ?? '{"done":true}');
  });
  process.stdout.write(`${JSON.stringify({ verdict })}\n`);
}
