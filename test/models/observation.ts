import type { CameraRole, Frame } from "../../daemon/types/frame.js";
import type { Observation } from "../../daemon/types/observation.js";
import { jointPosition } from "../../daemon/types/units.js";

/** A picture of one colour. */
export function plainFrame(role: CameraRole, size: number, shade: number): Frame {
  const rgb = new Uint8Array(size * size * 3).fill(shade);
  return { role, width: size, height: size, rgb, capturedAt: 1, exposedAt: null, sequence: 1 };
}

/** An observation of an arm that stands still, before any grasp. */
export function observation(size: number, change: Partial<Observation> = {}): Observation {
  const q = jointPosition([0, -0.3, 0, 1.6, 0, 1.8, 0]);
  return {
    capturedAt: 1,
    front: plainFrame("front", size, 40),
    wrist: plainFrame("wrist", size, 170),
    commanded: q,
    measured: q,
    gripper: { commanded: 1, measured: 1, receivedAt: 1 },
    graspedAt: null,
    sinceGripperCommand: Number.POSITIVE_INFINITY,
    epoch: 1,
    ...change,
  };
}
