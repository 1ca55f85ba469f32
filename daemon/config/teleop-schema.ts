import { z } from "zod";
import type { LeaderLimits } from "../watch/leader-limits.js";
import { least, most } from "./sourced.js";

// Interlocks: OP-07, OP-08, OP-09, OP-10.

/** What a leader arm is held against; the bounds of the numbers are compiled in. */
export const teleopSchema = z.strictObject({
  aligned_deg: most(3),
  aligned_deg_s: most(5),
  aligned_ms: least(500, 5000),
  refused_deg: most(45),
  clutch_deg_s: most(10),
  lag_deg: most(12),
  jump_deg: most(8),
  jump_deg_s: most(200),
  late_ms: most(60),
  frozen_ms: most(500),
  frozen_deg: most(2),
  sign_deg: least(2, 20),
});

const DEGREE = Math.PI / 180;

/** Converts to SI units. */
export function leaderLimits(raw: z.infer<typeof teleopSchema>): LeaderLimits {
  return {
    aligned: {
      distance: raw.aligned_deg.value * DEGREE,
      speed: raw.aligned_deg_s.value * DEGREE,
      lasting: raw.aligned_ms.value / 1000,
    },
    refused: raw.refused_deg.value * DEGREE,
    clutch: raw.clutch_deg_s.value * DEGREE,
    lag: raw.lag_deg.value * DEGREE,
    jump: { distance: raw.jump_deg.value * DEGREE, speed: raw.jump_deg_s.value * DEGREE },
    late: raw.late_ms.value / 1000,
    frozen: { lasting: raw.frozen_ms.value / 1000, commanded: raw.frozen_deg.value * DEGREE },
    sign: raw.sign_deg.value * DEGREE,
  };
}
