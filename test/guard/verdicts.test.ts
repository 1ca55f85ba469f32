import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GuardInput, type GuardState, guard } from "../../daemon/guard/guard.js";
import type { Setpoint } from "../../daemon/types/setpoint.js";
import { jointPosition } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { all, armAt, input, NOW, PERIOD, POSE, streaming, withJoint } from "./inputs.js";

const STILL = all(0);
const AT_REST = streaming(STILL, STILL);
const DEGREE = Math.PI / 180;

function proposed(changes: Partial<Setpoint>): Partial<GuardInput> {
  return { proposed: { source: "policy", epoch: 4, dueAt: NOW, q: POSE, ...changes } };
}

const lastAt = (dueAt: number): GuardState => ({ ...AT_REST, last: { dueAt, q: POSE, v: STILL, a: STILL } });

/** The arm, so many degrees from where the setpoint is. */
const offBy = (degrees: number) => armAt(jointPosition(withJoint(POSE, 3, 1 + degrees * DEGREE)));

describe("what the guard demands, and what it says", () => {
  const cases: readonly (readonly [code: string, reaction: string, detail: string, GuardState, GuardInput])[] = [
    [
      ...(["following-error", "quick-stop", "the arm is 9.00 deg behind its command"] as const),
      { ...AT_REST, astraySince: NOW - 2 * LIMITS.following.lasting },
      input("policy", POSE, { arm: offBy(9) }),
    ],
    [
      ...(["following-error", "quick-stop", "the arm stands 3.00 deg from its command"] as const),
      { ...AT_REST, offSince: NOW - 2 * LIMITS.standing.lasting },
      input("policy", POSE, { arm: offBy(3) }),
    ],
    [
      ...(["arm-fault", "quick-stop", "the arm reports: system error 0x100D: collision"] as const),
      AT_REST,
      input("policy", POSE, { arm: armAt(POSE, { systemErrors: [0x100d] }) }),
    ],
    [
      "latched",
      "quick-stop",
      "a stop waits for its acknowledgement",
      { ...AT_REST, latched: true },
      input("policy", POSE),
    ],
    ["old-epoch", "ramp", "epoch 3, now 4", AT_REST, input("policy", POSE, proposed({ epoch: 3 }))],
    ["mode-forbids", "ramp", "policy in mode hold", AT_REST, input("policy", POSE, { mode: "hold" })],
    [
      ...(["off-schedule", "ramp", "60 ms late"] as const),
      lastAt(NOW - 0.06 - PERIOD),
      input("policy", POSE, proposed({ dueAt: NOW - 0.06 })),
    ],
    [
      ...(["off-schedule", "ramp", "4 ms after the last setpoint"] as const),
      lastAt(NOW - 0.004),
      input("policy", POSE),
    ],
    [
      ...(["state-stale", "ramp", "arm state is 300 ms old"] as const),
      AT_REST,
      input("policy", POSE, { arm: armAt(POSE, { receivedAt: NOW - 0.3 }) }),
    ],
    ["operator-lost", "ramp", "silent for 700 ms", AT_REST, input("policy", POSE, { operatorSeenAt: NOW - 0.7 })],
    [
      ...(["leader-lost", "ramp", "the leader is silent for 400 ms"] as const),
      AT_REST,
      input("teleop", POSE, { leaderSeenAt: NOW - 0.4 }),
    ],
    ["guardian-lost", "ramp", "silent for 600 ms", AT_REST, input("policy", POSE, { guardianSeenAt: NOW - 0.6 })],
  ];
  for (const [code, reaction, detail, state, given] of cases) {
    it(`${code}: ${detail}`, () => {
      const [, verdict] = guard(state, given);
      const said = verdict.kind === "refuse" ? verdict.refusals : [];
      assert.ok(
        said.some((refusal) => refusal.code === code && refusal.reaction === reaction && refusal.detail === detail),
        JSON.stringify(said),
      );
      assert.equal(verdict.kind === "refuse" && verdict.reaction, reaction);
    });
  }
});

describe("a standing error", () => {
  const arm = offBy(3);

  it("counts while every joint of the command stands", () => {
    assert.equal(guard(AT_REST, input("policy", POSE, { arm }))[0].offSince, NOW);
  });

  it("does not while one of them moves: a moving arm lags", () => {
    const speed = 0.001;
    const q = withJoint(POSE, 5, 1 + speed * PERIOD);
    const [state, verdict] = guard(streaming(withJoint(STILL, 5, speed), STILL), input("policy", q, { arm }));
    assert.equal(verdict.kind, "permit");
    assert.equal(state.offSince, Infinity);
  });
});
