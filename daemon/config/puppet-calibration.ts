import { z } from "zod";
import type { Trust } from "../ports/trust.js";
import type { PuppetCalibration, PuppetIdentity } from "../types/puppet.js";
import { ConfigError, parseYaml, readTrusted } from "./yaml-file.js";

// Interlocks: OP-10.

/** What the arm process needs of the file that `calibration/files.ts` writes; the rest is for people and for its writer. */
const calibration = z.object({
  puppet: z.object({
    kind: z.enum(["realman-leader", "dynamixel-leader"]),
    serial: z.string().min(1),
    joints: z.int(),
  }),
  joints: z.array(z.object({ sign: z.union([z.literal(1), z.literal(-1)]), zero: z.number(), scale: z.number() })),
  gripper: z.object({ closed: z.number(), open: z.number() }),
});

const schema = z.object({ calibration });

/** Reads what `kinevla calibrate puppet` wrote; a string says why it cannot be used. Held against the leader elsewhere. */
export function loadPuppetCalibration(
  path: string,
  { serial }: PuppetIdentity,
  trust: Trust,
): PuppetCalibration | string {
  try {
    const remedy = `calibrate the puppet ${serial}: kinevla calibrate puppet`;
    return parseYaml(readTrusted(path, "calibration", trust, remedy), path, schema).calibration;
  } catch (error) {
    if (error instanceof ConfigError) {
      return error.message;
    }
    throw error;
  }
}
