import type { Mode } from "../types/mode.js";
import type { Role } from "../types/role.js";

/** Who is in control, as told by beats. */
export interface Control {
  readonly lease: number;
  readonly role: Role;
  /** The hold-to-run control is pressed. */
  readonly held: boolean;
}

/** Everything that decides what may move; nothing of it outlives the process. */
export interface ModeState {
  readonly mode: Mode;
  /** Grows with every stop and with every beginning and end of a motion; what carries an older one is void. */
  readonly epoch: number;
  readonly control: Control | null;
  /** Highest lease ever heard; none up to it can claim control again. -1 before the first. */
  readonly fence: number;
  /** The lease under which the arm moves, or the leader's button; null while no source moves it. */
  readonly under: number | "button" | null;
  /** Hold-to-run was pressed anew, under the present lease, since a motion was last cut short. */
  readonly pressed: boolean;
  /** The leader's button is pressed; true also while nobody knows, so that a leader that comes has to be pressed anew. */
  readonly gripHeld: boolean;
  /** It was pressed anew since a motion was last cut short. */
  readonly gripped: boolean;
  /** Who may acknowledge the latched stop; null while none is latched. */
  readonly latch: Role | null;
}

/** How the process begins. */
export const AT_START: ModeState = {
  mode: "disconnected",
  epoch: 0,
  control: null,
  fence: -1,
  under: null,
  pressed: false,
  gripHeld: true,
  gripped: false,
  latch: null,
};

/** Everything that may change the state. */
export type ModeEvent =
  /** The link to the arm is up and its state arrives. */
  | { readonly kind: "link-up" | "link-lost" }
  /** A latched stop: a person, guard, arm fault, guardian. */
  | { readonly kind: "stop"; readonly acknowledgedBy: Role }
  /** Motion ends by a stopping ramp: starved, refused by the guard, told to end. */
  | { readonly kind: "rest" }
  | { readonly kind: "home-reached" | "stream-ended" }
  /** Before each setpoint of a motion. */
  | { readonly kind: "tick" }
  /** Before each setpoint while nothing moves or something else does: the leader takes over when it may. */
  | { readonly kind: "lead" }
  /** The leader's button. */
  | { readonly kind: "grip"; readonly held: boolean }
  /** Its readings have ended. */
  | { readonly kind: "leader-gone" }
  | { readonly kind: "beat"; readonly lease: number; readonly role: Role; readonly held: boolean }
  /** Nobody is in control any more, or nobody is there who could say who is. */
  | { readonly kind: "operator-gone" | "daemon-lost" }
  /** Somebody asks for a change of mode. */
  | { readonly kind: RequestKind; readonly lease: number };

/** Requests, by name. */
export type RequestKind =
  | "engage"
  | "follow-policy"
  | "home"
  | "teleop"
  | "hold"
  | "disengage"
  | "recover"
  | "acknowledge";

/** What is found at one instant by whoever knows the clock and the arm. */
export interface Senses {
  /** Beats of whoever is in control arrive. */
  readonly operator: boolean;
  /** They arrive at least as often as motion without a policy asks for. */
  readonly near: boolean;
  /** The leader's button is what enables teleoperation in this cell; otherwise the operator's hold-to-run does. */
  readonly button: boolean;
  /** Readings of the leader arrive, and nothing is wrong with them. */
  readonly leader: boolean;
  /** The leader may be followed from where it and the arm are: calibrated, tested, and aligned or on the clutch. */
  readonly ready: boolean;
  /** The hold-to-run control is not needed: configured so, or allowed by a supervisor. */
  readonly unattended: boolean;
  /** Beats of the guardian arrive. */
  readonly guardian: boolean;
  /** The link is up and arm state is fresh. */
  readonly fresh: boolean;
  /** The arm reports no fault. */
  readonly healthy: boolean;
  /** Nothing is wrong with it but that it may stand outside its soft limits. */
  readonly sound: boolean;
  /** It has reported none for long enough to believe it. */
  readonly settled: boolean;
  /** The measured pose lies inside the soft limits. */
  readonly inside: boolean;
  /** Nothing is moving: no ramp under way. */
  readonly still: boolean;
}
