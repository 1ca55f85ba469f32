import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type GuardInput, type GuardState, guard, type Verdict } from "../../daemon/guard/guard.js";
import { sourceRules } from "../../daemon/guard/source-rules.js";
import { type JointPosition, type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { runs } from "../runs.js";
import { all, armAt, input, JOINT_LIMITS, MODE_OF, MODES, NOW, PERIOD, POSE, SOURCES, streaming } from "./inputs.js";

/** One setpoint on a guard with a history; most are permitted, many are not. */
interface Tick {
  readonly state: GuardState;
  readonly given: GuardInput;
}

const often = <T>(usual: T, rare: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary: rare });
const number = (most: number): fc.Arbitrary<number> => fc.double({ min: -most, max: most, noNaN: true });
const seven = (one: fc.Arbitrary<number>): fc.Arbitrary<JointVector> => fc.tuple(one, one, one, one, one, one, one);

const ticks: fc.Arbitrary<Tick> = fc
  .record({
    source: fc.constantFrom(...SOURCES),
    mode: often(null, fc.constantFrom(...MODES)),
    v: seven(often(0, number(0.6))),
    change: seven(often(0, number(0.1))),
    off: often(0, number(0.2)),
    ages: fc.tuple(often(0.01, number(1)), often(0.01, number(1)), often(0.01, number(1))),
    late: often(0, number(0.1)),
    epoch: often(4, fc.constantFrom(3, 5)),
    error: often(0, fc.constant(0x1007)),
    latched: often(false, fc.constant(true)),
    isFirst: often(false, fc.constant(true)),
  })
  .map(({ source, mode, v, change, off, ages, late, epoch, error, latched, isFirst }) => {
    const q = mapJoints(POSE, (angle, joint) => angle + (jointAt(v, joint) + jointAt(change, joint)) * PERIOD);
    const moving = streaming(v, all(0));
    const measured = mapJoints(q, (angle) => angle + off) as JointPosition;
    const given = input(source, q, {
      ...{ epoch, mode: mode ?? MODE_OF[source] },
      arm: armAt(measured, { receivedAt: NOW - Math.abs(ages[0]), systemErrors: [error] }),
      ...{ operatorSeenAt: NOW - Math.abs(ages[1]), guardianSeenAt: NOW - Math.abs(ages[2]) },
    });
    const proposed = { ...given.proposed, dueAt: NOW - late };
    return { state: { ...moving, latched, last: isFirst ? null : moving.last }, given: { ...given, proposed } };
  });

function severity(verdict: Verdict): number {
  return verdict.kind === "permit" ? 0 : verdict.reaction === "ramp" ? 1 : 2;
}

function codes(verdict: Verdict): ReadonlySet<string> {
  return new Set(verdict.kind === "permit" ? [] : verdict.refusals.map((refusal) => refusal.code));
}

/** One more thing that is wrong. */
const FAULTS: Readonly<Record<string, (tick: Tick) => Tick>> = {
  "state too old": ({ state, given }) => ({
    state,
    given: { ...given, arm: given.arm && { ...given.arm, receivedAt: NOW - 2 } },
  }),
  "no operator": ({ state, given }) => ({ state, given: { ...given, operatorSeenAt: -Infinity } }),
  "no leader": ({ state, given }) => ({ state, given: { ...given, leaderSeenAt: -Infinity } }),
  "no guardian": ({ state, given }) => ({ state, given: { ...given, guardianSeenAt: -Infinity } }),
  "joint error": ({ state, given }) => ({
    state,
    given: { ...given, arm: given.arm && { ...given.arm, jointErrors: [0, 0, 64, 0, 0, 0, 0] } },
  }),
  "system error": ({ state, given }) => ({
    state,
    given: { ...given, arm: given.arm && { ...given.arm, systemErrors: [1, 2] } },
  }),
  "newer epoch": ({ state, given }) => ({ state, given: { ...given, epoch: 9 } }),
  "mode fault": ({ state, given }) => ({ state, given: { ...given, mode: "fault" } }),
  latch: ({ state, given }) => ({ state: { ...state, latched: true }, given }),
  "long astray": ({ state, given }) => ({
    state: { ...state, astraySince: NOW - 1 },
    given: { ...given, arm: given.arm && { ...given.arm, measured: mapJoints(POSE, (q) => q + 0.3) as JointPosition } },
  }),
  "not a number": ({ state, given }) => ({
    state,
    given: { ...given, proposed: { ...given.proposed, q: all(Number.NaN) as JointPosition } },
  }),
  "beyond a limit": ({ state, given }) => ({
    state,
    given: { ...given, proposed: { ...given.proposed, q: all(3.2) as JointPosition } },
  }),
};

describe("P13: the most severe refusal decides", () => {
  it("and nothing is refused without a reason", () => {
    let refused = 0;
    fc.assert(
      fc.property(ticks, ({ state, given }) => {
        const [next, verdict] = guard(state, given);
        if (verdict.kind === "refuse") {
          refused += 1;
          const quick = verdict.refusals.some(({ reaction }) => reaction === "quick-stop");
          assert.ok(verdict.refusals.length > 0);
          assert.equal(verdict.reaction, quick ? "quick-stop" : "ramp");
          assert.equal(next.latched, state.latched || quick);
        } else {
          assert.equal(next.latched, false);
        }
      }),
      { numRuns: runs(2000) },
    );
    assert.ok(refused > 100 && refused < runs(2000) - 20, `${refused} refused`);
  });
});

describe("P14: one more fault never makes the reaction weaker", () => {
  for (const [name, add] of Object.entries(FAULTS)) {
    it(name, () => {
      fc.assert(
        fc.property(ticks, (tick) => {
          const worse = add(tick);
          const [, before] = guard(tick.state, tick.given);
          const [, after] = guard(worse.state, worse.given);
          assert.ok(severity(after) >= severity(before), `${[...codes(before)]} became ${[...codes(after)]}`);
        }),
        { numRuns: runs(400) },
      );
    });
  }
});

describe("P7: a stop is a stop, however often", () => {
  it("a latched guard refuses everything and changes nothing that it could forget", () => {
    fc.assert(
      fc.property(ticks, fc.array(ticks, { minLength: 1, maxLength: 5 }), ({ state }, more) => {
        let memory: GuardState = { ...state, latched: true };
        for (const { given } of more) {
          const [next, verdict] = guard(memory, given);
          assert.equal(severity(verdict), 2);
          assert.equal(next.latched, true);
          assert.equal(next.last, memory.last);
          memory = next;
        }
      }),
      { numRuns: runs(300) },
    );
  });
});

describe("P10: all instants shifted give the same verdict", () => {
  it("by any power of two, which keeps differences near each other", () => {
    fc.assert(
      fc.property(ticks, fc.integer({ min: 0, max: 12 }), ({ state, given }, power) => {
        const shift = 2 ** power;
        const later = (at: number): number => at + shift;
        const [, now] = guard(state, given);
        const [, then] = guard(
          { ...state, last: state.last && { ...state.last, dueAt: later(state.last.dueAt) } },
          {
            ...given,
            now: later(given.now),
            proposed: { ...given.proposed, dueAt: later(given.proposed.dueAt) },
            arm: given.arm && { ...given.arm, receivedAt: later(given.arm.receivedAt) },
            operatorSeenAt: later(given.operatorSeenAt),
            leaderSeenAt: later(given.leaderSeenAt),
            guardianSeenAt: later(given.guardianSeenAt),
          },
        );
        assert.deepEqual(codes(then), codes(now));
      }),
      { numRuns: runs(1000) },
    );
  });
});

describe("ML-02: whatever is permitted on the way back", () => {
  it("brings no joint farther from the middle of its range, from wherever it began", () => {
    let permitted = 0;
    fc.assert(
      fc.property(seven(number(4)), fc.array(seven(often(0, number(0.002))), { maxLength: 12 }), (start, steps) => {
        const out = start as unknown as JointPosition;
        let state: GuardState = streaming(all(0), all(0), out);
        let q: JointVector = start;
        for (const [tick, step] of steps.entries()) {
          const now = NOW + tick * PERIOD;
          const next = mapJoints(q, (angle, joint) => angle + jointAt(step, joint));
          const arm = armAt(next as JointPosition, { receivedAt: now });
          const proposed = { source: "recover" as const, epoch: 4, dueAt: now, q: next as JointPosition };
          const beats = { operatorSeenAt: now, guardianSeenAt: now };
          const [after, verdict] = guard(state, input("recover", next, { now, proposed, arm, ...beats }));
          if (verdict.kind === "permit") {
            permitted += 1;
            assert.ok(next.every((angle, joint) => Math.abs(angle) <= Math.abs(jointAt(q, joint)) + 1e-9));
            q = next;
            state = after;
          }
        }
      }),
      { numRuns: runs(500) },
    );
    assert.ok(permitted > 50, `${permitted} permitted`);
  });
});

describe("P16: motion is judged by its bounds, not by who proposes it", () => {
  it("the same motion under the same limits gets the same verdict from policy and home", () => {
    // A lost operator counts sooner without a policy (OP-01).
    const mostAge = { ...JOINT_LIMITS.mostAge, nearOperator: JOINT_LIMITS.mostAge.operator };
    const limits = { ...JOINT_LIMITS, home: JOINT_LIMITS.policy, mostAge };
    const rules = sourceRules(limits);
    fc.assert(
      fc.property(ticks, ({ state, given }) => {
        const memory = { ...state, limits, rules };
        const verdicts = (["policy", "home"] as const).map((source) => {
          const [, verdict] = guard(memory, {
            ...given,
            mode: MODE_OF[source],
            proposed: { ...given.proposed, source },
          });
          return verdict.kind === "permit" ? [] : verdict.refusals;
        });
        assert.deepEqual(verdicts[0], verdicts[1]);
      }),
      { numRuns: runs(1000) },
    );
  });
});
