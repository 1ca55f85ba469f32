import { z } from "zod";
import { parseLine } from "../ports/parse-line.js";
import type { FromPuppet } from "../types/puppet.js";
import { JOINT_COUNT, type JointVector, jointPosition } from "../types/units.js";

// Interlocks: OP-09.

const words = z.string().max(200);
/** No encoder counts more than a hundred turns either way. */
const angle = z.number().min(-700).max(700);

const fromPuppet = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("hello"),
    identity: z.strictObject({
      kind: z.enum(["realman-leader", "dynamixel-leader"]),
      serial: words.min(1),
      joints: z.int().min(1).max(32),
    }),
  }),
  z.strictObject({
    kind: z.literal("sample"),
    sample: z.strictObject({
      seq: z.int().min(0),
      at: z.number().min(0),
      angles: z
        .array(angle)
        .length(JOINT_COUNT)
        .transform((angles): JointVector => jointPosition(angles)),
      gripper: z.number(),
      button: z.boolean(),
    }),
  }),
  z.strictObject({ kind: z.literal("lost"), code: words, detail: words }),
]);

/** Parses one line of the puppet process; a string says what is wrong with it. */
export function parseFromPuppet(line: string): FromPuppet | string {
  return parseLine(line, fromPuppet);
}
