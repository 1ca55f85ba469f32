import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GuardInput, type GuardState, guard } from "../../daemon/guard/guard.js";
import { jointPosition } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { all, armAt, freshJointGuard, input, PERIOD, refusalsOf, withJoint } from "./inputs.js";

// Around instant 0 and pose 0 every difference is exact, so a value can stand on its bound to the last bit.
const ORIGIN = jointPosition(all(0));
const STILL = all(0);

function at(now: number, changes: Partial<GuardInput> = {}): GuardInput {
  const arm = armAt(ORIGIN, { receivedAt: now });
  const proposed = { source: "policy" as const, epoch: 4, dueAt: now, q: ORIGIN };
  return input("policy", ORIGIN, {
    now,
    arm,
    proposed,
    operatorSeenAt: now,
    leaderSeenAt: now,
    guardianSeenAt: now,
    ...changes,
  });
}

function lastAt(dueAt: number, changes: Partial<GuardState> = {}): GuardState {
  return { ...freshJointGuard(), last: { dueAt, q: ORIGIN, v: STILL, a: STILL }, ...changes };
}

describe("guard: a value on its bound is inside", () => {
  const permitted: readonly (readonly [string, GuardState, GuardInput])[] = [
    ["operator's age", lastAt(LIMITS.mostAge.operator - PERIOD), at(LIMITS.mostAge.operator, { operatorSeenAt: 0 })],
    [
      "operator's age while it goes home",
      lastAt(LIMITS.mostAge.nearOperator - PERIOD),
      at(LIMITS.mostAge.nearOperator, {
        operatorSeenAt: 0,
        mode: "homing",
        proposed: { source: "home", epoch: 4, dueAt: LIMITS.mostAge.nearOperator, q: ORIGIN },
      }),
    ],
    [
      "age of the leader's readings",
      lastAt(LIMITS.mostAge.leader - PERIOD),
      at(LIMITS.mostAge.leader, {
        leaderSeenAt: 0,
        mode: "teleop",
        proposed: { source: "teleop", epoch: 4, dueAt: LIMITS.mostAge.leader, q: ORIGIN },
      }),
    ],
    ["guardian's age", lastAt(LIMITS.mostAge.guardian - PERIOD), at(LIMITS.mostAge.guardian, { guardianSeenAt: 0 })],
    [
      "age of the arm's state",
      lastAt(LIMITS.mostAge.armState - PERIOD),
      at(LIMITS.mostAge.armState, { arm: armAt(ORIGIN, { receivedAt: 0 }) }),
    ],
    [
      "lateness",
      lastAt(-PERIOD),
      at(LIMITS.mostAge.setpoint, { proposed: { source: "policy", epoch: 4, dueAt: 0, q: ORIGIN } }),
    ],
    ["earliness", lastAt(0), at(0, { proposed: { source: "policy", epoch: 4, dueAt: PERIOD, q: ORIGIN } })],
    ["half a period after the last setpoint", lastAt(0), at(PERIOD / 2)],
    [
      "distance of the first setpoint",
      freshJointGuard(),
      at(0, { arm: armAt(jointPosition(withJoint(ORIGIN, 2, LIMITS.mostFirstDistance)), { receivedAt: 0 }) }),
    ],
  ];
  for (const [name, state, given] of permitted) {
    it(name, () => {
      assert.deepEqual(refusalsOf(state, given), []);
    });
  }

  it("position of what comes back: where it stood", () => {
    const q = jointPosition(withJoint(ORIGIN, 0, 3.1));
    const state = { ...freshJointGuard(), last: { dueAt: -PERIOD, q, v: STILL, a: STILL } };
    const proposed = { source: "recover" as const, epoch: 4, dueAt: 0, q };
    assert.deepEqual(refusalsOf(state, at(0, { proposed, mode: "recovery", arm: armAt(q, { receivedAt: 0 }) })), []);
  });

  it("position", () => {
    const q = jointPosition(LIMITS.policy.highest);
    const state = { ...freshJointGuard(), last: { dueAt: -PERIOD, q, v: STILL, a: STILL } };
    const proposed = { source: "policy" as const, epoch: 4, dueAt: 0, q };
    assert.deepEqual(refusalsOf(state, at(0, { proposed, arm: armAt(q, { receivedAt: 0 }) })), []);
  });

  it("pause of a stream: the next setpoint is not yet a first one", () => {
    const far = armAt(jointPosition(withJoint(ORIGIN, 2, LIMITS.mostFirstDistance * 2)), {
      receivedAt: LIMITS.mostAge.stream,
    });
    assert.deepEqual(refusalsOf(lastAt(0), at(LIMITS.mostAge.stream, { arm: far })), []);
  });

  it("following error and standing error do not count on their bound", () => {
    for (const { error } of [LIMITS.following, LIMITS.standing]) {
      const arm = armAt(jointPosition(withJoint(ORIGIN, 4, error)), { receivedAt: 0 });
      const [state] = guard(lastAt(-PERIOD), at(0, { arm }));
      assert.equal(error === LIMITS.following.error ? state.astraySince : state.offSince, Infinity);
    }
  });

  it("a following error that has lasted exactly as long as it may is refused", () => {
    const arm = (now: number) => armAt(jointPosition(withJoint(ORIGIN, 4, 0.2)), { receivedAt: now });
    const cases = [
      ["astraySince", LIMITS.following.lasting],
      ["offSince", LIMITS.standing.lasting],
    ] as const;
    for (const [since, lasting] of cases) {
      const state = lastAt(lasting - PERIOD, { [since]: 0 });
      assert.deepEqual(refusalsOf(state, at(lasting, { arm: arm(lasting) })), ["following-error"]);
    }
  });
});
