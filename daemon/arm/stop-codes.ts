import type { RefusalCode } from "../guard/refusal.js";
import type { WatchCode } from "../watch/finding.js";

/** Every reason for which the arm process stops or leaves a motion. */
export type StopCode =
  | RefusalCode
  | WatchCode
  | "operator-stop"
  | "cell-open"
  | "operator-gone"
  | "operator-changed"
  | "deadman-released"
  | "daemon-lost"
  | "policy-starved"
  | "link-lost"
  | "controller-restarted"
  | "stalled"
  | "guardian-fired"
  | "leader-released"
  | "taken-over"
  | "recovered"
  | "shut-down";

const BUG = "This is a fault of the program, not of the arm. Keep the log, report it, and restart the arm process.";

/** What the operator should do about each stop. */
export const STOP_HINT: Readonly<Record<StopCode, string>> = {
  "not-finite": BUG,
  position: BUG,
  step: BUG,
  velocity: BUG,
  acceleration: BUG,
  jerk: BUG,
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
  "controller-restarted":
    "The arm's controller was switched off and on, or restarted by itself. Make sure that the arm stands as it should and nobody is in reach, select the hand's tool frame where it asks for that; then acknowledge.",
  stalled:
    "This machine held the arm process up for too long. Lower its load or give it real-time scheduling, then start the motion anew.",
  "taken-over":
    "The puppet was taken while something else moved the arm. Bring it to the arm's pose and press its button anew.",
  recovered: "Look at the arm and at what moved it out of its limits; then acknowledge.",
  "leader-released":
    "The puppet's button was let go. Bring the puppet to the arm's pose and press the button anew, or give the command back.",
  "leader-jump":
    "The puppet's readings jumped. Look at its cable and encoders; bring it to the arm's pose and press its button anew.",
  "leader-late":
    "The puppet's readings come late, so the arm goes at half pace. Look at its cable and at this machine's load.",
  "leader-lost":
    "The puppet's readings have ended. Plug it in and look whether its process runs; bring it to the arm's pose and press its button anew.",
  "leader-frozen":
    "The puppet's readings stood still although it moved. Unplug it and plug it in again; then bring it to the arm's pose anew.",
  "leader-apart":
    "The puppet went too far ahead of the arm. Bring it to the arm's pose, or use the clutch, and press its button anew.",
  "shut-down": "The arm process was told to end.",
  "outside-limits":
    "A joint stands outside its soft limit. A supervisor brings it back (kinevla recover); then acknowledge and go home.",
  overspeed:
    "A joint moved faster than it was told. Look for another program that commands the arm and for a slipping load; then acknowledge.",
  "cartesian-overspeed":
    "A part of the arm moved faster than permitted. Look for another program that commands the arm; then acknowledge.",
  "below-table":
    "The fingers are measured inside the table: height of the table in the limits, hand or arm do not agree. Check them, move the arm up with the vendor's pendant, then acknowledge.",
  "too-near":
    "The arm nearly touches itself. Take it apart with the vendor's pendant, check the hand's size in the limits, then acknowledge.",
  "falls-behind": "The arm follows poorly. Look for contact or a heavy load.",
  "joint-stuck":
    "One joint does not move although it is told to. Look for contact or a closed brake; then acknowledge.",
  "moves-unasked":
    "The arm moved although it should stand. Keep the emergency stop at hand, look for a slipping brake or another program; then acknowledge.",
  oscillation: "The policy sends the arm back and forth. Check cameras and bundle, then start it anew.",
  "out-of-envelope":
    "The policy keeps asking for more than the arm may do. Check that bundle, cameras and cell belong together, then start it anew.",
  "policy-garbage":
    "The policy's output was no motion twice. Do not use this bundle; see the daemon's log, then acknowledge.",
  "policy-unfamiliar":
    "The policy was trained on nothing like this. If the arm stands where it never stood, bring it home; otherwise the bundle is for another arm: do not use it here. Then acknowledge.",
  "policy-out-of-range":
    "The policy keeps aiming beyond the limits. Check that the bundle was trained for this arm and cell, then start it anew.",
  "policy-jumps": "The policy asks for jumps. Check that the bundle was trained for this arm, then start it anew.",
  "policy-late": "The policy is late, so the arm goes at half pace. See its phase times and the machine's load.",
  "pictures-late":
    "The policy's pictures come late, so the arm goes at half pace. Look at the cameras' cables and rates and at the machine's load.",
  "policy-overrun": "The policy has moved the arm for as long as it may. Look at what it does, then start it anew.",
  "foreign-motion":
    "Something else drives the arm: pendant, web page, a hand, a button or another program. End that, take control anew, then acknowledge.",
  "joint-hot": "A joint is hot. Let the arm rest; it may go on once every joint is below 60 degrees.",
  "joint-current": "A joint works too hard. Look for contact, a jam or too heavy a load; then acknowledge.",
  "joint-voltage":
    "The supply is outside what the arm needs (20 to 27 V). Check power supply and plug; then acknowledge.",
  "controller-hot": "The controller is hot. Free its air inlets and let it cool down; then acknowledge.",
  "gripper-fault":
    "The gripper does not work. It keeps its force; support what it holds, check its plug, then start anew.",
  "state-late": "The arm's state comes late. Check the cable, the load of the network and of this machine.",
  "state-frozen": "The arm's reports stand still while it is told to move. Restart its controller if this repeats.",
  "state-implausible": "The arm's reports jump. Look for two senders of state or a bad network; then start anew.",
  "state-foreign": "Somebody else sends to the port of the arm's state. Keep the arm's network to itself.",
  "arm-silent": "The controller does not answer. Check the cable; the link is opened again by itself, then start anew.",
  "link-stalled":
    "The controller takes setpoints too late or not at all, or the arm is blocked. Look for contact, check the cable and other load on the network; the link is opened again by itself, then start anew.",
  "replies-garbled":
    "The controller sends lines that are no messages. Check cable and firmware, restart the controller; then acknowledge.",
  "setpoint-refused":
    "The controller does not take setpoints. Look at its errors and for another program that commands it; then acknowledge.",
  "reply-unasked":
    "The controller answers what was not asked. Look for another program that talks to it, restart it; then acknowledge.",
  "arm-changed":
    "Somebody changed the arm's settings while it was in use. Set them back with the vendor's page or pendant; then acknowledge.",
  "collision-unread":
    "The controller does not say how sensitive its detection of collisions is. Look at its load and the cable; if it stays so, restart it.",
  "tool-wrong":
    "Select the hand's tool frame with the vendor's page or pendant (after power-up a controller counts with no load), or correct arm.tool in the configuration.",
  "stop-not-obeyed":
    "The arm does not stop. Press the emergency stop now. Do not use the arm again before its controller was checked.",
  "resources-short":
    "A process is about to run out of what it needs. Read which and of what; restart it where it does not recover, and report it.",
  "machine-late":
    "This machine runs the stream unevenly, so the arm goes at half pace. Lower its load or give it real-time scheduling.",
};
