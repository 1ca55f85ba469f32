import type { Seconds } from "../../types/units.js";
import { rounded } from "../coming-to-rest.js";
import type { Finding } from "../measurement.js";
import type { MeasuringCell } from "../measuring-cell.js";
import { pause } from "../questions.js";

const DEGREE = Math.PI / 180;
const SWING_DEG = 5;
/** rad/s: 0.4 a second, at most 12.6 deg/s. */
const RATE = 2 * Math.PI * 0.4;
/** What is looked through, s: nothing that follows is slower. */
const LONGEST_LAG = 0.2;
const STEP = 0.001;
/** Of the stream's period; the vendor asks for a steady one. */
const LATE = 1.1;

/** Swings the wrist and finds the shift between what was sent and what was measured that leaves the least error. */
export async function followingLag(cell: MeasuringCell, lasting: Seconds): Promise<Finding> {
  await cell.standBy();
  const from = cell.commanded;
  if (from === null) {
    throw new Error("there is no state of the arm");
  }
  const direction = (from[6] ?? 0) > 0 ? -1 : 1;
  // Starts and ends at rest.
  const path = (elapsed: number): number => (direction * SWING_DEG * (1 - Math.cos(RATE * elapsed))) / 2;
  const firstFrame = cell.line.frames.length;
  const end = await cell.follow((elapsed) => from.map((q, joint) => (joint === 6 ? q + path(elapsed) * DEGREE : q)));
  await pause(lasting * 1000);
  end();
  const sent = cell.line.frames
    .slice(firstFrame)
    .map(({ at, jointMilliDeg }) => ({ at, q: (jointMilliDeg[6] ?? 0) / 1000 }));
  const measured = cell.push.samples.map(({ at, jointDeg }) => ({ at, q: jointDeg[6] ?? 0 }));
  const errors = [...new Set(cell.push.samples.slice(-lasting * 200).flatMap((sample) => sample.errors))];
  await cell.standBy();
  const { lag, error } = bestLag(sent, measured);
  const late = sent.filter(({ at }, index) => at - (sent[index - 1]?.at ?? at) > LATE * cell.period).length;
  const steady = errors.length === 0 && lag <= 0.05;
  return {
    outcome: steady ? "as-assumed" : "differs",
    words: `It follows ${rounded(lag * 1000)} ms behind, ${rounded(error)} deg off at most.`,
    figures: [
      { name: "period of the stream", value: cell.period * 1000, unit: "ms" },
      { name: "lag", value: rounded(lag * 1000), unit: "ms" },
      { name: "largest error at that lag", value: rounded(error), unit: "deg" },
      { name: "setpoints", value: sent.length, unit: "" },
      { name: "setpoints more than a tenth of the period late", value: late, unit: "" },
      { name: "error codes", value: errors.join(" "), unit: "" },
    ],
  };
}

interface Point {
  readonly at: number;
  readonly q: number;
}

/** The lag with the least sum of squares, s, and the largest error that it leaves. */
export function bestLag(
  sent: readonly Point[],
  measured: readonly Point[],
): { readonly lag: number; readonly error: number } {
  let best = { lag: 0, error: Number.POSITIVE_INFINITY, squares: Number.POSITIVE_INFINITY };
  for (let lag = 0; lag <= LONGEST_LAG; lag += STEP) {
    const errors = measured.flatMap(({ at, q }) => {
      const wanted = valueAt(sent, at - lag);
      return wanted === null ? [] : [q - wanted];
    });
    const squares = errors.reduce((sum, error) => sum + error * error, 0) / Math.max(1, errors.length);
    if (errors.length > 0 && squares < best.squares) {
      best = { lag, squares, error: Math.max(...errors.map(Math.abs)) };
    }
  }
  return best;
}

function valueAt(points: readonly Point[], at: number): number | null {
  let low = 0;
  let high = points.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((points[middle]?.at ?? 0) <= at) {
      low = middle;
    } else {
      high = middle;
    }
  }
  const before = points[low];
  const after = points[high];
  if (before === undefined || after === undefined || at < before.at || at > after.at || after.at === before.at) {
    return null;
  }
  return before.q + ((after.q - before.q) * (at - before.at)) / (after.at - before.at);
}
