import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { loadLimits, parseLimits } from "../../daemon/config/limits-file.js";
import { ConfigError } from "../../daemon/config/yaml-file.js";
import { aboveCeiling } from "../../daemon/guard/ceilings.js";
import { plannerCell, plannerLimits } from "../../daemon/guard/limits.js";
import { emptyPlacement, place } from "../../daemon/motion/placement.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { NO_SIGNATURES_ASKED } from "../../daemon/ports/trust.js";
import { elementAt, jointAt, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { all, POSE } from "./inputs.js";

const file = projectPath("daemon", "config", "limits-rm75b.yaml");
const text = readFileSync(file, "utf8");

function finding(changed: string): string {
  try {
    parseLimits(changed, "/limits.yaml");
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    return error.message;
  }
  return assert.fail("it was accepted");
}

describe("HO-12: limits", () => {
  it("that are shipped keep every ceiling", () => {
    assert.deepEqual(aboveCeiling(loadLimits({ limits: file, trust: NO_SIGNATURES_ASKED })), []);
  });

  for (const [name, limits] of Object.entries({
    ...{ policy: LIMITS.policy, home: LIMITS.home, recover: LIMITS.recover, stop: LIMITS.stop },
  })) {
    it(`of ${name} leave half a degree between planner and guard, and a twentieth of every rate`, () => {
      const planner = plannerLimits(limits);
      const close = (value: number, wanted: number): void => assert.ok(Math.abs(value - wanted) < 1e-12);
      for (let joint = 0; joint < 7; joint++) {
        assert.equal(jointAt(limits.lowest, joint), -jointAt(limits.highest, joint));
        close(jointAt(limits.highest, joint) - jointAt(planner.highest, joint), Math.PI / 360);
        close(jointAt(planner.lowest, joint) - jointAt(limits.lowest, joint), Math.PI / 360);
        close(jointAt(planner.velocity, joint), jointAt(limits.velocity, joint) * 0.95);
        close(jointAt(planner.acceleration, joint), jointAt(limits.acceleration, joint) * 0.95);
        close(jointAt(planner.jerk, joint), jointAt(limits.jerk, joint) * 0.95);
      }
    });
  }

  it("of the cell leave 2 mm between planner and guard at every bound", () => {
    const planner = plannerCell(LIMITS.cell);
    const [one, other] = [LIMITS.cell, planner].map((cell) => place(POSE, cell, emptyPlacement(cell)).margins);
    assert.ok(one !== undefined && other !== undefined);
    for (const [index, margin] of one.entries()) {
      assert.ok(Math.abs(margin - elementAt(other, index) - 0.002) < 1e-9, LIMITS.cell.body.bounds[index]?.part);
    }
    for (const axis of [0, 1, 2] as const) {
      assert.ok(Math.abs(planner.box.lowest[axis] - LIMITS.cell.box.lowest[axis] - 0.002) < 1e-9);
      assert.ok(Math.abs(LIMITS.cell.box.highest[axis] - planner.box.highest[axis] - 0.002) < 1e-9);
    }
    assert.ok(planner.speed < LIMITS.cell.speed && planner.stopping > LIMITS.cell.stopping);
  });

  // Every number of the file, one at a time, made laxer by a thousandth of its size or by one.
  const laxer: readonly (readonly [key: string, change: (value: number) => number])[] = [
    ["soft_deg", (value) => value + 2.1],
    ["policy_deg_s", (value) => value * 4],
    ["home_deg_s", (value) => value * 6],
    ["recover_deg_s", (value) => value * 1.01],
    ["recover_speed_mm_s", (value) => value * 1.01],
    ["acceleration_deg_s2", (value) => value * 5],
    ["jerk_deg_s3", (value) => value * 10],
    ["stop_acceleration_deg_s2", (value) => value * 2.1],
    ["stop_acceleration_deg_s2", (value) => value * 0.99],
    ["stop_jerk_deg_s3", (value) => value * 2.1],
    ["stop_jerk_deg_s3", (value) => value * 0.99],
    ["most_step_deg", (value) => value * 1.01],
    ["most_first_distance_deg", (value) => value * 1.01],
    ["following_error_deg", (value) => value * 1.01],
    ["following_error_ms", (value) => value * 1.01],
    ["standing_error_deg", (value) => value * 1.01],
    ["standing_error_ms", (value) => value * 1.01],
    ["arm_state", (value) => value * 1.06],
    ["operator", (value) => value * 1.01],
    ["guardian", (value) => value * 1.01],
    ["setpoint", (value) => value * 1.01],
    ["stream", (value) => value * 1.01],
    ["speed_mm_s", (value) => value * 1.01],
    ["stopping_ms", (value) => value * 0.99],
    ["box_lowest_mm", (value) => value * 10 - 1000],
    ["box_highest_mm", (value) => value * 10],
    ["fingertips_over_table_mm", (value) => value * 0.99],
    ["housings_over_table_mm", (value) => value * 0.99],
    ["self_clearance_mm", (value) => value * 0.99],
  ];
  for (const [key, change] of laxer) {
    it(`refuses ${key} beyond its ceiling: ${change(100)} instead of 100`, () => {
      const number = /-?\d+(\.\d+)?/g;
      const changed = text.replace(new RegExp(`( ${key}:\n +value: )(.*)`), (_, head: string, value: string) =>
        head.concat(value.replaceAll(number, (found) => String(change(Number(found))))),
      );
      assert.notEqual(changed, text);
      assert.match(finding(changed), /^\/limits.yaml: .* (is|are) .*at (most|least) /);
    });
  }

  it("names the joint and the numbers that are beyond a ceiling", () => {
    const soft = "[175, 127, 175, 132, 175, 125, 175]";
    const message = finding(text.replace(soft, soft.replace("132", "134.5")));
    assert.match(message, /policy position of J4 is 134.5, at most 134/);
  });

  it("refuses not-a-number", () => {
    const broken = { ...LIMITS, mostStep: Number.NaN, policy: { ...LIMITS.policy, velocity: all(Number.NaN) } };
    assert.equal(aboveCeiling(broken).length, 8);
  });

  it("may be stricter", () => {
    const half = mapJoints(LIMITS.policy.velocity, (value) => value / 2);
    assert.deepEqual(aboveCeiling({ ...LIMITS, policy: { ...LIMITS.policy, velocity: half } }), []);
  });

  it("need a source for every number, a known version, and no more keys than there are", () => {
    assert.match(finding(text.replace(/( most_step_deg:\n +value: 1\n) +source: .*\n/, "$1")), /most_step_deg.source/);
    assert.match(finding(text.replace("version: 1", "version: 2")), /version/);
    assert.match(finding(`${text}\nextra: 1\n`), /extra: there is no such key/);
    assert.match(finding(text.replace("value: 250", "value: -250")), /speed_mm_s/);
    assert.match(finding(text.replace("value: 250", "value: 0")), /speed_mm_s/);
    // In radians this would be zero.
    assert.match(finding(text.replace("[1500, 1500", "[5e-324, 1500")), /jerk_deg_s3/);
    for (const key of ["outward_deg", "rated_deg_s", "clutch_deg_s"]) {
      const spoilt = text.replace(new RegExp(`(?<=${key}:\\s+value: \\[?)[\\d.]+`), "5e-324");
      assert.match(finding(spoilt), new RegExp(key));
    }
  });

  it("are the ones that every configuration of the project names", () => {
    for (const name of ["lab.yaml", "real-arm.yaml"]) {
      assert.match(readFileSync(projectPath("daemon", "config", name), "utf8"), /^limits: limits-rm75b.yaml$/m);
    }
  });
});
