import type { ChunkReport, Fault, ReplayDifferences, Understanding } from "../ports/task-news.js";
import type { ArmReport } from "../types/arm-link.js";
import type { TeleopReport } from "../types/teleop.js";
import type { TaskProgress } from "./backend.js";
import { REFUSAL_HINT, type RefusalCode } from "./refusal.js";
import type { ServerMessageOf } from "./server-message.js";
import type { Wording } from "./wording.js";

/** A refusal with the standing hint of its code, or a more special one. */
export function refusal(
  id: number | null,
  code: RefusalCode,
  message: string,
  hint: string = REFUSAL_HINT[code],
  wording: Wording | null = null,
): ServerMessageOf<"refused"> {
  const differences = (wording?.differences ?? []).map((difference) => ({ ...difference }));
  return { type: "refused", id, code, message, hint, nearest: wording?.nearest ?? null, differences };
}

/** A report of the arm process as message number `sequence`. */
export function stateMessage(sequence: number, report: ArmReport): ServerMessageOf<"state"> {
  return {
    type: "state",
    sequence,
    at: report.at,
    mode: report.mode,
    epoch: report.epoch,
    source: report.source,
    holdToRun: report.holdToRun,
    measured: report.measured === null ? null : [...report.measured],
    measuredAge: report.measuredAge,
    commanded: report.commanded === null ? null : [...report.commanded],
    gripper: { commanded: report.gripper.commanded, measured: report.gripper.measured },
    teleop: teleopMessage(report.teleop),
    pendingTargets: report.pendingTargets,
    stops: report.stops.map(({ code, detail, hint, at, latched }) => ({ code, detail, hint, at, latched })),
    armStatus: report.armStatus,
    stream: {
      ticks: report.stream.ticks,
      lateTicks: report.stream.lateTicks,
      skippedTicks: report.stream.skippedTicks,
      refusals: report.stream.refusals,
      latenessP99Ms: report.stream.latenessP99Ms,
      latenessMaxMs: report.stream.latenessMaxMs,
    },
  };
}

function teleopMessage(report: TeleopReport | null): ServerMessageOf<"state">["teleop"] {
  if (report === null) {
    return null;
  }
  const { enabling, leader, phase, detail, differences, offset, button, latencyP99Ms } = report;
  return {
    ...{ enabling, phase, detail, button, latencyP99Ms, offset: [...offset] },
    leader: leader === null ? null : `${leader.kind} ${leader.serial}`,
    differences: differences === null ? null : [...differences],
  };
}

/** What the model understood. */
export function reasoningMessage(event: Understanding): ServerMessageOf<"reasoning"> {
  const { instruction, coarse, fine, generatedAt, fresh } = event;
  return { type: "reasoning", instruction, coarse, fine, generatedAt, fresh };
}

/** One chunk. */
export function chunkMessage(event: ChunkReport): ServerMessageOf<"chunk"> {
  const { grab, preprocess, vision, prefill, text, codes, decode, handOver } = event.phases;
  return {
    type: "chunk",
    chunk: event.id,
    epoch: event.epoch,
    capturedAt: event.capturedAt,
    period: event.period,
    steps: event.steps,
    accepted: event.accepted,
    reason: event.reason,
    forced: event.forced,
    codes: { coarse: [...event.tokens.coarse], fine: [...event.tokens.fine] },
    probability: [...event.tokens.probability],
    phases: { grab, preprocess, vision, prefill, text, codes, decode, handOver },
  };
}

/** All present faults. */
export function faultsMessage(faults: readonly Fault[]): ServerMessageOf<"faults"> {
  return {
    type: "faults",
    faults: faults.map(({ code, part, detail, hint, since, latched }) => ({
      code,
      part,
      detail,
      hint,
      since,
      latched,
    })),
  };
}

/** The present or last task. */
export function progressMessage(task: TaskProgress): ServerMessageOf<"progress"> {
  const { instruction, phase, detail, startedAt, changedAt, chunks, replay } = task;
  return {
    ...{ type: "progress", task: task.id, instruction, phase, detail, startedAt, changedAt, chunks },
    replay: replay === null ? null : { ...replay, differences: differencesMessage(replay.differences) },
  };
}

function differencesMessage(
  differences: ReplayDifferences | null,
): NonNullable<ServerMessageOf<"progress">["replay"]>["differences"] {
  if (differences === null) {
    return null;
  }
  const { poses, median, p99, most } = differences;
  return { poses, median: [...median], p99: [...p99], most: [...most] };
}
