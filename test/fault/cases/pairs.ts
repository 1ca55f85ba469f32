import { PROCESS_CASES } from "./a-process.js";
import { ARM_LINE_CASES } from "./b-arm-line.js";
import { ARM_STATE_CASES } from "./c-arm-state.js";
import type { FaultCase, Trial } from "./case.js";
import { POLICY_CASES } from "./d-policy.js";
import { OPERATOR_CASES } from "./e-operator.js";
import { HOST_CASES } from "./f-host.js";

/** Faults that are combined; the disk is full before anything else fails, so that somebody is there to be told. */
const COMBINED: readonly (readonly [id: number, trial: string])[] = [
  [86, ""],
  [1, "arm process"],
  [18, ""],
  [31, "all lost"],
  [58, "5 s"],
  [77, "half-open"],
  [83, ""],
];

const ROWS = [
  ...[...PROCESS_CASES, ...ARM_LINE_CASES, ...ARM_STATE_CASES],
  ...[...POLICY_CASES, ...OPERATOR_CASES, ...HOST_CASES],
];

/** Compound faults: every pair, both at once. */
export const PAIR_CASES: readonly FaultCase[] = [
  {
    ...{ id: 96, inject: "every pair of 1, 18, 31, 58, 77, 83, 86", expected: "the most severe wins; C1 to C8" },
    budget: { reaction: null, still: null },
    cannot: "triples are not drawn",
    trials: COMBINED.flatMap(([one, oneName], index) =>
      COMBINED.slice(index + 1).map(([other, otherName]) =>
        pair(`${one} and ${other}`, trialOf(one, oneName), trialOf(other, otherName)),
      ),
    ),
  },
];

function trialOf(id: number, name: string): Trial {
  const found = ROWS.find((row) => row.id === id)?.trials.find((trial) => trial.name === name);
  if (found === undefined) {
    throw new RangeError(`case ${id} has no trial "${name}"`);
  }
  return found;
}

/** Both faults, the second while the first begins. What reaches the arm is the quicker of the two reactions or nothing. */
function pair(name: string, one: Trial, other: Trial): Trial {
  return {
    ...{
      name,
      modes: ["policy"],
      expect: "checked",
      watch: Math.max(one.watch ?? 0, other.watch ?? 0, 2),
      fresh: true,
    },
    most: 1,
    inject: async (context) => {
      const first = await one.inject(context);
      await other.inject(context);
      return first;
    },
    judge: ({ reaction }) => (reaction.still === null ? ["the arm did not come to rest"] : []),
  };
}
