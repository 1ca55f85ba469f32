import type { Mode } from "../types/mode.js";
import type { ModeEvent } from "./mode-state.js";

// Interlocks: HO-14, ML-02, OP-01, OP-02, OP-03, OP-07.

/** What a rule may ask for; `follow-rules.ts` says how each is found. */
export type Need =
  | "in-control"
  | "role"
  /** The role may have the arm brought back: a supervisor's, or a higher one where the latch needs that. */
  | "supervises"
  | "operator"
  /** Heard as often as motion without a policy asks for. */
  | "near"
  | "deadman"
  /** Hold-to-run is pressed, whether or not other motion may do without. */
  | "pressed"
  | "guardian"
  | "fresh"
  | "healthy"
  | "sound"
  | "settled"
  | "inside"
  | "outside"
  | "still"
  /** Teleoperation is enabled: by the leader's button or by the operator, whichever this cell has. */
  | "enabled"
  | "button"
  | "no-button"
  | "leader"
  | "ready"
  /** The leader's button, or hold-to-run whether or not other motion needs it. */
  | "let-loose"
  | "newer-lease"
  | "same-lease"
  | "let-go";

/** What a rule changes besides the mode. */
export type Effect =
  | "new-epoch"
  /** Motion begins under the lease in control. */
  | "begin"
  /** Motion begins under whatever enables teleoperation. */
  | "lead"
  /** The leader's button is as told. */
  | "feel"
  /** Nobody knows how the leader's button is. */
  | "lose"
  /** Motion has come to its planned end. */
  | "arrive"
  /** Motion is cut short: hold-to-run has to be pressed anew. */
  | "cut"
  | "latch"
  | "unlatch"
  /** A new lease is in control. */
  | "claim"
  /** Hold-to-run is as the beat says. */
  | "hear"
  /** Nobody is in control. */
  | "drop"
  /** The next daemon counts its leases anew. */
  | "forget";

/** One transition: taken in one of the modes `from` when all needs are met; `to` is null where the mode stays. */
export interface Rule {
  readonly from: readonly Mode[];
  readonly needs: readonly Need[];
  readonly to: Mode | null;
  readonly does: readonly Effect[];
}

/** For each event its rules; the first that fits is taken. */
export type Rules = Readonly<Record<ModeEvent["kind"], readonly Rule[]>>;

const ANY: readonly Mode[] = [
  ...(["disconnected", "standby", "hold", "homing", "policy", "align", "teleop", "recovery", "fault"] as const),
];
/** Motion that only a lease authorises. */
const PLANNED: readonly Mode[] = ["homing", "policy"];
const MOVING: readonly Mode[] = [...PLANNED, "teleop"];
const RESTING: readonly Mode[] = ["hold", "align"];
const BACK: readonly Mode[] = ["recovery"];
const CUT: readonly Effect[] = ["new-epoch", "cut"];
const ARM: readonly Need[] = ["guardian", "fresh", "healthy", "inside"];
const STREAM: readonly Need[] = ["in-control", "role", ...ARM, "still"];
const RECOVER: readonly Need[] = [
  ...(["in-control", "supervises", "near", "pressed", "guardian", "fresh", "sound", "settled", "outside"] as const),
  "still",
];
const LEADING: readonly Need[] = ["enabled", "leader", "ready", ...ARM];

/** Every transition there is. */
export const RULES: Rules = {
  "link-up": [{ from: ["disconnected"], needs: [], to: "standby", does: [] }],
  // A latch outlives the link.
  "link-lost": [
    { from: MOVING, needs: [], to: "disconnected", does: CUT },
    { from: ["standby", ...RESTING], needs: [], to: "disconnected", does: [] },
    { from: BACK, needs: [], to: "fault", does: CUT },
  ],
  stop: [{ from: ANY, needs: [], to: "fault", does: ["new-epoch", "cut", "latch"] }],
  rest: [
    { from: MOVING, needs: [], to: "hold", does: CUT },
    { from: ["align"], needs: [], to: "hold", does: [] },
    { from: BACK, needs: [], to: "fault", does: CUT },
  ],
  "home-reached": [{ from: ["homing"], needs: [], to: "hold", does: ["arrive"] }],
  "stream-ended": [{ from: ["hold"], needs: ["still"], to: "standby", does: [] }],
  tick: [
    { from: ["policy"], needs: ["operator", "deadman", "guardian", "fresh"], to: null, does: [] },
    { from: ["homing"], needs: ["near", "deadman", "guardian", "fresh"], to: null, does: [] },
    { from: ["teleop"], needs: ["enabled", "leader", "guardian", "fresh"], to: null, does: [] },
    { from: MOVING, needs: [], to: "hold", does: CUT },
    // That hold-to-run is pressed goes without saying: letting go ends it, whether or not other motion needs it.
    { from: BACK, needs: ["near", "guardian", "fresh"], to: null, does: [] },
    { from: BACK, needs: [], to: "fault", does: CUT },
  ],
  // The leader's button, where it enables, takes the arm from whatever moves it, without a word of anybody else.
  lead: [
    { from: ["align"], needs: [...LEADING, "still"], to: "teleop", does: ["new-epoch", "lead"] },
    { from: ["hold"], needs: ["button", ...LEADING, "still"], to: "teleop", does: ["new-epoch", "lead"] },
    { from: PLANNED, needs: ["button", ...LEADING], to: "teleop", does: ["new-epoch", "lead"] },
    { from: PLANNED, needs: ["button", "enabled"], to: "align", does: CUT },
    { from: ["hold"], needs: ["button", "enabled"], to: "align", does: [] },
    { from: ["standby"], needs: ["button", ...LEADING, "still"], to: "align", does: [] },
  ],
  grip: [
    { from: ["teleop"], needs: ["button", "let-loose"], to: "hold", does: ["feel", ...CUT] },
    { from: ANY, needs: [], to: null, does: ["feel"] },
  ],
  "leader-gone": [
    { from: ["teleop"], needs: [], to: "hold", does: [...CUT, "lose"] },
    { from: ANY, needs: [], to: null, does: ["lose"] },
  ],
  beat: [
    { from: PLANNED, needs: ["newer-lease"], to: "hold", does: [...CUT, "claim"] },
    { from: ["teleop"], needs: ["no-button", "newer-lease"], to: "hold", does: [...CUT, "claim"] },
    { from: BACK, needs: ["newer-lease"], to: "fault", does: [...CUT, "claim"] },
    { from: ANY, needs: ["newer-lease"], to: null, does: ["claim"] },
    { from: PLANNED, needs: ["same-lease", "let-go"], to: "hold", does: ["hear", ...CUT] },
    { from: ["teleop"], needs: ["no-button", "same-lease", "let-go"], to: "hold", does: ["hear", ...CUT] },
    { from: BACK, needs: ["same-lease", "let-loose"], to: "fault", does: ["hear", ...CUT] },
    { from: ANY, needs: ["same-lease"], to: null, does: ["hear"] },
  ],
  "operator-gone": [
    { from: PLANNED, needs: [], to: "hold", does: [...CUT, "drop"] },
    { from: ["teleop"], needs: ["no-button"], to: "hold", does: [...CUT, "drop"] },
    { from: BACK, needs: [], to: "fault", does: [...CUT, "drop"] },
    { from: ANY, needs: [], to: null, does: ["drop"] },
  ],
  "daemon-lost": [
    { from: PLANNED, needs: [], to: "hold", does: [...CUT, "drop", "forget"] },
    { from: ["teleop"], needs: ["no-button"], to: "hold", does: [...CUT, "drop", "forget"] },
    { from: BACK, needs: [], to: "fault", does: [...CUT, "drop", "forget"] },
    { from: ANY, needs: [], to: null, does: ["drop", "forget"] },
  ],
  engage: [{ from: ["standby"], needs: STREAM, to: "hold", does: [] }],
  "follow-policy": [{ from: ["hold"], needs: [...STREAM, "deadman"], to: "policy", does: ["new-epoch", "begin"] }],
  home: [{ from: ["hold"], needs: [...STREAM, "near", "deadman"], to: "homing", does: ["new-epoch", "begin"] }],
  // Whoever is in control may have the leader take over; until it may be followed the arm stands and waits for it.
  teleop: [
    {
      from: [...RESTING, ...PLANNED],
      needs: ["in-control", "role", ...LEADING],
      to: "teleop",
      does: ["new-epoch", "lead"],
    },
    { from: PLANNED, needs: ["in-control"], to: "align", does: CUT },
    { from: RESTING, needs: STREAM, to: "align", does: [] },
  ],
  // Coming to rest needs nobody's authority.
  hold: [
    { from: MOVING, needs: [], to: "hold", does: CUT },
    { from: RESTING, needs: [], to: "hold", does: ["new-epoch"] },
    { from: BACK, needs: [], to: "fault", does: CUT },
  ],
  // The stream ends once the arm is at rest.
  disengage: [{ from: ["hold"], needs: [], to: null, does: [] }],
  // A latch that stays: nothing streams that the guard does not know for the way back.
  recover: [{ from: ["fault"], needs: RECOVER, to: "recovery", does: ["new-epoch", "begin"] }],
  acknowledge: [
    { from: ["fault"], needs: ["in-control", "role", "fresh", "healthy", "settled"], to: "standby", does: ["unlatch"] },
  ],
};
