import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RULES } from "../../daemon/modes/rules.js";
import { CELLS, EVERY_SENSES, explore } from "./explore.js";

describe("model check of the shipped transition function", () => {
  for (const button of CELLS) {
    it(`keeps every promise in every state and reaches every mode: ${button ? "the leader's button" : "the operator"} enables`, (context) => {
      const { states, transitions, modes, broken } = explore(RULES, EVERY_SENSES, button, false);
      context.diagnostic(`${states} states, ${transitions} transitions`);
      assert.deepEqual([...broken], []);
      assert.deepEqual([...modes].sort(), [
        "align",
        "disconnected",
        "fault",
        "hold",
        "homing",
        "policy",
        "recovery",
        "standby",
        "teleop",
      ]);
      assert.ok(states > 100);
    });
  }
});
