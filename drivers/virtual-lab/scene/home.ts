import { type JointPosition, jointPosition } from "../../../daemon/types/units.js";

/** Where trials begin: tool straight down, fingertips 0.217 m over the table at x = 0.254 m. */
export const HOME: JointPosition = jointPosition([0, 10, 0, 75, 0, 95, 0].map((angle) => (angle * Math.PI) / 180));
