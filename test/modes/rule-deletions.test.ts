import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RULES, type Rule, type Rules } from "../../daemon/modes/rules.js";
import { CELLS, explore, SINGLE_LACKS } from "./explore.js";

/** Deletions that change nothing that was promised, each with the reason; there is none. */
const EQUIVALENT: Readonly<Record<string, string>> = {};

/** A set of rules that lacks something, and the cells (the leader's button enables, or not) that it makes a difference in. */
interface Deletion {
  readonly name: string;
  readonly rules: Rules;
  readonly cells: readonly boolean[];
}

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

describe("model check of the shipped table with something taken out", () => {
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
