import { freshGuard, type GuardState, guard } from "../../daemon/guard/guard.js";
import { plannerCell, plannerLimits } from "../../daemon/guard/limits.js";
import { clearStep } from "../../daemon/motion/clear-step.js";
import { type MotionState, movedTo, standingAt, ZERO } from "../../daemon/motion/motion-state.js";
import type { StoppingRamp } from "../../daemon/motion/stopping-ramp.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import { jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { randomSource } from "../random-source.js";
import { machine, quantile } from "./statistics.js";

// Executable: how long one call of the guard and one step of the planner take, in microseconds, over a wild random motion.
// node dist/test/bench/guard.js

const PERIOD = 0.01;
const STEPS = 6000;
/** Not counted: the compiler is still at work. */
const WARM_UP = 2000;
const HOME = jointPosition([0, 10, 0, 75, 0, 95, 0].map((angle) => (angle * Math.PI) / 180));
const RULES = { limits: plannerLimits(LIMITS.policy), cell: plannerCell(LIMITS.cell), period: PERIOD };

function microseconds(since: bigint): number {
  return Number(process.hrtime.bigint() - since) / 1000;
}

const random = randomSource(5);
const times: { readonly guard: number[]; readonly planner: number[] } = { guard: [], planner: [] };
let state: MotionState = standingAt(HOME);
let braking: StoppingRamp = [];
let memory: GuardState = {
  ...freshGuard(PERIOD, LIMITS),
  last: { q: HOME, v: ZERO, a: ZERO, dueAt: 100 - PERIOD },
};
let q = HOME;
for (let step = 0; step < STEPS; step++) {
  if (step % 60 === 0) {
    q = jointPosition(mapJoints(HOME, (angle) => angle + (2 * random() - 1) * 1.2));
  }
  const planned = process.hrtime.bigint();
  const next = clearStep(state, braking, { q, v: ZERO }, RULES);
  const plannerTime = microseconds(planned);
  const now = 100 + step * PERIOD;
  const [jointErrors, jointEnabled] = [ZERO, ZERO.map(() => true)];
  const measured = jointPosition(next.q);
  const health = { health: null, link: QUIET_LINK };
  const arm = { receivedAt: now, measured, status: "idle", systemErrors: [0], jointErrors, jointEnabled, ...health };
  const proposed = { source: "policy" as const, epoch: 1, dueAt: now, q: measured };
  const beats = { operatorSeenAt: now, leaderSeenAt: now, guardianSeenAt: now };
  const guarded = process.hrtime.bigint();
  const [after, verdict] = guard(memory, { now, proposed, mode: "policy", epoch: 1, arm, ...beats });
  const guardTime = microseconds(guarded);
  if (verdict.kind === "refuse") {
    throw new Error(`refused: ${JSON.stringify(verdict.refusals)}`);
  }
  if (step >= WARM_UP) {
    times.guard.push(guardTime);
    times.planner.push(plannerTime);
  }
  memory = after;
  braking = next.braking;
  state = movedTo(state, next.q, PERIOD);
}
const figures = Object.entries(times).map(([what, all]) => [
  what,
  Object.fromEntries([0.5, 0.99, 0.999, 1].map((part) => [`p${part * 100}`, Number(quantile(all, part).toFixed(1))])),
]);
process.stdout.write(`${JSON.stringify({ ...Object.fromEntries(figures), ...machine() })}\n`);
