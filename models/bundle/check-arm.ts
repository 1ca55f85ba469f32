import type { JointPosition } from "../../daemon/types/units.js";
import { BundleError } from "./bundle-error.js";
import { PROPRIO_WIDTH } from "./check-manifest.js";
import type { Manifest } from "./manifest.js";

// Interlocks: PO-10.

/**
 * Deviations of the training data within which the home pose must lie. Every episode begins there: it lies within 1.8
 * of `table7-v3`; with joints 2 and 4 exchanged, the most alike of those that bend, it lies 4.6 away.
 */
const MOST_DEVIATIONS = 4;

/**
 * Compares the joint positions that a bundle was trained on with the arm's home pose (rad): with joints in another
 * order, in other units or of another arm they lie far apart. Throws BundleError. Joints that home and training both
 * leave near zero (1, 3, 5 and 7) cannot be told from each other in this way.
 */
export function checkArm({ proprio }: Manifest, home: JointPosition): void {
  let start = 0;
  for (const feature of proprio.features) {
    if (feature === "commanded" || feature === "measured") {
      home.forEach((angle, joint) => {
        const mean = proprio.mean[start + joint] ?? Number.NaN;
        const std = proprio.std[start + joint] ?? Number.NaN;
        if (!(Math.abs(angle - mean) <= MOST_DEVIATIONS * std)) {
          const where = `joint ${joint + 1} stood at ${mean.toFixed(2)} rad with a deviation of ${std.toFixed(2)} rad`;
          throw new BundleError(
            "statistics-implausible",
            `In training ${where}, the home pose has ${angle.toFixed(2)} rad: joints in another order or unit, or another arm`,
          );
        }
      });
    }
    start += PROPRIO_WIDTH[feature];
  }
}
