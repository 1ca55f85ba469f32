import type { Instant, JointPosition, Seconds } from "../../../daemon/types/units.js";
import type { Violations } from "./arrivals.js";

const DEGREE = Math.PI / 180;
/** Frame to frame and from the present pose at the start (vendor's movej_canfd page). */
const MAXIMUM_STEP = 10 * DEGREE;
/** Vendor's movej_canfd page. */
const MAXIMUM_SPEED = 180 * DEGREE;
/** Acceleration that a real RM75 reports for every joint. */
const MAXIMUM_ACCELERATION = 600 * DEGREE;
/** High follow needs a steady period of at most 10 ms (vendor); 1 ms is left to the network. */
const MAXIMUM_PERIOD: Seconds = 0.011;
/** Frames closer together than the controller's cycle are taken together. */
const SHORTEST_INTERVAL: Seconds = 0.005;
/** Speed changes are judged over this time, so that jitter of the network is not taken for acceleration. */
const ACCELERATION_WINDOW: Seconds = 0.05;
/** A pause this long ends a stream; the arm holds its last target. */
export const STREAM_END: Seconds = 0.1;

interface Accepted {
  readonly at: Instant;
  readonly q: JointPosition;
  /** Mean speed since about `ACCELERATION_WINDOW` before, rad/s; null while that is not known. */
  readonly speed: readonly number[] | null;
}

/** What a frame breaks, and what the controller does about it. */
export interface FrameVerdict {
  readonly broken: readonly (keyof Violations)[];
  /** Joints that do not respond, J1 = 0; they report 0x4000. */
  readonly refusedJoints: readonly number[];
  /** System error raised by the frame; 0 for none. */
  readonly systemError: number;
}

const FINE: FrameVerdict = { broken: [], refusedJoints: [], systemError: 0 };

/** Judges the frames of one high-follow stream by the documented rules. */
export class StreamRules {
  #frames: Accepted[] = [];

  /** Forgets the stream; the next frame starts one. */
  end(): void {
    this.#frames = [];
  }

  /**
   * Judges a frame read at `at` while the arm is at `present`. A frame that was not read `punctually` waited in this
   * program, so its time says nothing: only its step is judged.
   */
  judge(at: Instant, q: JointPosition, present: readonly number[], punctually: boolean): FrameVerdict {
    const last = this.#frames.at(-1);
    if (last === undefined || (punctually && at - last.at > STREAM_END)) {
      return this.#start(at, q, present);
    }
    const late = punctually && at - last.at > MAXIMUM_PERIOD;
    const broken: readonly (keyof Violations)[] = late ? ["period"] : [];
    const refusedJoints = farJoints(q, last.q);
    if (refusedJoints.length > 0) {
      return { broken: [...broken, "step"], refusedJoints, systemError: 0 };
    }
    if (!punctually) {
      this.#frames = [{ at, q, speed: null }];
      return FINE;
    }
    const interval = Math.max(at - last.at, SHORTEST_INTERVAL);
    const base = this.#frames.findLast((frame) => at - frame.at >= ACCELERATION_WINDOW) ?? this.#frames[0] ?? last;
    const speed = speedSince(base, at, q);
    this.#frames.push({ at, q, speed });
    this.#frames = this.#frames.filter((frame) => at - frame.at < 2 * ACCELERATION_WINDOW);
    if (q.some((angle, i) => Math.abs(angle - (last.q[i] ?? angle)) > MAXIMUM_SPEED * interval)) {
      return { broken: [...broken, "speed"], refusedJoints: [], systemError: 0x1007 };
    }
    const window = Math.max(at - base.at, ACCELERATION_WINDOW);
    const sudden = speed?.some((value, i) => {
      const before = base.speed?.[i] ?? value;
      return Math.abs(value - before) > MAXIMUM_ACCELERATION * window;
    });
    return sudden
      ? { broken: [...broken, "acceleration"], refusedJoints: [], systemError: 0x100a }
      : { ...FINE, broken };
  }

  #start(at: Instant, q: JointPosition, present: readonly number[]): FrameVerdict {
    const refusedJoints = farJoints(q, present);
    if (refusedJoints.length > 0) {
      return { broken: ["start"], refusedJoints, systemError: 0 };
    }
    this.#frames = [{ at, q, speed: q.map(() => 0) }];
    return FINE;
  }
}

/** A stream starts at rest, so its speed is known from the beginning; after a gap it is only after a whole window. */
function speedSince(base: Accepted, at: Instant, q: JointPosition): readonly number[] | null {
  const elapsed = at - base.at;
  if (base.speed === null && elapsed < ACCELERATION_WINDOW) {
    return null;
  }
  const window = Math.max(elapsed, ACCELERATION_WINDOW);
  return q.map((angle, i) => (angle - (base.q[i] ?? angle)) / window);
}

function farJoints(q: readonly number[], from: readonly number[]): readonly number[] {
  return q.flatMap((angle, i) => (Math.abs(angle - (from[i] ?? angle)) > MAXIMUM_STEP + 1e-9 ? [i] : []));
}
