import type { RefusalCode } from "../guard/refusal.js";

/** Every reason for which the arm process stops or leaves a motion. */
export type StopCode =
  | RefusalCode
  | "operator-stop"
  | "cell-open"
  | "operator-gone"
  | "operator-changed"
  | "deadman-released"
  | "daemon-lost"
  | "policy-starved"
  | "link-lost"
  | "stalled"
  | "guardian-fired"
  | "shut-down";

const BUG = "This is a fault of the program, not of the arm. Keep the log, report it, and restart the arm process.";

/** What the operator should do about each stop. */
export const STOP_HINT: Readonly<Record<StopCode, string>> = {
  "not-finite": BUG,
  position: BUG,
  step: BUG,
  velocity: BUG,
  acceleration: BUG,
  "speed-rises": BUG,
  "first-setpoint": BUG,
  "off-schedule": BUG,
  "old-epoch": BUG,
  "mode-forbids": BUG,
  latched: "Acknowledge the stop before this one.",
  "cartesian-speed": BUG,
  workspace:
    "The motion would have left the workspace. If the arm stands outside, go home or move it back with the vendor's pendant.",
  table:
    "The motion came too near to the table. If the hand stands too low, go home or move it up with the vendor's pendant.",
  "self-collision": "The arm came too near to itself. If it does not get free by going home, use the vendor's pendant.",
  "following-error":
    "The arm does not go where it is told. Look for contact, a closed brake or another program that commands it; then acknowledge.",
  "state-stale":
    "The arm's state arrives late or not at all. Check the cable, the push address and other load on the network.",
  "arm-fault": "Remove the cause (contact, load, supply, limit), make sure that nobody is in reach, then acknowledge.",
  "operator-lost": "The operator's beats stopped. Check the operator's connection, take control again and start anew.",
  "operator-gone": "Nobody is in control. Take control and start anew.",
  "operator-changed": "Another operator took control. The motion has to be started anew.",
  "deadman-released": "Hold-to-run was let go. When it is safe, press it anew, keep it pressed and start anew.",
  "guardian-lost": "The guardian process is silent or not connected to the arm. Start it again; motion waits for it.",
  "guardian-fired":
    "The guardian missed the arm process and stopped the arm. Check the machine's load, then acknowledge.",
  "cell-open":
    "The enabling switch or guard of the cell has opened, or its device is away. Close it in sight of the arm, then acknowledge.",
  "operator-stop": "Somebody pressed stop. Make sure that the cell is safe, then acknowledge.",
  "daemon-lost": "The daemon's connection ended while the arm moved. See the daemon's log; start the motion anew.",
  "policy-starved":
    "The policy gave no usable chunk in time. See its phase times and the machine's load; start it anew.",
  "link-lost":
    "The link to the arm is gone. Check power, cable and address; it is opened again by itself, standing by.",
  stalled:
    "This machine held the arm process up for too long. Lower its load or give it real-time scheduling, then start the motion anew.",
  "shut-down": "The arm process was told to end.",
};
