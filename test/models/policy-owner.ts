import { jointPosition } from "../../daemon/types/units.js";
import { createPolicyProcess } from "../../models/policy/policy-process.js";

/** A program that owns a policy process, to be killed by a test: `node policy-owner.js BUNDLE`. */
const policy = createPolicyProcess({
  bundle: process.argv[2] ?? "",
  manifest: null,
  provider: "cpu",
  fallback: null,
  threads: 1,
  home: jointPosition(Array<number>(7).fill(0)),
  deadline: 5,
  textDeadline: 5,
  loadDeadline: 20,
});
policy.status.subscribe((status) => process.send?.(status.kind));
