import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type GuardInput, type GuardState, guard } from "../../daemon/guard/guard.js";
import type { JointPosition, JointVector } from "../../daemon/types/units.js";
import { all, armAt, MODE_OF, MODES, NOW, PERIOD, POSE, SOURCES, streaming } from "./inputs.js";

const DEGREE = Math.PI / 180;

// Written from the safety catalogue, not from the guard: its own table, its own arithmetic.
const SOFT = [175, 127, 175, 132, 175, 125, 175];
const SPEED = {
  policy: [30, 30, 45, 45, 60, 60, 60],
  home: [20, 20, 20, 20, 30, 30, 30],
  teleop: [30, 30, 45, 45, 60, 60, 60],
  recover: [5, 5, 5, 5, 10, 10, 10],
};
const ACCELERATION = [150, 150, 200, 200, 300, 300, 300];
const JERK = {
  moving: [1500, 1500, 2000, 2000, 3000, 3000, 3000],
  stop: [6000, 6000, 8000, 8000, 12000, 12000, 12000],
};

const STREAMED = ["hold", "homing", "policy", "align", "teleop"];

/** Whether the catalogue allows a setpoint; null where rounding decides. */
function allowed(state: GuardState, given: GuardInput): boolean | null {
  const { proposed, mode, arm, now } = given;
  const { source, q } = proposed;
  const moving = source !== "hold" && source !== "stop";
  const own = { policy: ["policy"], home: ["homing"], teleop: ["teleop"], recover: ["recovery"] };
  const modes = moving ? own[source] : STREAMED;
  let close = false;
  const within = (value: number, most: number): boolean => {
    close ||= Math.abs(Math.abs(value) - most) < 1e-6;
    return Math.abs(value) <= most;
  };
  let fine = !state.latched && modes.includes(mode) && proposed.epoch === given.epoch && arm !== null;
  if (arm === null || state.last === null) {
    return fine ? null : false;
  }
  fine &&= arm.systemErrors.every((code) => code === 0) && arm.jointErrors.every((bits) => bits === 0);
  fine &&= arm.jointEnabled.every((enabled) => enabled);
  for (let joint = 0; joint < 7; joint++) {
    const angle = q[joint] ?? 0;
    const v = (angle - (state.last.q[joint] ?? 0)) / PERIOD / DEGREE;
    const was = (state.last.v[joint] ?? 0) / DEGREE;
    const a = (v - was) / PERIOD;
    const scale = moving ? 1 : 2;
    if (source === "recover") {
      // Never farther from the middle of its range than before, wherever that was.
      const before = Math.abs(state.last.q[joint] ?? 0);
      close ||= angle !== state.last.q[joint] && Math.abs(Math.abs(angle) - before) < 1e-8;
      fine &&= Math.abs(angle) <= before;
    } else {
      fine &&= within(angle / DEGREE, SOFT[joint] ?? 0);
    }
    fine &&= within(a, (ACCELERATION[joint] ?? 0) * scale);
    const jerk = (a - (state.last.a[joint] ?? 0) / DEGREE) / PERIOD;
    fine &&= within(jerk, (moving ? JERK.moving : JERK.stop)[joint] ?? 0);
    fine &&= within(v * PERIOD, 1);
    if (source === "hold") {
      fine &&= within(v, 0) || Math.abs(v) < 1e-7;
    } else {
      fine &&= within(v, SPEED[source === "stop" ? "policy" : source][joint] ?? 0);
    }
    if (!moving) {
      fine &&= within(v, Math.abs(was));
    }
  }
  if (moving) {
    fine &&= within(now - arm.receivedAt, 0.1) && within(now - given.operatorSeenAt, source === "policy" ? 0.5 : 0.2);
    fine &&= within(now - given.guardianSeenAt, 0.1);
    fine &&= source !== "teleop" || within(now - given.leaderSeenAt, 0.095);
  }
  return close ? null : fine;
}

const speeds = fc.tuple(...POSE.map(() => fc.oneof(fc.constant(0), fc.double({ min: -1.2, max: 1.2, noNaN: true }))));
const nudges = fc.tuple(...POSE.map(() => fc.oneof(fc.constant(0), fc.double({ min: -0.08, max: 0.08, noNaN: true }))));
const age = fc.oneof(fc.constant(0.01), fc.double({ min: 0, max: 0.7, noNaN: true }));

describe("guard against an oracle", () => {
  it("permits exactly what the catalogue allows", () => {
    let permits = 0;
    let decided = 0;
    fc.assert(
      fc.property(
        fc.record({
          source: fc.constantFrom(...SOURCES),
          mode: fc.oneof(
            { weight: 3, arbitrary: fc.constant(null) },
            { weight: 1, arbitrary: fc.constantFrom(...MODES) },
          ),
          v: speeds,
          nudge: nudges,
          offset: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constant(2.1) }),
          ages: fc.tuple(age, age, age, age),
          epoch: fc.constantFrom(4, 4, 4, 5),
          error: fc.constantFrom(0, 0, 0, 0x1007),
          latched: fc.constantFrom(false, false, false, true),
        }),
        ({ source, mode, v, nudge, offset, ages, epoch, error, latched }) => {
          const start = POSE.map((angle) => angle + offset) as unknown as JointVector;
          const speed = v as unknown as JointVector;
          const state = { ...streaming(speed, all(0), start), latched };
          const q = start.map(
            (angle, joint) =>
              angle +
              ((v[joint] ?? 0) * (1 - Math.abs(nudge[joint] ?? 0)) + (joint % 2) * (nudge[joint] ?? 0)) * PERIOD,
          );
          const position = q as unknown as JointPosition;
          const given: GuardInput = {
            now: NOW,
            proposed: { source, epoch: 4, dueAt: NOW, q: position },
            mode: mode ?? MODE_OF[source],
            epoch,
            arm: armAt(position, { receivedAt: NOW - ages[0], systemErrors: [error] }),
            operatorSeenAt: NOW - ages[1],
            guardianSeenAt: NOW - ages[2],
            leaderSeenAt: NOW - ages[3],
          };
          const expected = allowed(state, given);
          const [, verdict] = guard(state, given);
          if (expected !== null) {
            assert.equal(verdict.kind === "permit", expected, JSON.stringify(verdict));
            decided += 1;
            permits += expected ? 1 : 0;
          }
        },
      ),
      { numRuns: 6000, seed: 75 },
    );
    assert.ok(decided > 4000 && permits > 100, `${permits} permits of ${decided} decided`);
  });
});
