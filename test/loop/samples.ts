import type { Inference } from "../../daemon/ports/policy.js";
import type { ArmReport } from "../../daemon/types/arm-link.js";
import type { CameraRole, Frame } from "../../daemon/types/frame.js";
import type { Observation } from "../../daemon/types/observation.js";
import { type JointPosition, type JointVector, jointPosition } from "../../daemon/types/units.js";

/** All seven joints at one angle, rad. */
export function joints(angle: number): JointPosition {
  return jointPosition([angle, angle, angle, angle, angle, angle, angle]);
}

/** All seven joint deltas alike, rad. */
export function delta(angle: number): JointVector {
  return [angle, angle, angle, angle, angle, angle, angle];
}

/** A report of a holding arm, changed as given. */
export function armReport(changes: Partial<ArmReport> = {}): ArmReport {
  return {
    at: 100,
    mode: "hold",
    epoch: 1,
    holdToRun: "not-needed",
    source: "hold",
    measured: joints(0),
    measuredAge: 0,
    commanded: joints(0),
    reference: joints(0),
    gripper: { commanded: 1, measured: 1, receivedAt: 100 },
    teleop: null,
    pendingTargets: 0,
    stops: [],
    notices: [],
    armStatus: "idle",
    stream: { ticks: 0, lateTicks: 0, skippedTicks: 0, refusals: 0, latenessP99Ms: 0, latenessMaxMs: 0 },
    ...changes,
  };
}

/** A small frame. */
export function frame(role: CameraRole, capturedAt: number, sequence = 1, exposedAt: number | null = null): Frame {
  return { role, width: 1, height: 1, rgb: new Uint8Array(3), capturedAt, exposedAt, sequence };
}

/** An observation of a standing arm, changed as given. */
export function observation(changes: Partial<Observation> = {}): Observation {
  const capturedAt = changes.capturedAt ?? 100;
  return {
    capturedAt,
    front: frame("front", capturedAt),
    wrist: frame("wrist", capturedAt),
    commanded: joints(0),
    measured: joints(0),
    gripper: { commanded: 1, measured: 1, receivedAt: capturedAt },
    graspedAt: null,
    sinceGripperCommand: Number.POSITIVE_INFINITY,
    epoch: 1,
    ...changes,
  };
}

/** No two inferences are the same to the last bit. */
let inferences = 0;

/** An inference of five steps without motion, changed as given. */
export function inference(changes: Partial<Inference> = {}): Inference {
  inferences += 1;
  return {
    reasoning: { coarse: "pick up the bread", fine: "move to the front", generatedAt: 100 },
    fresh: true,
    tokens: { coarse: [1, 2], fine: [3, 4], probability: [0.9, 0.8, 0.7, 0.6 + inferences * 1e-9] },
    deltas: [1, 2, 3, 4, 5].map(() => delta(0)),
    grippers: [1, 1, 1, 1, 1],
    phases: { preprocess: 0, vision: 0.01, prefill: 0.02, text: 0, codes: 0.03, decode: 0.01 },
    ...changes,
  };
}
