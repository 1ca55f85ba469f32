import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guard } from "../../daemon/guard/guard.js";
import { jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import {
  all,
  armAt,
  freshJointGuard,
  input,
  MODES,
  NOW,
  PERIOD,
  POSE,
  refusalsOf,
  SOURCE_RULES,
  SOURCES,
  streaming,
  withJoint,
} from "./inputs.js";

const STILL = all(0);
const AT_REST = streaming(STILL, STILL);
const MOVING_SOURCES = ["policy", "home", "teleop", "recover"] as const;
/** Steps around a bound: clearly inside, just inside, just outside, clearly outside. */
const INSIDE = [0.5, 0.99, 1 - 1e-6];
const OUTSIDE = [1 + 1e-6, 1.01, 2, 1e6, Number.POSITIVE_INFINITY];

describe("guard permits", () => {
  for (const source of SOURCES) {
    it(`${source}: the first setpoint at the measured pose, and standing still after it`, () => {
      const [state, verdict] = guard(freshJointGuard(), input(source, POSE));
      assert.equal(verdict.kind, "permit");
      assert.deepEqual(verdict.kind === "permit" && verdict.setpoint.q, POSE);
      const later = input(source, POSE, {
        now: NOW + PERIOD,
        proposed: { source, epoch: 4, dueAt: NOW + PERIOD, q: POSE },
      });
      assert.deepEqual(refusalsOf(state, later), []);
    });
  }
});

describe("guard: mode and source", () => {
  const allowed = new Set(["policy/policy", "homing/home", "teleop/teleop", "recovery/recover"]);
  for (const mode of ["hold", "homing", "policy", "align", "teleop"]) {
    allowed.add(`${mode}/hold`).add(`${mode}/stop`);
  }
  for (const mode of MODES) {
    for (const source of SOURCES) {
      const expected = allowed.has(`${mode}/${source}`) ? [] : ["mode-forbids"];
      it(`${source} in ${mode}: ${expected.length === 0 ? "permitted" : "refused"}`, () => {
        assert.deepEqual(refusalsOf(AT_REST, input(source, POSE, { mode })), expected);
      });
    }
  }
});

describe("guard: motion bounds, each joint and direction", () => {
  for (const source of SOURCES) {
    const { limits, slowsDown, comesBack } = SOURCE_RULES[source];
    for (let joint = 0; joint < 7; joint++) {
      for (const sign of [1, -1]) {
        it(`${source} J${joint + 1} ${sign > 0 ? "up" : "down"}`, () => {
          const bound = jointAt(limits.highest, joint);
          // What comes back goes towards the middle.
          const from = comesBack ? jointPosition(withJoint(POSE, joint, -sign * 0.5)) : POSE;
          for (const part of INSIDE) {
            const q = withJoint(POSE, joint, sign * bound * part);
            const state = streaming(STILL, STILL, q);
            const at = { arm: armAt(jointPosition(q)) };
            assert.deepEqual(refusalsOf(state, input(source, q, at)), []);
          }
          for (const part of comesBack ? [] : OUTSIDE) {
            const q = withJoint(POSE, joint, sign * bound * part);
            const codes = refusalsOf(streaming(STILL, STILL, q), input(source, q, { arm: armAt(q as typeof POSE) }));
            assert.ok(codes.includes("position"), `${part}: ${codes}`);
          }
          const most = jointAt(limits.velocity, joint);
          for (const part of slowsDown ? [] : INSIDE) {
            const v = withJoint(STILL, joint, sign * most * part);
            const q = mapJoints(from, (angle, index) => angle + jointAt(v, index) * PERIOD);
            assert.deepEqual(refusalsOf(streaming(v, STILL, from), input(source, q)), [], `speed ${part}`);
          }
          for (const part of OUTSIDE) {
            const v = withJoint(STILL, joint, sign * (most * part + 1e-6));
            const q = mapJoints(from, (angle, index) => angle + jointAt(v, index) * PERIOD);
            const codes = refusalsOf(streaming(v, STILL, from), input(source, q));
            assert.ok(codes.includes("velocity"), `speed ${part}: ${codes}`);
          }
          const hardest = jointAt(limits.acceleration, joint);
          // Slowing down from a speed well inside the limit.
          const v = withJoint(STILL, joint, sign * Math.min(most, hardest * PERIOD * 1.5));
          for (const part of source === "hold" ? [] : [0.5, 0.99]) {
            const slower = jointAt(v, joint) - sign * hardest * part * PERIOD;
            const q = withJoint(from, joint, jointAt(from, joint) + slower * PERIOD);
            const a = withJoint(STILL, joint, -sign * hardest * part);
            assert.deepEqual(refusalsOf(streaming(v, a, from), input(source, q)), [], `acceleration ${part}`);
          }
          for (const part of source === "hold" ? [] : [1 + 1e-4, 1.01]) {
            const slower = jointAt(v, joint) - sign * hardest * part * PERIOD;
            const q = withJoint(from, joint, jointAt(from, joint) + slower * PERIOD);
            const a = withJoint(STILL, joint, -sign * hardest * part);
            assert.deepEqual(refusalsOf(streaming(v, a, from), input(source, q)), ["acceleration"], `${part}`);
          }
        });
      }
    }
  }

  it("refuses a jerk beyond the source's limit, from every motion", () => {
    for (const source of SOURCES.filter((name) => name !== "hold" && name !== "recover")) {
      const { limits } = SOURCE_RULES[source];
      for (let joint = 0; joint < 7; joint++) {
        const most = jointAt(limits.jerk, joint);
        for (const [part, codes] of [
          [0.999, []],
          [1.001, ["jerk"]],
        ] as const) {
          const before = jointAt(limits.acceleration, joint) / 2;
          const v = withJoint(STILL, joint, 0.3);
          const after = -before + most * part * PERIOD;
          const q = withJoint(POSE, joint, jointAt(POSE, joint) + (0.3 + Math.min(after, 0) * PERIOD) * PERIOD);
          const a = withJoint(STILL, joint, Math.min(after, 0) - most * part * PERIOD);
          assert.deepEqual(refusalsOf(streaming(v, a), input(source, q)), codes, `${source} J${joint + 1} ${part}`);
        }
      }
    }
  });

  it("refuses a step that the speed bound alone would let pass at a longer period", () => {
    const state = { ...streaming(STILL, STILL), period: 0.05 };
    const v = withJoint(STILL, 6, (LIMITS.mostStep * 1.01) / 0.05);
    const q = mapJoints(POSE, (angle, joint) => angle + jointAt(v, joint) * 0.05);
    const last = { dueAt: NOW - 0.05, q: POSE, v, a: STILL };
    assert.deepEqual(refusalsOf({ ...state, last }, input("policy", q)), ["step"]);
  });

  it("refuses a speed that rises on a stopping ramp, except what the fading acceleration still adds", () => {
    const v = withJoint(STILL, 0, 0.2);
    const faster = (by: number): ReturnType<typeof all> => withJoint(POSE, 0, 0.1 + (0.2 + by) * PERIOD);
    assert.deepEqual(refusalsOf(streaming(v, STILL), input("stop", faster(0))), []);
    assert.deepEqual(refusalsOf(streaming(v, STILL), input("stop", faster(1e-4))), ["speed-rises"]);
    const a = withJoint(STILL, 0, 2.5);
    // 2.5 rad/s2 less 0.9 x 6000 degrees/s3 x 10 ms = 1.557 rad/s2 adds 0.0156 rad/s.
    assert.deepEqual(refusalsOf(streaming(v, a), input("stop", faster(0.0155))), []);
    assert.deepEqual(refusalsOf(streaming(v, a), input("stop", faster(0.0157))), ["speed-rises"]);
  });

  it("holds only what stands", () => {
    const v = withJoint(STILL, 2, 0.001);
    const q = withJoint(POSE, 2, 0.3 + 0.001 * PERIOD);
    assert.deepEqual(refusalsOf(streaming(v, STILL), input("hold", q)), ["velocity"]);
  });

  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
    it(`refuses ${bad} in every joint and source, and as an instant`, () => {
      for (const source of SOURCES) {
        for (let joint = 0; joint < 7; joint++) {
          assert.ok(refusalsOf(AT_REST, input(source, withJoint(POSE, joint, bad))).includes("not-finite"));
        }
        const proposed = { source, epoch: 4, dueAt: bad, q: POSE };
        assert.ok(refusalsOf(AT_REST, input(source, POSE, { proposed })).includes("off-schedule"));
      }
    });
  }
});

describe("guard: first setpoint of a stream", () => {
  it("lies within 2 degrees of the measured pose", () => {
    const near = withJoint(POSE, 3, jointAt(POSE, 3) + LIMITS.mostFirstDistance * 0.999);
    const far = withJoint(POSE, 3, jointAt(POSE, 3) + LIMITS.mostFirstDistance * 1.001);
    assert.deepEqual(refusalsOf(freshJointGuard(), input("hold", near)), []);
    assert.deepEqual(refusalsOf(freshJointGuard(), input("hold", far)), ["first-setpoint"]);
  });

  it("is not sent to an arm whose pose is not known", () => {
    const stale = armAt(POSE, { receivedAt: NOW - LIMITS.mostAge.armState * 1.01 });
    for (const arm of [null, stale]) {
      assert.deepEqual(refusalsOf(freshJointGuard(), input("hold", POSE, { arm })), ["first-setpoint"]);
    }
  });

  it("is also what comes after a pause", () => {
    const far = withJoint(POSE, 3, jointAt(POSE, 3) + 0.05);
    const paused = { ...AT_REST, last: { dueAt: NOW - LIMITS.mostAge.stream - 0.001, q: far, v: STILL, a: STILL } };
    assert.deepEqual(refusalsOf(paused, input("hold", far)), ["first-setpoint"]);
    const running = { ...AT_REST, last: { dueAt: NOW - LIMITS.mostAge.stream + 0.001, q: far, v: STILL, a: STILL } };
    assert.deepEqual(refusalsOf(running, input("hold", far)), []);
  });
});

describe("ML-02: guard on the way back inside", () => {
  for (let joint = 0; joint < 7; joint++) {
    const bound = jointAt(LIMITS.recover.highest, joint);
    const most = jointAt(LIMITS.recover.velocity, joint);
    for (const sign of [1, -1]) {
      it(`J${joint + 1} ${sign > 0 ? "above" : "below"} may stand and come nearer to the middle, not go further`, () => {
        for (const start of [bound + 0.05, bound - 0.05, 0.2]) {
          const out = jointPosition(withJoint(POSE, joint, sign * start));
          const arm = { arm: armAt(out) };
          assert.deepEqual(refusalsOf(streaming(STILL, STILL, out), input("recover", out, arm)), []);
          const v = withJoint(STILL, joint, -sign * most * 0.99);
          const nearer = withJoint(out, joint, sign * (start - most * 0.99 * PERIOD));
          assert.deepEqual(refusalsOf(streaming(v, STILL, out), input("recover", nearer, arm)), []);
          for (const by of [1e-8, 1e-4]) {
            const further = withJoint(out, joint, sign * (start + by));
            const w = withJoint(STILL, joint, (sign * by) / PERIOD);
            assert.deepEqual(
              refusalsOf(streaming(w, STILL, out), input("recover", further, arm)),
              ["position"],
              `${by}`,
            );
          }
        }
      });
    }
  }

  it("is a quick stop where it goes the wrong way, and every other source is refused out there", () => {
    const out = jointPosition(withJoint(POSE, 0, 3.1));
    const [state, verdict] = guard(streaming(STILL, STILL, out), input("recover", withJoint(out, 0, 3.1 + 1e-7)));
    assert.equal(verdict.kind === "refuse" && verdict.reaction, "quick-stop");
    assert.equal(state.latched, true);
    for (const source of SOURCES.filter((name) => name !== "recover")) {
      assert.deepEqual(refusalsOf(streaming(STILL, STILL, out), input(source, out, { arm: armAt(out) })), ["position"]);
    }
  });

  it("a joint that has come to its middle does not go out on the other side", () => {
    const out = withJoint(POSE, 2, 1e-4);
    const v = withJoint(STILL, 2, -0.03);
    const across = withJoint(POSE, 2, 1e-4 - 0.03 * PERIOD);
    assert.deepEqual(refusalsOf(streaming(v, STILL, out), input("recover", across)), ["position"]);
  });

  it("the first setpoint is held against the measured pose, with a tenth of a degree for its noise", () => {
    const degree = Math.PI / 180;
    const out = jointPosition(withJoint(POSE, 0, 3.1));
    const first = (by: number): readonly string[] =>
      refusalsOf(freshJointGuard(), input("recover", withJoint(out, 0, 3.1 + by * degree), { arm: armAt(out) }));
    assert.deepEqual([first(0), first(-0.5), first(0.09)], [[], [], []]);
    assert.deepEqual(first(0.11), ["position"]);
    assert.deepEqual(first(-2.1), ["first-setpoint"]);
  });

  it("knows no way back from where nobody knows", () => {
    const broken = withJoint(POSE, 4, Number.NaN);
    assert.ok(refusalsOf(streaming(STILL, STILL, broken), input("recover", POSE)).includes("position"));
    assert.ok(
      refusalsOf(freshJointGuard(), input("recover", POSE, { arm: armAt(broken as typeof POSE) })).includes("position"),
    );
  });

  it("keeps to a jerk as any motion does", () => {
    const most = jointAt(LIMITS.recover.jerk, 0);
    for (const [part, codes] of [
      [0.999, []],
      [1.001, ["jerk"]],
    ] as const) {
      // From rest: the first step back.
      const q = withJoint(POSE, 0, jointAt(POSE, 0) - most * part * PERIOD ** 3);
      assert.deepEqual(refusalsOf(AT_REST, input("recover", q)), codes);
    }
  });
});

describe("guard: authority and ages", () => {
  const cases = [
    ["operator-lost", (age: number) => ({ operatorSeenAt: NOW - age }), LIMITS.mostAge.operator],
    ["leader-lost", (age: number) => ({ leaderSeenAt: NOW - age }), LIMITS.mostAge.leader],
    ["guardian-lost", (age: number) => ({ guardianSeenAt: NOW - age }), LIMITS.mostAge.guardian],
    ["state-stale", (age: number) => ({ arm: armAt(POSE, { receivedAt: NOW - age }) }), LIMITS.mostAge.armState],
  ] as const;
  for (const [code, aged, usual] of cases) {
    for (const source of SOURCES) {
      const isLed = source === "teleop";
      const needed = code === "leader-lost" ? isLed : MOVING_SOURCES.some((moving) => moving === source);
      const isNear = source === "teleop" || source === "home" || source === "recover";
      const most = isNear && code === "operator-lost" ? LIMITS.mostAge.nearOperator : usual;
      it(`${code} ${needed ? "ends" : "does not matter to"} ${source}`, () => {
        for (const age of [0, most * 0.99]) {
          assert.deepEqual(refusalsOf(AT_REST, input(source, POSE, aged(age))), []);
        }
        for (const age of [most * 1.01, 10, Number.POSITIVE_INFINITY, Number.NaN]) {
          assert.deepEqual(refusalsOf(AT_REST, input(source, POSE, aged(age))), needed ? [code] : [], `${age}`);
        }
      });
    }
  }

  it("nothing moves on an arm that has never reported", () => {
    assert.deepEqual(refusalsOf(AT_REST, input("policy", POSE, { arm: null })), ["state-stale"]);
  });

  it("a setpoint is sent in its own tick or not at all", () => {
    const at = (late: number) => ({ proposed: { source: "policy" as const, epoch: 4, dueAt: NOW - late, q: POSE } });
    const state = { ...AT_REST, last: { dueAt: NOW - 0.09, q: POSE, v: STILL, a: STILL } };
    for (const late of [-PERIOD * 0.99, 0, LIMITS.mostAge.setpoint * 0.99]) {
      assert.deepEqual(refusalsOf(state, input("policy", POSE, at(late))), [], `${late}`);
    }
    for (const late of [-PERIOD * 1.01, -10, LIMITS.mostAge.setpoint * 1.01]) {
      assert.deepEqual(refusalsOf(state, input("policy", POSE, at(late))), ["off-schedule"], `${late}`);
    }
  });

  it("two setpoints are at least half a period apart", () => {
    const after = (gap: number) => ({ ...AT_REST, last: { dueAt: NOW - gap, q: POSE, v: STILL, a: STILL } });
    assert.deepEqual(refusalsOf(after(PERIOD * 0.51), input("policy", POSE)), []);
    assert.deepEqual(refusalsOf(after(PERIOD * 0.49), input("policy", POSE)), ["off-schedule"]);
    assert.deepEqual(refusalsOf(after(0), input("policy", POSE)), ["off-schedule"]);
    assert.deepEqual(refusalsOf(after(-0.02), input("policy", POSE)), ["off-schedule"]);
  });

  for (const epoch of [3, 5]) {
    it(`epoch ${epoch} instead of 4 is refused for every source`, () => {
      for (const source of SOURCES) {
        assert.deepEqual(refusalsOf(AT_REST, input(source, POSE, { epoch })), ["old-epoch"]);
      }
    });
  }
});

describe("guard: the arm itself", () => {
  const faults = [
    ["a system error", { systemErrors: [0x100d] }],
    ["an unknown system error", { systemErrors: [0, 0x1017] }],
    ...[0, 1, 2, 3, 4, 5, 6].flatMap((joint) => [
      [`an error of J${joint + 1}`, { jointErrors: withJoint(STILL, joint, 0x0800) }] as const,
      [`a disabled J${joint + 1}`, { jointEnabled: STILL.map((_, index) => index !== joint) }] as const,
    ]),
  ] as const;
  for (const [name, changes] of faults) {
    it(`refuses everything and latches on ${name}`, () => {
      for (const source of SOURCES) {
        const [state, verdict] = guard(AT_REST, input(source, POSE, { arm: armAt(POSE, changes) }));
        assert.equal(verdict.kind === "refuse" && verdict.reaction, "quick-stop");
        // The arm clears its errors by itself: gone in the next report, and still nothing is permitted.
        assert.deepEqual(refusalsOf(state, input(source, POSE)), ["latched"]);
      }
    });
  }

  it("takes zero codes for no fault", () => {
    assert.deepEqual(refusalsOf(AT_REST, input("policy", POSE, { arm: armAt(POSE, { systemErrors: [0] }) })), []);
  });

  const astray = [
    ["while it moves", all(0.05), LIMITS.following],
    ["while it should stand", STILL, LIMITS.standing],
  ] as const;
  for (const [name, v, rule] of astray) {
    it(`refuses a following error ${name} only once it has lasted`, () => {
      const off = armAt(jointPosition(mapJoints(POSE, (angle) => angle - rule.error * 1.01)));
      let state = streaming(v, STILL);
      let q = POSE;
      let refusedAfter = Number.NaN;
      for (let tick = 0; Number.isNaN(refusedAfter) && tick < 100; tick++) {
        const now = NOW + tick * PERIOD;
        q = jointPosition(mapJoints(q, (angle, joint) => angle + jointAt(v, joint) * PERIOD));
        const arm = { ...off, receivedAt: now, measured: jointPosition(mapJoints(q, (a) => a - rule.error * 1.01)) };
        const proposed = { source: "policy" as const, epoch: 4, dueAt: now, q };
        const fresh = { now, arm, proposed, operatorSeenAt: now, guardianSeenAt: now };
        const [next, verdict] = guard(state, input("policy", q, fresh));
        state = next;
        if (verdict.kind === "refuse") {
          assert.deepEqual(
            verdict.refusals.map((refusal) => refusal.code),
            ["following-error"],
          );
          assert.equal(verdict.reaction, "quick-stop");
          refusedAfter = now - NOW;
        }
      }
      assert.ok(Math.abs(refusedAfter - rule.lasting) <= PERIOD + 1e-9, `after ${refusedAfter} s`);
    });
  }

  it("does not judge following by a report that is stale", () => {
    const far = armAt(jointPosition(mapJoints(POSE, (angle) => angle - 0.2)), { receivedAt: NOW - 0.11 });
    const [state] = guard({ ...AT_REST, astraySince: NOW - 1, offSince: NOW - 1 }, input("hold", POSE, { arm: far }));
    assert.deepEqual([state.astraySince, state.offSince, state.latched], [Infinity, Infinity, false]);
  });

  it("forgets a following error that ended", () => {
    const far = armAt(jointPosition(mapJoints(POSE, (angle) => angle - 0.2)));
    const [astrayState] = guard(AT_REST, input("policy", POSE, { arm: far }));
    assert.equal(astrayState.astraySince, NOW);
    const [state] = guard(AT_REST, input("policy", POSE));
    assert.equal(state.astraySince, Number.POSITIVE_INFINITY);
  });
});

describe("guard: reactions", () => {
  const nudged = withJoint(POSE, 0, jointAt(POSE, 0) + 0.02);
  const off = { ...AT_REST, astraySince: NOW - 1 };
  const far = armAt(jointPosition(mapJoints(POSE, (angle) => angle - 0.2)));
  const cases = [
    ["velocity", "quick-stop", AT_REST, input("policy", nudged)],
    ["first-setpoint", "quick-stop", freshJointGuard(), input("hold", POSE, { arm: far })],
    ["following-error", "quick-stop", off, input("policy", POSE, { arm: far })],
    ["arm-fault", "quick-stop", AT_REST, input("policy", POSE, { arm: armAt(POSE, { systemErrors: [1] }) })],
    ["latched", "quick-stop", { ...AT_REST, latched: true }, input("hold", POSE)],
    ["old-epoch", "ramp", AT_REST, input("policy", POSE, { epoch: 5 })],
    ["mode-forbids", "ramp", AT_REST, input("policy", POSE, { mode: "hold" })],
    [
      "off-schedule",
      "ramp",
      AT_REST,
      input("policy", POSE, { now: NOW + 0.06, operatorSeenAt: NOW, guardianSeenAt: NOW }),
    ],
    ["off-schedule", "ramp", { ...AT_REST, last: { dueAt: NOW, q: POSE, v: STILL, a: STILL } }, input("policy", POSE)],
    ["state-stale", "ramp", AT_REST, input("policy", POSE, { arm: armAt(POSE, { receivedAt: NOW - 0.2 }) })],
    ["operator-lost", "ramp", AT_REST, input("policy", POSE, { operatorSeenAt: NOW - 1 })],
    ["guardian-lost", "ramp", AT_REST, input("policy", POSE, { guardianSeenAt: NOW - 1 })],
  ] as const;
  for (const [code, reaction, state, given] of cases) {
    it(`${code}: ${reaction}`, () => {
      const [next, verdict] = guard(state, given);
      assert.ok(verdict.kind === "refuse" && verdict.refusals.some((refusal) => refusal.code === code));
      assert.equal(verdict.reaction, reaction);
      assert.equal(next.latched, reaction === "quick-stop");
    });
  }
});

describe("guard: verdicts", () => {
  it("runs every check and reports every refusal, the most severe decides", () => {
    const given = input("policy", withJoint(POSE, 0, Number.NaN), {
      mode: "fault",
      epoch: 9,
      arm: armAt(POSE, { receivedAt: 0, systemErrors: [1] }),
      operatorSeenAt: -Infinity,
      guardianSeenAt: -Infinity,
      proposed: { source: "policy", epoch: 4, dueAt: NOW - 5, q: withJoint(POSE, 0, Number.NaN) as typeof POSE },
    });
    const [state, verdict] = guard({ ...freshJointGuard(), latched: true }, given);
    assert.ok(verdict.kind === "refuse");
    assert.deepEqual(
      new Set(verdict.refusals.map((refusal) => refusal.code)),
      new Set([
        "not-finite",
        "position",
        "latched",
        "arm-fault",
        "first-setpoint",
        "old-epoch",
        "mode-forbids",
        "off-schedule",
        "state-stale",
        "operator-lost",
        "guardian-lost",
      ]),
    );
    assert.equal(verdict.reaction, "quick-stop");
    assert.equal(state.latched, true);
    assert.ok(verdict.refusals.every((refusal) => refusal.detail.length > 0));
  });

  it("does not latch a refusal that only ends the motion, and keeps what was sent last", () => {
    const [state, verdict] = guard(AT_REST, input("policy", POSE, { operatorSeenAt: -Infinity }));
    assert.equal(verdict.kind === "refuse" && verdict.reaction, "ramp");
    assert.equal(state.latched, false);
    assert.deepEqual(state.last, AT_REST.last);
    const ramp = input("stop", POSE, { operatorSeenAt: -Infinity, mode: "hold" });
    assert.deepEqual(refusalsOf(state, ramp), []);
  });
});
