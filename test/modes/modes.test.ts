import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { admit, type Conditions } from "../../daemon/modes/admission.js";
import { isEngaged, isMoving, type ModeEvent, nextMode } from "../../daemon/modes/mode-machine.js";
import type { ArmRequest } from "../../daemon/types/arm-link.js";
import type { Mode } from "../../daemon/types/mode.js";

const MODES: readonly Mode[] = ["disconnected", "standby", "hold", "homing", "policy", "fault"];
const EVENTS: readonly ModeEvent[] = [
  "link-up",
  "link-lost",
  "stopped",
  "ramped",
  "home-reached",
  "engaged",
  "disengaged",
  "policy-started",
  "home-started",
  "acknowledged",
];
/** The whole table; a pair that is not here must not exist. */
const TABLE: Readonly<Record<string, Mode>> = {
  "disconnected link-up": "standby",
  "disconnected stopped": "fault",
  "standby link-lost": "disconnected",
  "standby stopped": "fault",
  "standby engaged": "hold",
  "hold link-lost": "disconnected",
  "hold stopped": "fault",
  "hold ramped": "hold",
  "hold disengaged": "standby",
  "hold policy-started": "policy",
  "hold home-started": "homing",
  "homing link-lost": "disconnected",
  "homing stopped": "fault",
  "homing ramped": "hold",
  "homing home-reached": "hold",
  "policy link-lost": "disconnected",
  "policy stopped": "fault",
  "policy ramped": "hold",
  "fault acknowledged": "standby",
};

const REQUESTS: readonly ArmRequest["kind"][] = ["engage", "follow-policy", "hold", "home", "disengage", "acknowledge"];
const GOOD: Conditions = { inControl: true, guardian: true, fresh: true, fault: null, inside: true, still: true };
const ADMITTED: Readonly<Record<string, ModeEvent>> = {
  "standby engage": "engaged",
  "hold follow-policy": "policy-started",
  "hold home": "home-started",
  "hold hold": "ramped",
  "homing hold": "ramped",
  "policy hold": "ramped",
  "hold disengage": "disengaged",
  "fault acknowledge": "acknowledged",
};
/** Which condition each request may not miss. */
const NEEDS: Readonly<Record<ArmRequest["kind"], readonly (keyof Conditions)[]>> = {
  engage: ["inControl", "guardian", "fresh", "fault", "inside", "still"],
  "follow-policy": ["inControl", "guardian", "fresh", "fault", "inside", "still"],
  home: ["inControl", "guardian", "fresh", "fault", "inside", "still"],
  hold: [],
  disengage: ["still"],
  acknowledge: ["inControl", "fresh", "fault"],
};

describe("mode machine", () => {
  for (const mode of MODES) {
    for (const event of EVENTS) {
      const expected = TABLE[`${mode} ${event}`] ?? null;
      it(`${mode} + ${event} -> ${expected ?? "refused"}`, () => {
        assert.equal(nextMode(mode, event), expected);
      });
    }
  }

  it("streams in three modes and moves in two", () => {
    assert.deepEqual(MODES.filter(isEngaged), ["hold", "homing", "policy"]);
    assert.deepEqual(MODES.filter(isMoving), ["homing", "policy"]);
  });

  it("reaches a moving mode only through hold, and hold from a latch only through standby", () => {
    for (const [key, to] of Object.entries(TABLE)) {
      const from = key.split(" ")[0];
      assert.ok(!isMoving(to) || from === "hold", key);
      assert.ok(from !== "fault" || to === "standby", key);
    }
  });
});

describe("admission", () => {
  for (const mode of MODES) {
    for (const request of REQUESTS) {
      const event = ADMITTED[`${mode} ${request}`];
      it(`${request} in ${mode}: ${event ?? "refused"}`, () => {
        const admission = admit(mode, request, GOOD);
        assert.equal(admission.ok ? admission.event : undefined, event);
        assert.ok(admission.ok || admission.reason.includes(mode));
      });
    }
  }

  for (const request of REQUESTS) {
    const mode = MODES.find((one) => ADMITTED[`${one} ${request}`] !== undefined) ?? "standby";
    for (const condition of ["inControl", "guardian", "fresh", "fault", "inside", "still"] as const) {
      const needed = NEEDS[request].includes(condition);
      it(`${request} ${needed ? "needs" : "does not need"} ${condition}`, () => {
        const admission = admit(mode, request, {
          ...GOOD,
          [condition]: condition === "fault" ? "J2 error 0x0800" : false,
        });
        assert.equal(admission.ok, !needed);
        assert.ok(admission.ok || condition !== "fault" || admission.reason.includes("J2 error 0x0800"));
      });
    }
  }
});
