import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ArmWatch } from "../../daemon/arm/arm-watch.js";
import { emptyPlacement, place } from "../../daemon/motion/placement.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import {
  elementAt,
  type Instant,
  type JointVector,
  jointPosition,
  mapJoints,
  type Seconds,
} from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { DEGREE, POSE, WELL } from "./watched.js";

const PERIOD = 0.005;
const RUNS = Number(process.env.RUNS ?? 40);

/** A report of the arm: when it was measured, and when it arrives. */
interface Report {
  readonly measuredAt: Instant;
  readonly arrivesAt: Instant;
}

/** What happens to one report on its way. */
interface Way {
  readonly delay: Seconds;
  readonly lost: boolean;
}

/** None overtakes the one before; those that arrive together are 20 us apart. */
function arrivals(ways: readonly Way[]): readonly Report[] {
  const reports: Report[] = [];
  for (const [number, { delay, lost }] of ways.entries()) {
    const measuredAt = 100 + number * PERIOD;
    const before = reports.at(-1)?.arrivesAt ?? -Infinity;
    if (!lost) {
      reports.push({ measuredAt, arrivesAt: Math.max(before + 2e-5, measuredAt + delay) });
    }
  }
  return reports;
}

/** Watches an arm that goes as `poseAt` says; findings with the instant of their first report. */
function watch(reports: readonly Report[], poseAt: (at: Instant) => JointVector): ReadonlyMap<string, Instant> {
  const armWatch = new ArmWatch(LIMITS, 0.01);
  const found = new Map<string, Instant>();
  for (const { measuredAt, arrivesAt } of reports) {
    const errors = { systemErrors: [], jointErrors: [0, 0, 0, 0, 0, 0, 0], jointEnabled: [true] };
    const rest = { status: "move_through_joint", health: WELL, link: QUIET_LINK, ...errors };
    armWatch.sent(poseAt(arrivesAt), arrivesAt);
    armWatch.report(
      { receivedAt: arrivesAt, measured: jointPosition(poseAt(measuredAt)), ...rest },
      "policy",
      arrivesAt,
    );
    for (const { code } of armWatch.findings) {
      found.set(code, found.get(code) ?? arrivesAt);
    }
  }
  return found;
}

/** One joint goes from `q` to one side and back at `rate` rad/s, from 100 s on, turning back every `half`. */
function toAndFro(q: JointVector, moved: number, rate: number, half: Seconds): (at: Instant) => JointVector {
  return (at) => {
    const phase = (at - 100) % (2 * half);
    const way = rate * (phase < half ? phase : 2 * half - phase);
    return mapJoints(q, (angle, joint) => (joint === moved ? angle + way : angle));
  };
}

/** The hand is far from the axis of J1, so that the cell's speed is reached before the joint's. */
const STRETCHED: JointVector = mapJoints([0, 60, 0, 20, 0, 0, 0], (angle) => angle * DEGREE);

/** The rate of J1 at which the fastest control point goes at the cell's speed, rad/s. */
function turnAtCellSpeed(): number {
  const { points } = place(STRETCHED, LIMITS.cell, emptyPlacement(LIMITS.cell));
  const radii = Array.from({ length: points.length / 3 }, (_, point) =>
    Math.hypot(elementAt(points, 3 * point), elementAt(points, 3 * point + 1)),
  );
  return LIMITS.cell.speed / Math.max(...radii);
}

const FASTEST = LIMITS.policy.velocity[6];
const TURN = turnAtCellSpeed();
const half = fc.double({ min: 0.1, max: 1, noNaN: true });
const count = { minLength: 60, maxLength: 250 };
const late = fc.double({ min: 0, max: 0.05, noNaN: true });
const inTime: Way = { delay: 0, lost: false };

/** The receiver takes nothing for a while; then what waited arrives together, but for what got lost. */
const stalls = fc
  .array(
    fc.record({
      calm: fc.integer({ min: 0, max: 30 }),
      stall: late,
      losses: fc.array(fc.boolean(), { maxLength: 11 }),
    }),
    { minLength: 3, maxLength: 12 },
  )
  .map((rounds) =>
    rounds.flatMap(({ calm, stall, losses }) => [
      ...Array.from({ length: calm }, () => inTime),
      ...Array.from({ length: Math.ceil(stall / PERIOD) }, (_, number) => ({
        delay: stall - number * PERIOD,
        lost: losses[number] ?? false,
      })),
    ]),
  );
const anyhow = fc.array(fc.record({ delay: late, lost: fc.constant(false) }), count);
const lossy = fc.array(fc.record({ delay: fc.constant(0), lost: fc.boolean() }), count);

describe("when reports arrive", () => {
  for (const [name, ways] of [
    ["with any delay up to 50 ms each", anyhow],
    ["with any losses", lossy],
    ["after pauses of up to 50 ms, together, some of them lost", stalls],
  ] as const) {
    it(`${name}: permitted speeds are not found too fast`, () => {
      fc.assert(
        fc.property(ways, half, (given, turnsAfter) => {
          const reports = arrivals(given);
          assert.deepEqual([...watch(reports, toAndFro(POSE, 6, FASTEST, turnsAfter)).keys()], []);
          assert.deepEqual([...watch(reports, toAndFro(STRETCHED, 0, TURN, turnsAfter)).keys()], []);
        }),
        { endOnFailure: true, numRuns: RUNS },
      );
    });
  }
});

describe("an arm that is too fast", () => {
  // J7 stands, then goes at twice what is permitted. Reports are counted from the one that shows it first.
  const began = 101;
  const still = Math.round((began - 100) / PERIOD);
  function reaction(ways: readonly Way[], factor: number): Seconds {
    const poseAt = (at: Instant): JointVector => {
      const way = factor * FASTEST * Math.max(0, at - began);
      return mapJoints(POSE, (angle, joint) => (joint === 6 ? angle + way : angle));
    };
    const reports = arrivals([...Array.from({ length: still }, () => inTime), ...ways]);
    return (watch(reports, poseAt).get("overspeed") ?? Infinity) - began;
  }
  const moving = (count: number, way: (number: number) => Way): readonly Way[] =>
    Array.from({ length: count }, (_, number) => way(number));

  it("is found from rest within 30 ms at twice the permitted speed, and within 40 at 1.6 times, while reports come in time", () => {
    assert.ok(
      reaction(
        moving(20, () => inTime),
        2,
      ) <= 0.0201,
    );
    assert.ok(
      reaction(
        moving(20, () => inTime),
        1.6,
      ) <= 0.0301,
    );
  });

  it("is found within 40 ms when each report is up to 1 ms late and one of them is lost", () => {
    const jitter = fc.array(fc.double({ min: 0, max: 0.001, noNaN: true }), { minLength: 20, maxLength: 20 });
    fc.assert(
      fc.property(jitter, fc.integer({ min: 0, max: 4 }), (delays, lost) => {
        const took = reaction(
          moving(20, (number) => ({ delay: delays[number] ?? 0, lost: number === lost })),
          2,
        );
        assert.ok(took <= 0.04, `took ${took} s`);
      }),
      { endOnFailure: true, numRuns: RUNS },
    );
  });

  it("is found within 80 ms when nothing comes for 50 of them", () => {
    const took = reaction(
      moving(20, (number) => ({ delay: Math.max(0, 0.05 - number * PERIOD), lost: false })),
      2,
    );
    assert.ok(took <= 0.08, `took ${took} s`);
  });
});
