import type { Mode } from "../types/mode.js";
import type { ModeEvent } from "./mode-state.js";

// Interlocks: HO-14, OP-01, OP-02, OP-03.

/** What a rule may ask for; `follow-rules.ts` says how each is found. */
export type Need =
  | "in-control"
  | "role"
  | "operator"
  | "deadman"
  | "guardian"
  | "fresh"
  | "healthy"
  | "settled"
  | "inside"
  | "still"
  | "newer-lease"
  | "same-lease"
  | "let-go";

/** What a rule changes besides the mode. */
export type Effect =
  | "new-epoch"
  /** Motion begins under the lease in control. */
  | "begin"
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

const ANY: readonly Mode[] = ["disconnected", "standby", "hold", "homing", "policy", "fault"];
const MOVING: readonly Mode[] = ["homing", "policy"];
const CUT: readonly Effect[] = ["new-epoch", "cut"];
const STREAM: readonly Need[] = ["in-control", "role", "guardian", "fresh", "healthy", "inside", "still"];

/** Every transition there is. */
export const RULES: Rules = {
  "link-up": [{ from: ["disconnected"], needs: [], to: "standby", does: [] }],
  // A latch outlives the link.
  "link-lost": [
    { from: MOVING, needs: [], to: "disconnected", does: CUT },
    { from: ["standby", "hold"], needs: [], to: "disconnected", does: [] },
  ],
  stop: [{ from: ANY, needs: [], to: "fault", does: ["new-epoch", "cut", "latch"] }],
  rest: [{ from: MOVING, needs: [], to: "hold", does: CUT }],
  "home-reached": [{ from: ["homing"], needs: [], to: "hold", does: ["arrive"] }],
  "stream-ended": [{ from: ["hold"], needs: ["still"], to: "standby", does: [] }],
  tick: [
    { from: MOVING, needs: ["operator", "deadman", "guardian", "fresh"], to: null, does: [] },
    { from: MOVING, needs: [], to: "hold", does: CUT },
  ],
  beat: [
    { from: MOVING, needs: ["newer-lease"], to: "hold", does: [...CUT, "claim"] },
    { from: ANY, needs: ["newer-lease"], to: null, does: ["claim"] },
    { from: MOVING, needs: ["same-lease", "let-go"], to: "hold", does: ["hear", ...CUT] },
    { from: ANY, needs: ["same-lease"], to: null, does: ["hear"] },
  ],
  "operator-gone": [
    { from: MOVING, needs: [], to: "hold", does: [...CUT, "drop"] },
    { from: ANY, needs: [], to: null, does: ["drop"] },
  ],
  "daemon-lost": [
    { from: MOVING, needs: [], to: "hold", does: [...CUT, "drop", "forget"] },
    { from: ANY, needs: [], to: null, does: ["drop", "forget"] },
  ],
  engage: [{ from: ["standby"], needs: STREAM, to: "hold", does: [] }],
  "follow-policy": [{ from: ["hold"], needs: [...STREAM, "deadman"], to: "policy", does: ["new-epoch", "begin"] }],
  home: [{ from: ["hold"], needs: [...STREAM, "deadman"], to: "homing", does: ["new-epoch", "begin"] }],
  // Coming to rest needs nobody's authority.
  hold: [
    { from: MOVING, needs: [], to: "hold", does: CUT },
    { from: ["hold"], needs: [], to: null, does: ["new-epoch"] },
  ],
  // The stream ends once the arm is at rest.
  disengage: [{ from: ["hold"], needs: [], to: null, does: [] }],
  acknowledge: [
    { from: ["fault"], needs: ["in-control", "role", "fresh", "healthy", "settled"], to: "standby", does: ["unlatch"] },
  ],
};
