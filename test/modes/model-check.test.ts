import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RULES, type Rule, type Rules } from "../../daemon/modes/rules.js";
import { EVERY_SENSES, explore, SINGLE_LACKS } from "./explore.js";

/** Deletions that change nothing that was promised, each with the reason; there is none. */
const EQUIVALENT: Readonly<Record<string, string>> = {};

/** A set of rules that lacks something, and the cells (the leader's button enables, or not) that it makes a difference in. */
interface Deletion {
  readonly name: string;
  readonly rules: Rules;
  readonly cells: readonly boolean[];
}

/** Cells in which the leader's button enables teleoperation, and in which the operator does. */
const CELLS = [true, false];

/** Where a rule can be taken at all. */
function cellsOf({ needs }: Rule): readonly boolean[] {
  return CELLS.filter((button) => !needs.includes(button ? "no-button" : "button"));
}

/** Every set of rules that lacks one need, one effect or one rule of the shipped ones. */
function deletions(): readonly Deletion[] {
  const kinds = Object.keys(RULES) as (keyof Rules)[];
  return kinds.flatMap((kind) =>
    RULES[kind].flatMap((rule, index) => {
      const at = `${kind} ${index + 1}`;
      const put = (changed: readonly Rule[]): Rules => ({
        ...RULES,
        [kind]: RULES[kind].toSpliced(index, 1, ...changed),
      });
      return [
        { name: `${at}: the rule`, rules: put([]), cells: cellsOf(rule) },
        ...rule.needs.map((need) => ({
          name: `${at}: need ${need}`,
          rules: put([{ ...rule, needs: rule.needs.filter((other) => other !== need) }]),
          // Without this need the rule is as before where the need is always met.
          cells: need === "button" ? [false] : need === "no-button" ? [true] : cellsOf(rule),
        })),
        ...rule.does.map((effect) => ({
          name: `${at}: effect ${effect}`,
          rules: put([{ ...rule, does: rule.does.filter((other) => other !== effect) }]),
          cells: cellsOf(rule),
        })),
      ];
    }),
  );
}

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

  it("catches the deletion of each need, effect and rule, but for those listed with a reason", (context) => {
    const survivors: string[] = [];
    for (const { name, rules, cells } of deletions()) {
      if (cells.every((button) => explore(rules, SINGLE_LACKS, button, true).broken.size === 0)) {
        survivors.push(name);
      }
    }
    context.diagnostic(`${deletions().length} deletions, ${survivors.length} without consequence`);
    assert.deepEqual(survivors, Object.keys(EQUIVALENT));
  });
});
