import { z } from "zod";
import { parseLine } from "../ports/parse-line.js";
import type { FromArm } from "../types/arm-link.js";
import { jointPosition } from "../types/units.js";

const joints = z.array(z.number()).length(7).transform(jointPosition);

const stop = z.object({
  code: z.string(),
  detail: z.string(),
  hint: z.string(),
  at: z.number(),
  latched: z.boolean(),
});

const identity = z.object({
  kind: z.enum(["realman-leader", "dynamixel-leader"]),
  serial: z.string(),
  joints: z.int(),
});

const sample = z.object({
  ...{ seq: z.int(), at: z.number(), angles: joints, gripper: z.number(), button: z.boolean() },
});

const teleop = z.object({
  enabling: z.enum(["button", "operator"]),
  leader: identity.nullable(),
  phase: z.enum(["no-leader", "refused", "sign-test", "misaligned", "ready", "leading"]),
  detail: z.string(),
  differences: joints.nullable(),
  offset: joints,
  button: z.boolean(),
  age: z.number().nullable(),
  latencyP99Ms: z.number().nullable(),
});

const takeover = z.object({
  at: z.number(),
  from: z.enum(["policy", "homing"]),
  epochBefore: z.int(),
  epoch: z.int(),
  by: z.enum(["button", "request"]),
});

const report = z.object({
  at: z.number(),
  mode: z.enum(["disconnected", "standby", "hold", "homing", "policy", "align", "teleop", "recovery", "fault"]),
  epoch: z.int(),
  source: z.enum(["hold", "policy", "home", "teleop", "recover", "stop"]).nullable(),
  holdToRun: z.enum(["not-needed", "waived", "pressed", "released", "stale"]),
  measured: joints.nullable(),
  measuredAge: z.number().nullable(),
  commanded: joints.nullable(),
  reference: joints.nullable(),
  gripper: z.object({ commanded: z.number(), measured: z.number(), receivedAt: z.number() }),
  teleop: teleop.nullable(),
  pendingTargets: z.int().min(0),
  stops: z.array(stop),
  notices: z.array(
    z.object({ code: z.string(), detail: z.string(), hint: z.string(), since: z.number(), bars: z.boolean() }),
  ),
  armStatus: z.string(),
  stream: z.object({
    ticks: z.number(),
    lateTicks: z.number(),
    skippedTicks: z.number(),
    refusals: z.number(),
    latenessP99Ms: z.number(),
    latenessMaxMs: z.number(),
  }),
});

const setpoint = z.object({
  source: z.enum(["hold", "policy", "home", "teleop", "recover", "stop"]),
  epoch: z.int(),
  dueAt: z.number(),
  q: joints,
});

const message = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("hello"), periodMs: z.number(), scheduling: z.string(), arm: z.string() }),
  z.object({ kind: z.literal("state"), state: report }),
  z.object({ kind: z.literal("setpoints"), setpoints: z.array(setpoint) }),
  z.object({ kind: z.literal("stopped"), stop }),
  z.object({ kind: z.literal("takeover"), takeover }),
  z.object({ kind: z.literal("leader-samples"), samples: z.array(sample) }),
  z.object({
    kind: z.literal("chunk-result"),
    id: z.int(),
    accepted: z.boolean(),
    reason: z.string(),
    receivedAt: z.number(),
  }),
  z.object({ kind: z.literal("result"), id: z.int(), ok: z.boolean(), reason: z.string(), epoch: z.int() }),
]);

/** Reads one line of the arm process; a string says what is wrong with it. */
export function parseFromArm(line: string): FromArm | string {
  return parseLine(line, message);
}
