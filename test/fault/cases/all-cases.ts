import { PROCESS_CASES } from "./a-process.js";
import { ARM_LINE_CASES } from "./b-arm-line.js";
import { ARM_STATE_CASES } from "./c-arm-state.js";
import type { FaultCase } from "./case.js";
import { POLICY_CASES } from "./d-policy.js";
import { OPERATOR_CASES } from "./e-operator.js";
import { HOST_CASES } from "./f-host.js";
import { NETWORK_CASES } from "./g-network.js";
import { PAIR_CASES } from "./pairs.js";

/** The 96 rows of safety.md §4.2, in their order. */
export const CASES: readonly FaultCase[] = [
  ...PROCESS_CASES,
  ...ARM_LINE_CASES,
  ...ARM_STATE_CASES,
  ...POLICY_CASES,
  ...OPERATOR_CASES,
  ...HOST_CASES,
  ...NETWORK_CASES,
  ...PAIR_CASES,
];
