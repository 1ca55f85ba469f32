import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AlignedStep, align } from "../../daemon/dataset/align.js";
import type { Demonstration } from "../../daemon/dataset/demonstration.js";
import { removeIdle } from "../../daemon/dataset/idle.js";
import { jointPosition } from "../../daemon/types/units.js";
import { makeDemonstration, path } from "./episodes.js";

const FPS = 10;
const SKEW = 0.05;
const IDLE = { duration: 0.5, motion: 0.01, gripper: 0.02 };
const film = Array.from({ length: 120 }, (_, index) => Uint8Array.of(index));

function stepsOf(episode: Demonstration): readonly AlignedStep[] {
  const alignment = align(episode, FPS, SKEW);
  assert.equal(alignment.kind, "aligned", alignment.kind === "refused" ? alignment.reason : "");
  return alignment.kind === "aligned" ? alignment.steps : [];
}

function reasonOf(episode: Demonstration): string {
  const alignment = align(episode, FPS, SKEW);
  return alignment.kind === "refused" ? alignment.reason : "";
}

describe("an episode is put onto the data set's own instants", () => {
  it("begins where every stream has begun and ends where the first has ended", () => {
    const steps = stepsOf(makeDemonstration(film));
    // The wrist camera begins at 0.012 s; the front camera ends with picture 119 at 3.967 s.
    assert.ok(Math.abs((steps[0]?.at ?? 0) - 1000.012) < 1e-9);
    assert.equal(steps.length, 40);
  });

  it("takes the nearest picture and state, and the newest setpoint", () => {
    for (const { at, pictures, measured, commanded } of stepsOf(makeDemonstration(film))) {
      assert.ok(Math.abs(pictures.front.at - at) <= 1 / 60 + 1e-9);
      assert.ok(Math.abs(pictures.wrist.at - at) <= 1 / 60 + 1e-9);
      const time = at - 1000;
      assert.ok(Math.abs((commanded[0] ?? 0) - path(time)) < 0.2 * 0.01 + 1e-9);
      assert.ok(Math.abs((measured[0] ?? 0) - path(time - 0.05)) < 0.2 * 0.01 + 1e-9);
    }
  });

  it("keeps what the gripper was told until it is told otherwise", () => {
    const told = stepsOf(makeDemonstration(film)).map(({ gripperCommanded }) => gripperCommanded);
    assert.deepEqual(told, [...Array(10).fill(1), ...Array(30).fill(0)]);
  });

  it("marks the steps in which a person drove in place of the policy", () => {
    const interventions = [{ from: 1001, to: 1002 }];
    const marked = stepsOf(makeDemonstration(film, { driver: "policy", interventions })).map(
      ({ intervention }) => intervention,
    );
    assert.deepEqual(
      marked.map((is, index) => (is ? index : -1)).filter((index) => index >= 0),
      Array.from({ length: 10 }, (_, index) => 10 + index),
    );
  });

  it("refuses gaps in pictures and in arm state, and says where they are", () => {
    const whole = makeDemonstration(film);
    const front = whole.pictures.front.filter(({ at }) => at < 1001.5 || at > 1001.75);
    assert.equal(
      reasonOf({ ...whole, pictures: { ...whole.pictures, front } }),
      "1.60 s after its start the nearest picture of the front camera is 145 ms away; at most 50 ms are allowed",
    );
    const states = whole.states.filter(({ at }) => at < 1001.5 || at > 1001.75);
    assert.match(reasonOf({ ...whole, states }), /nearest arm state is \d+ ms away/);
  });

  it("refuses an episode without a camera, without states or setpoints, or whose streams do not overlap", () => {
    const whole = makeDemonstration(film);
    assert.match(reasonOf({ ...whole, pictures: { ...whole.pictures, wrist: [] } }), /no picture of the wrist camera/);
    assert.match(reasonOf({ ...whole, states: [] }), /no arm state/);
    assert.match(reasonOf({ ...whole, commands: [] }), /no setpoint/);
    assert.match(reasonOf({ ...whole, states: whole.states.slice(0, 1) }), /it has 0 ms in which all streams/);
  });
});

describe("idle steps are removed", () => {
  const steps = stepsOf(makeDemonstration(film));

  it("removes a long rest but its first step, and nothing jumps", () => {
    const kept = removeIdle(steps, FPS, IDLE);
    // It rests from 1.512 s to 2.712 s, where it has moved by 0.0024 rad.
    assert.equal(steps.length - kept.length, 12);
    kept.slice(1).forEach((step, index) => {
      const moved = Math.abs((step.commanded[0] ?? 0) - (kept[index]?.commanded[0] ?? 0));
      assert.ok(moved <= 0.2 / FPS + IDLE.motion + 1e-9);
    });
  });

  it("keeps a rest in which the gripper moves, and one that is short", () => {
    const closing = steps.map((step, index) => ({ ...step, gripper: 1 - index / 40 }));
    assert.equal(removeIdle(closing, FPS, IDLE).length, closing.length);
    assert.equal(removeIdle(steps, FPS, { ...IDLE, duration: 1.5 }).length, steps.length);
  });

  it("keeps everything when told so, and every tenth of a second of an arm that creeps", () => {
    assert.equal(removeIdle(steps, FPS, { ...IDLE, duration: 0 }).length, steps.length);
    const creeping = steps.map((step, index) => ({
      ...step,
      commanded: jointPosition([0.004 * index, 0, 0, 0, 0, 0, 0]),
    }));
    assert.equal(removeIdle(creeping, FPS, IDLE).length, steps.length);
  });
});
