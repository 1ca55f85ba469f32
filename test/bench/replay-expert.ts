import { ArmWatch } from "../../daemon/arm/arm-watch.js";
import { refuseChunk } from "../../daemon/arm/chunk-admission.js";
import { MotionStream } from "../../daemon/arm/motion-stream.js";
import { freshGuard, guard } from "../../daemon/guard/guard.js";
import { speedOf } from "../../daemon/motion/breaches.js";
import { ZERO } from "../../daemon/motion/motion-state.js";
import { emptyPlacement, place } from "../../daemon/motion/placement.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import { jointPosition } from "../../daemon/types/units.js";
import type { ArmLimits } from "../../daemon/watch/watch-limits.js";
import {
  finished,
  foresee,
  look,
  nearHome,
  STEP_PERIOD,
  startExpert,
} from "../../drivers/virtual-lab/expert/expert.js";
import { Simulation } from "../../drivers/virtual-lab/physics/simulation.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { judge } from "../../drivers/virtual-lab/scene/judge.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import { drawPoses } from "../../drivers/virtual-lab/scene/scene-spec.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

const PERIOD = 0.01;
const TICKS = Math.round(STEP_PERIOD / PERIOD);

/** What became of an expert's motion on its way through admission, planner and guard. */
export interface Replay {
  readonly ticks: number;
  readonly refusedChunks: readonly string[];
  readonly refusedSetpoints: readonly string[];
  /** What was found of the simulated arm while it followed, each code once. */
  readonly findings: readonly string[];
  /** Smallest margin to the guard's bounds, m, for each kind of bound. */
  readonly margins: Readonly<Record<"workspace" | "table" | "self-collision", number>>;
  /** Fastest control point, m/s. */
  readonly fastest: number;
  /** The bread was moved, or the carrot lies on the plate. */
  readonly succeeded: boolean;
}

const GRIP_FORCE = 20;
/** The simulation knows no temperature. */
const WELL = {
  temperature: ZERO.map(() => 35),
  voltage: ZERO.map(() => 24),
  current: ZERO.map(() => 0.5),
  controllerTemperature: 42,
};
const HORIZON = 5;
const MOST_CHUNKS = 200;

/**
 * One trial of the scripted expert in the simulated lab without pictures: its next five commands are admitted as a chunk,
 * planned, and each setpoint is shown to the guard before the simulated arm gets it.
 */
export async function replayExpert(seed: number, limits: ArmLimits): Promise<Replay> {
  const task = TASKS[seed % TASKS.length];
  if (task === undefined) {
    throw new Error("no task");
  }
  const start = nearHome(HOME, createRandom(seed).unit);
  const simulation = await Simulation.create(drawPoses(seed, task.kind), start);
  const atStart = simulation.objects();
  simulation.setGripper(1, GRIP_FORCE);
  const stream = new MotionStream(start, PERIOD, limits);
  const { cell } = limits;
  const refusedChunks: string[] = [];
  const refusedSetpoints: string[] = [];
  const watch = new ArmWatch(limits, PERIOD);
  const findings = new Set<string>();
  const margins = { workspace: Infinity, table: Infinity, "self-collision": Infinity };
  let [before, after] = [place(start, cell, emptyPlacement(cell)), emptyPlacement(cell)];
  let memory = freshGuard(PERIOD, limits);
  let expert = startExpert();
  let gripper = 1;
  let [ticks, fastest, now] = [0, 0, 100];
  for (let id = 0; id < MOST_CHUNKS && !finished(expert); id++) {
    const reference = jointPosition(stream.reference(now).q);
    expert = look(expert, { objects: simulation.objects(), gripper }, reference, task);
    const { commands, next: ahead } = foresee(expert, reference, task, HORIZON);
    expert = ahead;
    const capturedAt = now;
    const targets = commands.map((command, step) => ({ dueAt: now + (step + 1) * STEP_PERIOD, ...command }));
    const chunk = { id, epoch: 1, capturedAt, period: STEP_PERIOD, targets };
    const { commanded } = stream;
    const refused = refuseChunk(chunk, { now, epoch: 1, lastId: id - 1, commanded, first: id === 0, limits });
    if (refused === null) {
      stream.follow(chunk, now);
    } else {
      refusedChunks.push(`${refused.code}: ${refused.detail}`);
    }
    gripper = commands[0]?.gripper ?? gripper;
    simulation.setGripper(gripper, GRIP_FORCE);
    for (let tick = 1; tick <= TICKS; tick++) {
      now += PERIOD;
      const { source, q } = stream.propose(now);
      const setpoint = jointPosition(q);
      const measured = { receivedAt: now, measured: setpoint, status: "", systemErrors: [], jointErrors: ZERO };
      const [next, verdict] = guard(memory, {
        ...{ now, proposed: { source, epoch: 1, dueAt: now, q: setpoint }, mode: "policy", epoch: 1 },
        ...{
          arm: { ...measured, jointEnabled: [true], health: null, link: QUIET_LINK },
          operatorSeenAt: now,
          leaderSeenAt: now,
          guardianSeenAt: now,
        },
      });
      memory = next;
      if (verdict.kind === "refuse") {
        refusedSetpoints.push(...verdict.refusals.map(({ code, detail }) => `${code}: ${detail}`));
      }
      place(q, cell, after);
      for (const [bound, { kind }] of cell.body.bounds.entries()) {
        margins[kind] = Math.min(margins[kind], after.margins[bound] ?? Number.NaN);
      }
      for (let point = 0; point < cell.body.points.length; point++) {
        fastest = Math.max(fastest, speedOf(before, after, point, PERIOD));
      }
      [before, after] = [after, before];
      stream.sent(q);
      ticks += 1;
      simulation.setTargets(setpoint);
      // 10 ms are two and a half steps of the physics.
      simulation.step(tick % 2 === 0 ? 3 : 2);
      watch.sent(setpoint, now);
      const receivedAt = now + 0.99 * PERIOD;
      const health = { ...WELL, current: WELL.current.map((ampere) => ampere + (ticks % 7) * 1e-6) };
      const report = { ...measured, measured: simulation.measured(), status: "move_through_joint", health };
      watch.report({ ...report, receivedAt, jointEnabled: [true], link: QUIET_LINK }, "policy", receivedAt);
      for (const { code, detail } of watch.findings) {
        findings.add(`${code}: ${detail}`);
      }
    }
  }
  const verdict = judge(task, {
    ...{ start: atStart, end: simulation.objects(), gripperOpening: simulation.gripperOpening(), grip: null },
  });
  simulation.close();
  return { ticks, refusedChunks, refusedSetpoints, findings: [...findings], margins, fastest, succeeded: verdict.goal };
}
