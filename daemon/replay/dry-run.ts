import { z } from "zod";
import { MotionStream } from "../arm/motion-stream.js";
import { freshGuard, guard } from "../guard/guard.js";
import type { Episode } from "../recorder/read-episode.js";
import { type ArmState, QUIET_LINK } from "../types/arm-state.js";
import type { Chunk } from "../types/chunk.js";
import type { Mode } from "../types/mode.js";
import type { Setpoint, SetpointSource } from "../types/setpoint.js";
import { type Instant, JOINT_COUNT, jointAt, jointPosition, type Seconds } from "../types/units.js";
import type { ArmLimits } from "../watch/watch-limits.js";

const joints = z.array(z.number()).length(JOINT_COUNT).transform(jointPosition);
const setpoint = z.object({
  source: z.enum(["hold", "policy", "home", "teleop", "recover", "stop"]),
  epoch: z.int(),
  dueAt: z.number(),
  q: joints,
});
const chunk = z.object({
  ...{ id: z.int(), epoch: z.int(), capturedAt: z.number(), period: z.number() },
  targets: z.array(z.object({ dueAt: z.number(), q: joints, gripper: z.number() })),
});
const result = z.object({ id: z.int(), accepted: z.boolean(), receivedAt: z.number() });
const report = z.object({ at: z.number(), measured: joints.nullable(), measuredAge: z.number().nullable() });

/** What the present code does with the inputs of a recorded run. */
export interface DryRun {
  /** Setpoints that were permitted then. */
  readonly setpoints: number;
  /** Of those, what the present guard refuses, by code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** Setpoints of the policy that were planned anew from the recorded chunks. */
  readonly planned: number;
  readonly chunks: number;
  /** Largest difference of what is planned now from what was sent then, rad, J1 to J7. */
  readonly mostDifference: readonly number[];
  /** When the difference was largest, since the first setpoint; null where there was none to compare. */
  readonly mostAfter: Seconds | null;
}

/** In which mode a source may propose. */
const MODE: Readonly<Record<SetpointSource, Mode>> = {
  ...{ hold: "hold", policy: "policy", home: "homing", teleop: "teleop", recover: "recovery", stop: "hold" },
};

/** Planning runs this long before the instant of a setpoint. */
const LEAD: Seconds = 0.0005;

/**
 * Gives the recorded setpoints to the present guard and the recorded chunks to the present planner, at their recorded
 * instants, and compares. Operator and guardian count as present: their beats are no part of a recording.
 */
export function dryRun(episode: Episode, limits: ArmLimits, period: Seconds): DryRun {
  const on = (topic: string): readonly unknown[] =>
    episode.messages.filter((message) => message.topic === topic).map(({ value }) => value);
  const setpoints: readonly Setpoint[] = on("/arm/setpoint").map((value) => setpoint.parse(value));
  const taken = takenChunks(on("/policy/chunk"), on("/policy/chunk_result"));
  const states = on("/arm/report").flatMap((value) => armState(report.parse(value)));
  return {
    setpoints: setpoints.length,
    refusals: refusalsNow(setpoints, states, limits, period),
    chunks: taken.length,
    ...planAnew(setpoints, taken, limits, period),
  };
}

interface TakenChunk {
  readonly chunk: Chunk;
  readonly receivedAt: Instant;
}

function takenChunks(chunks: readonly unknown[], results: readonly unknown[]): readonly TakenChunk[] {
  const answers = new Map(results.map((value) => result.parse(value)).map((answer) => [answer.id, answer]));
  return chunks
    .map((value) => chunk.parse(value))
    .flatMap((one) => {
      const answer = answers.get(one.id);
      return answer?.accepted === true ? [{ chunk: one, receivedAt: answer.receivedAt }] : [];
    });
}

function armState({ at, measured, measuredAge }: z.infer<typeof report>): readonly ArmState[] {
  if (measured === null || measuredAge === null) {
    return [];
  }
  const calm = { status: "", systemErrors: [], health: null, link: QUIET_LINK };
  const jointErrors = new Array<number>(JOINT_COUNT).fill(0);
  const jointEnabled = new Array<boolean>(JOINT_COUNT).fill(true);
  return [{ receivedAt: at - measuredAge, measured, jointErrors, jointEnabled, ...calm }];
}

function refusalsNow(
  setpoints: readonly Setpoint[],
  states: readonly ArmState[],
  limits: ArmLimits,
  period: Seconds,
): Readonly<Record<string, number>> {
  const refusals: Record<string, number> = {};
  let state = freshGuard(period, limits);
  let known = 0;
  for (const proposed of setpoints) {
    const now = proposed.dueAt - LEAD;
    while ((states[known + 1]?.receivedAt ?? Infinity) <= now) {
      known += 1;
    }
    const [next, verdict] = guard(state, {
      ...{ now, proposed, mode: MODE[proposed.source], epoch: proposed.epoch, arm: states[known] ?? null },
      ...{ operatorSeenAt: now, leaderSeenAt: now, guardianSeenAt: now },
    });
    state = verdict.kind === "permit" ? next : freshGuard(period, limits);
    for (const { code } of verdict.kind === "permit" ? [] : verdict.refusals) {
      refusals[code] = (refusals[code] ?? 0) + 1;
    }
  }
  return refusals;
}

function planAnew(
  setpoints: readonly Setpoint[],
  taken: readonly TakenChunk[],
  limits: ArmLimits,
  period: Seconds,
): Pick<DryRun, "planned" | "mostDifference" | "mostAfter"> {
  const mostDifference = new Array<number>(JOINT_COUNT).fill(0);
  let mostAfter: Seconds | null = null;
  let planned = 0;
  let stream: MotionStream | null = null;
  let next = 0;
  for (const [index, sent] of setpoints.entries()) {
    const before = setpoints[index - 1];
    if (sent.source !== "policy" || before === undefined) {
      stream = null;
      continue;
    }
    if (stream === null) {
      // It held here, under stream, when the policy began.
      stream = new MotionStream(before.q, period, limits);
      stream.propose(before.dueAt);
      stream.sent(before.q);
      next = taken.findIndex(({ chunk: { epoch } }) => epoch === sent.epoch);
    }
    for (let one = taken[next]; one !== undefined && one.receivedAt < sent.dueAt - LEAD; one = taken[next]) {
      stream.follow(one.chunk, one.receivedAt);
      next += 1;
    }
    const { q } = stream.propose(sent.dueAt);
    stream.sent(q);
    planned += 1;
    for (const [joint, angle] of q.entries()) {
      const difference = Math.abs(angle - jointAt(sent.q, joint));
      if (difference > Math.max(...mostDifference)) {
        mostAfter = sent.dueAt - (setpoints[0]?.dueAt ?? 0);
      }
      mostDifference[joint] = Math.max(difference, mostDifference[joint] ?? 0);
    }
  }
  return { planned, mostDifference, mostAfter };
}
