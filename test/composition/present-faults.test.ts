import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type PartStates, presentFaults, reasonsNotReady } from "../../daemon/composition/present-faults.js";
import type { Notice } from "../../daemon/types/arm-link.js";
import { armReport } from "../loop/samples.js";

const hot: Notice = { code: "joint-hot", detail: "J3 has 66.0 degrees", hint: "Let it rest.", since: 5, bars: false };

function parts(notices: readonly Notice[]): PartStates {
  return {
    link: { kind: "connected", since: 0 },
    report: armReport({ notices }),
    unmeasured: null,
    calibration: null,
    audit: null,
    recording: null,
    cameras: [],
    policy: { kind: "loading", stage: "starting" },
    policySince: 0,
  };
}

describe("what the arm process finds", () => {
  it("is told to operators once for each code, and keeps nobody from working", () => {
    const present = parts([hot, { ...hot, detail: "J3 became 6.0 degrees warmer within a minute" }]);
    const { bars: _, ...told } = hot;
    assert.deepEqual(presentFaults(present), [{ ...told, part: "arm", latched: false }]);
    assert.deepEqual(reasonsNotReady(present), reasonsNotReady(parts([])));
  });

  it("is a reason to follow no instruction where nothing engages, also when it was only told of before", () => {
    const load = { ...hot, code: "tool-wrong", detail: "a payload of 620 g" };
    const barring = { ...load, detail: "still 620 g", bars: true };
    assert.ok(reasonsNotReady(parts([barring])).includes("arm: still 620 g"));
    assert.ok(reasonsNotReady(parts([load, barring])).includes("arm: a payload of 620 g"));
  });
});

describe("a recorder that cannot record", () => {
  it("is told to operators, and keeps nobody from working", () => {
    const fault = { code: "not-recording", part: "recorder", detail: "ENOSPC", hint: "", since: 1, latched: false };
    const present = { ...parts([]), recording: fault };
    assert.deepEqual(presentFaults(present), [fault]);
    assert.deepEqual(reasonsNotReady(present), reasonsNotReady(parts([])));
  });
});

describe("calibrations that must not be used", () => {
  it("are told to operators, and no instruction is followed", () => {
    const fault = { code: "uncalibrated", part: "calibration", detail: "old", hint: "", since: 1, latched: false };
    const present = { ...parts([]), calibration: fault };
    assert.deepEqual(presentFaults(present), [fault]);
    assert.ok(reasonsNotReady(present).includes("calibration: old"));
  });
});
