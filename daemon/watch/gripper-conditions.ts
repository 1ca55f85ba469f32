import type { GripperHealth } from "../types/arm-state.js";
import type { Instant, Seconds } from "../types/units.js";
import type { Condition } from "./condition.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-08.

/** Bits of the gripper's error word (vendor): overheated, over-current, driver, internal communication. */
const BROKEN = 0b11110;
/** Bit of a gripper that is held up: what it should be when it grips something. */
const STALLED = 0b00001;

/** A whole stroke takes 0.6 s, and the opening is asked for every 0.2 s (drivers/gripper): before that it is no error. */
const STROKE: Seconds = 0.8;

/** The table of what the gripper must not be; its force stays as it is, and it is never opened by itself. */
export function gripperConditions(
  { online, errors, commanded, measured, unansweredSince }: GripperHealth,
  now: Instant,
  limits: WatchLimits["gripper"],
): readonly Condition[] {
  // Short of closing is what gripping is; only an opening that does not happen is a fault.
  const opens = measured - commanded < -limits.error;
  const row = { id: "AR-08", code: "gripper-fault", reaction: "ramp" } as const;
  return [
    { ...row, lasting: 0, holds: online === false, detail: () => "the gripper is offline" },
    { ...row, lasting: 0, holds: (errors & BROKEN) !== 0, detail: () => `the gripper reports errors ${bits(errors)}` },
    {
      ...{ ...row, lasting: limits.lasting + STROKE },
      holds: (errors & STALLED) !== 0 && opens,
      detail: () => "the gripper is held up while it should open",
    },
    {
      ...{ ...row, lasting: 0 },
      holds: now - unansweredSince > limits.answer,
      detail: () => "the gripper's last command is not confirmed",
    },
    {
      ...{ ...row, lasting: limits.lasting + STROKE },
      holds: opens,
      detail: () => `the gripper is at ${measured.toFixed(2)} and should be open to ${commanded.toFixed(2)}`,
    },
  ];
}

function bits(errors: number): string {
  return `0b${errors.toString(2).padStart(5, "0")}`;
}
