import type { Chunk } from "../types/chunk.js";
import type { Instant, JointVector, Seconds } from "../types/units.js";
import type { Condition } from "./condition.js";
import type { Finding } from "./finding.js";
import type { ChunkLimits, WatchLimits } from "./watch-limits.js";

// Interlocks: ML-16, ML-17, PO-06, PO-10, PO-13, PO-19.

/** What a policy asks for in one tick. */
export interface Demanded {
  /** On the path of its targets: time goes by more slowly on it while motion is slowed. */
  readonly pathAt: Instant;
  /** What is commanded for it, rad. */
  readonly q: JointVector;
  /** The arm could not do it as asked. */
  readonly clamped: boolean;
  /** The joint that the followed chunk sends back and forth, 0 to 6; null for none. */
  readonly shaken: number | null;
  /** Age of the followed chunk in parts of its length. */
  readonly age: number;
}

/** How a policy has asked lately. */
export interface Demands {
  /** Since when it has moved the arm; Infinity while it does not. */
  readonly since: Instant;
  readonly newest: Demanded | null;
  /** When the pictures were taken that it has now; Infinity for motion without pictures, as a replay is. */
  readonly pictureAt: Instant;
  readonly turns: readonly JointTurns[];
  /** Of the ticks of the window, oldest first. */
  readonly clamped: readonly boolean[];
}

/** Where a joint's demand turned last, which way it goes, and when it turned lately. */
interface JointTurns {
  readonly extreme: number;
  readonly direction: -1 | 0 | 1;
  readonly at: readonly Instant[];
}

export const NO_DEMANDS: Demands = { since: Infinity, newest: null, pictureAt: Infinity, turns: [], clamped: [] };

/** A policy has said of some observations in a row that their state is none that it knows. */
export function unfamiliarState(detail: string): Finding {
  return { id: "PO-10", code: "policy-unfamiliar", reaction: "protective-stop", detail };
}

/** A policy begins to move the arm. */
export function demandsSince(now: Instant): Demands {
  return { ...NO_DEMANDS, since: now };
}

/** Takes what a policy asks for in this tick; null while nothing is followed. */
export function demandedIn(demands: Demands, demanded: Demanded | null, period: Seconds, limits: WatchLimits): Demands {
  const { oscillation, clamping } = limits;
  const kept = Math.round(clamping.within / period);
  // From one turn to the next it is twice the amplitude.
  const swing = 2 * oscillation.swing;
  if (demanded === null) {
    return { ...demands, newest: null, turns: [] };
  }
  const turns = demanded.q.map((angle, joint): JointTurns => {
    const { at, ...before } = demands.turns[joint] ?? noTurns(angle);
    const lately = at.filter((turn) => demanded.pathAt - turn <= TURNS_WITHIN);
    return turnsWith({ ...before, at: lately }, angle, demanded.pathAt, swing);
  });
  return { ...demands, newest: demanded, turns, clamped: [...demands.clamped, demanded.clamped].slice(-kept) };
}

/**
 * The joint that a chunk by itself sends back and forth more often than the rule permits, 0 to 6; null for none. The arm may be
 * too slow for it, and then next to nothing of it is commanded.
 */
export function shakenJoint({ targets, period }: Chunk, { turns, swing }: WatchLimits["oscillation"]): number | null {
  const [first, ...others] = targets;
  const shaken = (first?.q ?? []).findIndex((start, joint) => {
    const { at } = others.reduce(
      (before, { q, dueAt }) => turnsWith(before, q[joint] ?? start, dueAt, 2 * swing),
      noTurns(start),
    );
    return at.length > turns * period * others.length;
  });
  return shaken < 0 ? null : shaken;
}

function noTurns(angle: number): JointTurns {
  return { extreme: angle, direction: 0, at: [] };
}

/** One angle more; a turn is one once the way back is more than `swing`. */
function turnsWith(before: JointTurns, angle: number, at: Instant, swing: number): JointTurns {
  const { extreme, direction } = before;
  const way = angle - extreme;
  const goes = way < 0 ? -1 : 1;
  if (direction === 0 || way * direction >= 0) {
    // A first direction counts once it is a swing; after that the extreme goes along.
    return direction === 0 && Math.abs(way) <= swing ? before : { ...before, extreme: angle, direction: goes };
  }
  return Math.abs(way) > swing ? { extreme: angle, direction: goes, at: [...before.at, at] } : before;
}

/** Turns are counted over this time of the path, so that an oscillation is known well within a second. */
const TURNS_WITHIN: Seconds = 0.5;

/** The table of what a policy must not do to the arm. */
export function policyConditions(
  demands: Demands,
  now: Instant,
  period: Seconds,
  watch: WatchLimits,
  chunks: ChunkLimits,
): readonly Condition[] {
  const { oscillation, clamping } = watch;
  const shaking = demands.turns.findIndex(({ at }) => at.length > oscillation.turns * TURNS_WITHIN);
  const shaken = demands.newest?.shaken ?? null;
  const full = demands.clamped.length >= Math.round(clamping.within / period);
  const clamped = demands.clamped.filter(Boolean).length / Math.max(1, demands.clamped.length);
  const age = demands.newest?.age ?? 0;
  const pictureAge = now - demands.pictureAt;
  const moving = now - demands.since;
  const shakes = (): string => `the policy shakes J${(shaken ?? shaking) + 1}`;
  return [
    {
      ...{ id: "ML-16", code: "oscillation", reaction: "slow", lasting: 0, detail: shakes },
      holds: shaking >= 0 || shaken !== null,
    },
    {
      ...{ id: "ML-16", code: "oscillation", reaction: "ramp", detail: shakes },
      // It is known of so much already: of what was commanded, or of a chunk that goes on for as long.
      lasting: oscillation.lasting - TURNS_WITHIN,
      holds: shaking >= 0 || shaken !== null,
    },
    {
      ...{ id: "ML-17", code: "out-of-envelope", reaction: "ramp", lasting: 0 },
      holds: full && !(clamped <= clamping.part),
      detail: () => `the policy asked for more than the arm may do in ${(clamped * 100).toFixed(0)} % of the time`,
    },
    {
      ...{ id: "PO-06", code: "policy-late", reaction: "slow", lasting: 0 },
      holds: !(age <= chunks.slowAge),
      detail: () => `the newest chunk is ${age.toFixed(1)} of its length old`,
    },
    {
      // The daemon ends the motion where none come at all (drivers/camera/health.ts).
      ...{ id: "PO-13", code: "pictures-late", reaction: "slow", lasting: 0 },
      holds: !(pictureAge <= watch.pictureAge),
      detail: () => `the policy's pictures are ${(pictureAge * 1000).toFixed(0)} ms old`,
    },
    {
      ...{ id: "PO-19", code: "policy-overrun", reaction: "ramp", lasting: 0 },
      holds: moving > chunks.longest,
      detail: () => `the policy has moved the arm for ${moving.toFixed(0)} s`,
    },
  ];
}
