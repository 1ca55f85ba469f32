/** How the policy process misbehaves; everything it says passes the tap in `policy-tap.ts`. */
export type PolicyFault =
  | { readonly kind: "none" }
  /** Answers come this much later; the process itself goes on. */
  | { readonly kind: "late"; readonly seconds: number }
  /** One value of the chunk is something else; `value` as JavaScript writes it. */
  | { readonly kind: "value"; readonly step: number; readonly dimension: number; readonly value: PoisonValue }
  /** Another number of steps; `ragged` takes one joint from the last step. */
  | { readonly kind: "steps"; readonly count: number; readonly ragged: boolean }
  /** Every delta times this: degrees for radians is 57.3. */
  | { readonly kind: "scale"; readonly factor: number }
  /** Joint 1 is asked to be this much further, rad. */
  | { readonly kind: "jump"; readonly by: number }
  /** The first chunk seen from now on, again and again. */
  | { readonly kind: "constant" }
  /** Joint 4 swings to and fro from step to step, rad. */
  | { readonly kind: "oscillate"; readonly amplitude: number }
  /** Something that is no message of the protocol. */
  | { readonly kind: "garbage" }
  /** Ends at the next answer. */
  | { readonly kind: "crash" };

/** What stands in a slot that should hold a number. */
export type PoisonValue = "NaN" | "Infinity" | "-Infinity" | "null" | '"12"' | "true";

/** Environment of the whole system: where the tap finds its fault, a file with one PolicyFault as JSON. */
export const TAP_VARIABLE = "KINEVLA_POLICY_FAULT_FILE";
/** Beside that file: the instants of spoiled answers, s, one a line. */
export const TAP_STAMP_SUFFIX = ".at";
/** Environment: the file with the ProcessFault that a process takes up on SIGUSR2. */
export const PROCESS_VARIABLE = "KINEVLA_PROCESS_FAULT_FILE";

/** What a process of the system does to itself on SIGUSR2. */
export type ProcessFault =
  /** The next look at the clock throws, in the middle of whatever looked. */
  | { readonly kind: "throw" }
  | { readonly kind: "reject" }
  | { readonly kind: "block"; readonly seconds: number }
  /** Makes and drops so much garbage, in small objects. */
  | { readonly kind: "churn"; readonly megabytes: number }
  /** In the daemon: its last chunk of an epoch before the present one goes to the arm process once more, as a new one. */
  | { readonly kind: "replay-chunk" }
  /** Opens files until no more are given. */
  | { readonly kind: "descriptors" };
/** Beside the ProcessFault: what came of it, one JSON object, where it says something. */
export const ANSWER_SUFFIX = ".answer";
/** Environment: how the wall clock goes wrong in every process, see `wall-clock.ts`. */
export const WALL_VARIABLE = "KINEVLA_WALL_CLOCK_FAULT";
