import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { refuseChunk } from "../../daemon/arm/chunk-admission.js";
import type { Chunk } from "../../daemon/types/chunk.js";
import { type JointVector, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { replayExpert } from "../bench/replay-expert.js";
import { LIMITS } from "../limits.js";

const DEGREE = Math.PI / 180;

function degrees(...angles: number[]): JointVector {
  return jointPosition(angles.map((angle) => angle * DEGREE));
}

/** A chunk of five targets 0.1 s apart, each `step` further than the one before. */
function chunk(from: JointVector, step: JointVector): Chunk {
  const targets = [1, 2, 3, 4, 5].map((count) => ({
    dueAt: 10 + 0.1 * count,
    q: jointPosition(mapJoints(from, (angle, joint) => angle + count * (step[joint] ?? 0))),
    gripper: 1,
  }));
  return { id: 1, epoch: 1, capturedAt: 10, period: 0.1, targets };
}

function refused(from: JointVector, step: JointVector): string | null {
  const context = { now: 10, epoch: 1, lastId: 0, commanded: from, first: false, limits: LIMITS };
  const refusal = refuseChunk(chunk(from, step), context);
  return refusal === null ? null : `${refusal.code}: ${refusal.detail}`;
}

describe("ML-08 to ML-11: a chunk is refused before it moves anything", () => {
  const still = degrees(0, 0, 0, 0, 0, 0, 0);
  const low = degrees(0, 42, 0, 75, 0, 63, 0);

  it("that goes more than 10 mm below the table's bound, with the part and the distance", () => {
    assert.match(
      refused(low, degrees(0, 1.5, 0, 0, 0, 0, 0)) ?? "",
      /^outside: fingertip \d+ mm beyond its bound \(table\)$/,
    );
    assert.equal(refused(low, degrees(0, -1.5, 0, 0, 0, 0, 0)), null);
  });

  it("that leaves the workspace", () => {
    assert.match(refused(degrees(0, -9, 0, 0, 0, 0, 0), degrees(0, -1, 0, 0, 0, 0, 0)) ?? "", /\(workspace\)$/);
  });

  it("that brings the arm too near to itself", () => {
    const folded = degrees(0, 0, 0, 115, 0, 112, 0);
    assert.match(refused(folded, degrees(0, 0, 0, 2, 0, 2, 0)) ?? "", /\(self-collision\)$/);
    assert.equal(refused(folded, degrees(0, 0, 0, -2, 0, -2, 0)), null);
  });

  it("that asks for more than three times the speed of a control point", () => {
    const out = degrees(0, 60, 0, 20, 0, 0, 0);
    assert.match(refused(out, degrees(6.5, 0, 0, 0, 0, 0, 0)) ?? "", /^too-fast: .* mm\/s$/);
    assert.equal(refused(out, degrees(3, 0, 0, 0, 0, 0, 0)), null);
  });

  it("and is not, if the arm stands outside already and it leads back in", () => {
    const outside = degrees(0, -16, 0, 0, 0, 0, 0);
    assert.equal(refused(outside, still), null);
    assert.equal(refused(outside, degrees(0, 1, 0, 0, 0, 0, 0)), null);
    assert.match(refused(outside, degrees(0, -1, 0, 0, 0, 0, 0)) ?? "", /\(workspace\)$/);
  });
});

describe("ML-08 to ML-11 do not fire", () => {
  for (const seed of [0, 1, 2]) {
    it(`while the scripted expert moves the bread, seed ${seed}`, async () => {
      const replay = await replayExpert(seed, LIMITS);
      assert.deepEqual([replay.refusedChunks, replay.refusedSetpoints, replay.findings], [[], [], []]);
      assert.ok(replay.succeeded, "the bread is where it should be");
      assert.ok(replay.margins.table > 0.002 && replay.margins.workspace > 0.002, JSON.stringify(replay.margins));
      assert.ok(replay.margins["self-collision"] > 0.03);
      assert.ok(replay.fastest <= LIMITS.cell.speed);
    });
  }
});
