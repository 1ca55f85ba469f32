import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { unfitness } from "../../daemon/replay/unfitness.js";
import { type JointVector, mapJoints } from "../../daemon/types/units.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { LIMITS } from "../limits.js";
import { ARM, DEGREE, DIGEST, type Differing, motion } from "./episodes.js";

const HERE = { arm: ARM, limitsDigest: DIGEST, limits: LIMITS, commanded: HOME };

function why(differing: Differing, here: Partial<typeof HERE> = {}): string | null {
  return unfitness(motion(differing), { ...HERE, ...here });
}

/** One joint elsewhere from an instant on, rad. */
function moved(joint: number, since: number, to: (angle: number, after: number) => number): Differing {
  const setpoints = (q: JointVector, after: number): JointVector =>
    mapJoints(q, (angle, index) => (index === joint && after >= since ? to(angle, after) : angle));
  return { setpoints };
}

describe("what an episode is refused for", () => {
  it("nothing, where it fits", () => {
    assert.equal(why({}), null);
  });

  it("another arm, other limits", () => {
    assert.match(why({ arm: "RM65-B, firmware 1.7.1" }) ?? "", /another arm: RM65-B, firmware 1.7.1; here is RM75-B/);
    assert.match(why({ limitsDigest: "beef" }) ?? "", /other limits/);
  });

  it("lasting longer than the arm is moved in one go", () => {
    const limits = { ...LIMITS, chunks: { ...LIMITS.chunks, longest: 2 } };
    assert.match(why({}, { limits }) ?? "", /^it is \d s long; the arm is moved for at most 2 s/);
  });

  it("a joint beyond its limit, with joint, time and value", () => {
    const lowest = mapJoints(LIMITS.policy.lowest, (angle, joint) => (joint === 0 ? -5.5 * DEGREE : angle));
    const limits = { ...LIMITS, policy: { ...LIMITS.policy, lowest } };
    assert.match(
      why({}, { limits }) ?? "",
      /^\d\.\d\d s after its start J1 is at -5\.[56] degrees, between -5\.5 and 175\.0 is allowed$/,
    );
  });

  it("a joint that is too fast, with joint, time and value", () => {
    assert.match(
      why(moved(4, 1.2, (angle) => angle + DEGREE)) ?? "",
      /^1\.20 s after its start J5 moves at (99\.9|100\.0) degrees\/s, at most 60\.0 is allowed$/,
    );
  });

  it("a part of the arm that leaves the cell", () => {
    const cell = { ...LIMITS.cell, table: { ...LIMITS.cell.table, height: 0.21 } };
    assert.match(
      why({}, { limits: { ...LIMITS, cell } }) ?? "",
      /^\d\.\d\d s after its start table: .* beyond its bound$/,
    );
  });

  it("a first pose that is too far away", () => {
    const commanded = mapJoints(HOME, (angle, joint) => angle - (joint === 0 ? 40 * DEGREE : 0));
    assert.match(why({}, { commanded: HOME }) ?? "fits", /fits/);
    assert.match(
      unfitness(motion(), { ...HERE, commanded }) ?? "",
      /first pose is too far: J1 is 48\.0 degrees away, at most 45\.0; see: kinevla home$/,
    );
  });
});
