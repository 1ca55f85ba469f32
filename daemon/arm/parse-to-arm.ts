import { z } from "zod";
import type { ToArm } from "../types/arm-link.js";
import { ROLES } from "../types/role.js";
import { JOINT_COUNT, jointPosition } from "../types/units.js";

// Interlocks: PO-01.

// JSON turns garbage into plausible numbers (1e999, null, "12"): every one is checked, none is coerced.
const count = z.int().min(0);
const instant = z.number().min(0);
const words = z.string().max(1000);
const position = z
  .array(z.number())
  .length(JOINT_COUNT)
  .transform((angles) => jointPosition(angles));

const chunk = z.strictObject({
  id: count,
  epoch: count,
  capturedAt: instant,
  /** 20 ms to 1 s between two targets: a policy rate of 1 to 50 Hz. */
  period: z.number().min(0.02).max(1),
  targets: z
    .array(z.strictObject({ dueAt: instant, q: position, gripper: z.number().min(-0.05).max(1.05) }))
    .min(1)
    .max(64),
});

const part = z.number().min(0);

const request = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("engage") }),
  z.strictObject({ kind: z.literal("follow-policy") }),
  z.strictObject({ kind: z.literal("hold") }),
  z.strictObject({ kind: z.literal("home"), to: position.optional() }),
  z.strictObject({ kind: z.literal("teleop"), clutch: z.boolean() }),
  z.strictObject({ kind: z.literal("disengage") }),
  z.strictObject({ kind: z.literal("recover") }),
  z.strictObject({ kind: z.literal("acknowledge"), reason: words }),
]);

const toArm = z.discriminatedUnion("kind", [
  z.strictObject({ kind: z.literal("stop"), reason: words, by: words }),
  z.strictObject({ kind: z.literal("operator-beat"), lease: count, role: z.enum(ROLES), held: z.boolean() }),
  z.strictObject({ kind: z.literal("allow-unattended"), allowed: z.boolean(), by: words }),
  z.strictObject({ kind: z.literal("operator-gone"), reason: words }),
  z.strictObject({ kind: z.literal("chunk"), chunk }),
  z.strictObject({ kind: z.literal("pictures"), capturedAt: instant }),
  z.strictObject({ kind: z.literal("unfamiliar"), detail: words }),
  z.strictObject({ kind: z.literal("no-chunk"), detail: words }),
  z.strictObject({
    kind: z.literal("resources"),
    pid: count.min(1),
    used: z.strictObject({ memory: part, descriptors: part, busy: part }),
  }),
  z.strictObject({ kind: z.literal("request"), id: count, lease: count, request }),
]);

/** A message of the daemon, or why it is none. */
export type ParsedToArm =
  | { readonly ok: true; readonly message: ToArm }
  /** `chunkId` where the wrong message was a chunk that still names itself. */
  | { readonly ok: false; readonly reason: string; readonly chunkId: number | null };

const chunkId = z.object({ kind: z.literal("chunk"), chunk: z.object({ id: count }) });

/** Parses one line from the daemon. */
export function parseToArm(line: string): ParsedToArm {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return { ok: false, reason: "malformed: not JSON", chunkId: null };
  }
  const parsed = toArm.safeParse(value);
  if (parsed.success) {
    return { ok: true, message: parsed.data };
  }
  const named = chunkId.safeParse(value);
  const issue = parsed.error.issues[0];
  const place = issue === undefined ? "" : `${issue.path.join(".")}: ${issue.message}`;
  return { ok: false, reason: `malformed: ${place}`, chunkId: named.success ? named.data.chunk.id : null };
}
