import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { motionOf, STEP } from "../../daemon/replay/recorded-motion.js";
import { trackAt } from "../../daemon/replay/track.js";
import { closesAfter, type Differing, episode, FIRST, LAG, motion } from "./episodes.js";

function reason(differing: Differing): string {
  const reading = motionOf(episode(differing));
  return reading.kind === "refused" ? reading.reason : "not refused";
}

describe("the motion of an episode", () => {
  it("is its setpoints, the gripper and what was measured, in seconds since the first setpoint", () => {
    const { length, setpoints, targets, measured } = motion();
    assert.deepEqual(setpoints[0], { after: 0, source: "policy", q: FIRST });
    assert.ok(length > 2 && Math.abs((setpoints.at(-1)?.after ?? 0) - length) < 1e-9);
    assert.equal(targets.length, Math.ceil(length / STEP) + 1);
    for (const { after, q } of targets.slice(0, -1)) {
      assert.deepEqual(q, trackAt(setpoints, after));
    }
    assert.deepEqual(targets.at(-1)?.q, setpoints.at(-1)?.q);
    const closed = targets.find(({ gripper }) => gripper < 0.5)?.after ?? Number.NaN;
    assert.ok(Math.abs(closed - closesAfter()) <= 2 * STEP, `${closed} instead of ${closesAfter()}`);
    const [was, then] = [trackAt(setpoints, 1 - LAG), trackAt(measured, 1)];
    assert.ok(was?.every((angle, joint) => Math.abs(angle - (then?.[joint] ?? Number.NaN)) < 1e-4));
  });

  it("is refused with what is missing", () => {
    const complete = { outcome: "completed", dropped_messages: "0" };
    assert.match(reason({ torn: "it ends after 100 bytes" }), /^it is incomplete: it ends after 100 bytes$/);
    assert.match(reason({ end: null }), /^it is incomplete: it was never closed/);
    assert.match(reason({ end: { ...complete, outcome: "crashed" } }), /^it is incomplete: .* cut off by a crash$/);
    assert.match(reason({ end: { ...complete, dropped_messages: "3" } }), /too slow for 3 of its messages$/);
    assert.equal(reason({ setpoints: () => null }), "it is incomplete: it holds no setpoints");
    const gap = reason({ setpoints: (q, after) => (after > 0.5 && after < 0.75 ? null : q) });
    assert.equal(gap, "it is incomplete: no setpoints from 0.50 s to 0.75 s");
    assert.equal(reason({ setpoints: (q, after) => (after > 0.5 && after < 0.55 ? null : q) }), "not refused");
  });

  it("is refused where it is none of ours, or of another format", () => {
    const whole = episode();
    const nothing = motionOf({ ...whole, metadata: new Map() });
    assert.deepEqual(nothing, { kind: "refused", reason: "it is no recording of this program" });
    const silent = motionOf({ ...whole, messages: whole.messages.filter(({ topic }) => topic === "/arm/setpoint") });
    assert.deepEqual(silent, { kind: "refused", reason: "it is incomplete: it holds no reports of the arm" });
    const messages = whole.messages.map((message, index) =>
      index === 2 ? { ...message, value: { source: "policy", dueAt: 1, q: [0, 0] } } : message,
    );
    const garbled = motionOf({ ...whole, messages });
    assert.ok(garbled.kind === "refused" && /another format: \d+\.q/.test(garbled.reason), JSON.stringify(garbled));
  });
});
