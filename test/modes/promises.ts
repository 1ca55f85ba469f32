import type { Step } from "../../daemon/modes/follow-rules.js";
import type { ModeEvent, ModeState, Senses } from "../../daemon/modes/mode-state.js";
import type { Mode } from "../../daemon/types/mode.js";
import { ROLES, type Role } from "../../daemon/types/role.js";

/**
 * What has happened so far, kept apart from the machine and written from the catalogue (reference/safety.md section 3),
 * so that the machine is not judged by its own memory.
 */
export interface History {
  /** The lease that was heard last and not given up since, and what it said. */
  readonly owner: { readonly lease: number; readonly role: Role; readonly held: boolean } | null;
  readonly highest: number;
  /** Hold-to-run was pressed anew under this lease since a motion was cut short. */
  readonly pressedAnew: boolean;
  /** The leader's button as it was told last, and whether it was pressed anew since a motion was cut short. */
  readonly grip: { readonly held: boolean; readonly anew: boolean };
  /** Who has to acknowledge what is latched. */
  readonly latch: Role | null;
  /** A chunk on its way to the arm process: the epoch it carries, and whether what it was made for is over. */
  readonly chunk: { readonly epoch: number; readonly isVoid: boolean } | null;
}

export const NOTHING_YET: History = {
  ...{ owner: null, highest: -1, pressedAnew: false, latch: null, chunk: null },
  grip: { held: true, anew: false },
};

/** What can happen: an event of the machine, or something with a chunk. */
export type Happening = ModeEvent | { readonly kind: "chunk-sent" | "chunk-arrives" };

export function moves(mode: Mode): boolean {
  return mode === "homing" || mode === "policy" || mode === "teleop" || mode === "recovery";
}

/** Latched, be it that joints are brought back inside their limits. */
function isLatched(mode: Mode): boolean {
  return mode === "fault" || mode === "recovery";
}

/** Motion that only an operator's lease authorises. */
function isPlanned(mode: Mode): boolean {
  return mode === "homing" || mode === "policy";
}

function rank(role: Role): number {
  return ROLES.indexOf(role);
}

/** The history after an event. */
export function remember(history: History, event: ModeEvent, before: Mode, after: Mode): History {
  const cut = moves(before) && !moves(after) && event.kind !== "home-reached";
  const takenOver = isPlanned(before) && after === "teleop";
  const over = cut || event.kind === "stop" || takenOver || (!moves(before) && moves(after));
  const chunk = over && history.chunk !== null ? { ...history.chunk, isVoid: true } : history.chunk;
  const anew = history.grip.anew && !cut && event.kind !== "stop";
  const grip = { ...history.grip, anew };
  const next = over ? { ...history, chunk, grip, pressedAnew: history.pressedAnew && !cut } : history;
  switch (event.kind) {
    case "stop":
      return { ...next, pressedAnew: false, latch: heavier(history.latch, event.acknowledgedBy) };
    case "acknowledge":
      return before === "fault" && after !== "fault" ? { ...next, latch: null } : next;
    case "grip":
      return { ...next, grip: { held: event.held, anew: event.held && !cut && (grip.anew || !history.grip.held) } };
    case "leader-gone":
      return { ...next, grip: { held: true, anew: false } };
    case "operator-gone":
      return { ...next, owner: null, pressedAnew: false };
    case "daemon-lost":
      return { ...next, owner: null, pressedAnew: false, highest: -1 };
    case "beat": {
      const { lease, role, held } = event;
      if (lease > history.highest) {
        return { ...next, owner: { lease, role, held }, highest: lease, pressedAnew: false };
      }
      if (history.owner?.lease !== lease) {
        return history;
      }
      const pressedAnew = held && !cut && (history.pressedAnew || !history.owner.held);
      return { ...next, owner: { ...history.owner, held }, pressedAnew };
    }
    default:
      return next;
  }
}

function heavier(one: Role | null, other: Role): Role {
  return one !== null && rank(one) >= rank(other) ? one : other;
}

/** One edge of the state graph. */
export interface Edge {
  readonly before: ModeState;
  readonly event: ModeEvent;
  readonly senses: Senses;
  readonly step: Step;
  readonly was: History;
  readonly is: History;
}

/** What enables teleoperation: the leader's button, or an operator who is heard often enough. */
function isEnabled({ senses, was }: Edge): boolean {
  const operates = was.owner !== null && rank(was.owner.role) >= 1 && (senses.unattended || was.pressedAnew);
  return senses.button ? was.grip.anew : senses.near && operates;
}

/** Why a motion may go on at a tick. */
function mayGoOn(edge: Edge): boolean {
  const { operator, near, guardian, fresh, unattended, leader } = edge.senses;
  if (edge.before.mode === "recovery") {
    return near && edge.was.pressedAnew && guardian && fresh;
  }
  // A lost operator counts sooner while anything but a policy moves the arm.
  const heard = edge.before.mode === "policy" ? operator : near;
  const authorised =
    edge.before.mode === "teleop" ? isEnabled(edge) && leader : heard && (unattended || edge.was.pressedAnew);
  return authorised && guardian && fresh;
}

/** Whether the leader may be followed now; from rest only when nothing moves any more. */
function mayLead(edge: Edge): boolean {
  const { leader, ready, guardian, fresh, healthy, inside } = edge.senses;
  return isEnabled(edge) && leader && ready && guardian && fresh && healthy && inside;
}

/** Whether the one who asks is in control. */
function isAsked({ event, senses, was }: Edge): boolean {
  return (
    senses.operator &&
    was.owner !== null &&
    "lease" in event &&
    event.lease === was.owner.lease &&
    rank(was.owner.role) >= 1
  );
}

/** Whether the one who asks may make the arm move now, but for hold-to-run. */
function mayStream({ event, senses, was }: Edge): boolean {
  const { operator, guardian, fresh, healthy, inside, still } = senses;
  const asks = was.owner !== null && "lease" in event && event.lease === was.owner.lease && rank(was.owner.role) >= 1;
  return asks && operator && guardian && fresh && healthy && inside && still;
}

/** Whether the one who asks may acknowledge what is latched. */
function mayAcknowledge({ event, senses, was }: Edge): boolean {
  const isOwner = was.owner !== null && "lease" in event && event.lease === was.owner.lease;
  const mayRank = was.owner !== null && was.latch !== null && rank(was.owner.role) >= rank(was.latch);
  return isOwner && mayRank && senses.operator && senses.fresh && senses.healthy && senses.settled;
}

/** Whether the one who asks may have joints brought back that stand outside their limits. */
function mayRecover({ event, senses, was }: Edge): boolean {
  const { operator, near, guardian, fresh, sound, settled, inside, still } = senses;
  const isOwner = was.owner !== null && "lease" in event && event.lease === was.owner.lease;
  const mayRank =
    was.owner !== null && rank(was.owner.role) >= Math.max(rank("supervisor"), rank(was.latch ?? "viewer"));
  const found = operator && near && guardian && fresh && sound && settled && !inside && still;
  return isOwner && mayRank && was.pressedAnew && found;
}

/** Whether the one who asks may begin this motion, with hold-to-run. */
function mayBegin(edge: Edge): boolean {
  const heard = edge.event.kind !== "home" || edge.senses.near;
  return mayStream(edge) && heard && (edge.senses.unattended || edge.was.pressedAnew);
}

function isMotionRequest(event: ModeEvent): boolean {
  return event.kind === "home" || event.kind === "follow-policy";
}

/** Every promise about one edge; each is true, or broken. */
export const PROMISES: Readonly<Record<string, (edge: Edge) => boolean>> = {
  "motion begins only from hold, on a request that may": (edge) => {
    const { before, event, step } = edge;
    const begins = !moves(before.mode) && isPlanned(step.state.mode);
    const may = before.mode === "hold" && isMotionRequest(event) && mayBegin(edge);
    return !begins || (may && step.state.epoch > before.epoch);
  },
  "an arm is brought back only out of a fault, on a request that may, and then at once": (edge) => {
    const { before, event, step } = edge;
    const begins = before.mode !== "recovery" && step.state.mode === "recovery";
    const may = event.kind === "recover" && before.mode === "fault" && mayRecover(edge);
    return begins === may && (!begins || step.state.epoch > before.epoch);
  },
  "bringing back ends in fault, whatever ends it": ({ before, step: { state } }) =>
    before.mode !== "recovery" || isLatched(state.mode),
  "streaming begins only from standby, on a request that may": (edge) => {
    const { before, event, step } = edge;
    const begins = before.mode === "standby" && step.state.mode !== "standby";
    const leaves = event.kind === "link-lost" || event.kind === "stop";
    if (event.kind === "lead") {
      const may = edge.senses.button && edge.senses.still && mayLead(edge);
      return before.mode !== "standby" || may === (step.state.mode === "align");
    }
    return !begins || leaves || (event.kind === "engage" && step.state.mode === "hold" && mayStream(edge));
  },
  "a request that may is granted": (edge) => {
    const { before, event, step } = edge;
    return !(before.mode === "hold" && isMotionRequest(event) && mayBegin(edge)) || moves(step.state.mode);
  },
  "a request to stream, to end the stream or to acknowledge that may is granted": (edge) => {
    const { before, event, step, senses } = edge;
    switch (event.kind) {
      case "engage":
        return before.mode !== "standby" || !mayStream(edge) || step.state.mode === "hold";
      case "disengage":
        return before.mode !== "hold" || step.taken;
      case "stream-ended":
        return before.mode !== "hold" || !senses.still || step.state.mode === "standby";
      case "acknowledge":
        return before.mode !== "fault" || !mayAcknowledge(edge) || step.state.mode === "standby";
      default:
        return true;
    }
  },
  "a leader is followed only when it may be, from where it may be, and then at once": (edge) => {
    const { before, event, step, senses } = edge;
    const begins = before.mode !== "teleop" && step.state.mode === "teleop";
    const resting = before.mode === "hold" || before.mode === "align";
    if (event.kind === "lead") {
      // Without its button a leader moves nothing but what somebody in control prepared.
      const from = before.mode === "align" || (senses.button && (before.mode === "hold" || isPlanned(before.mode)));
      return begins === (from && mayLead(edge) && (senses.still || !resting));
    }
    if (event.kind === "teleop") {
      return begins === ((resting || isPlanned(before.mode)) && isAsked(edge) && mayLead(edge));
    }
    return !begins;
  },
  "a takeover makes the epoch before it void": ({ before, step: { state } }) =>
    before.mode === "teleop" || state.mode !== "teleop" || state.epoch > before.epoch,
  "a leader whose button is pressed takes the arm from whatever moves it": (edge) => {
    const { before, event, step, senses } = edge;
    const takes = event.kind === "lead" && senses.button && isEnabled(edge);
    return (
      !takes ||
      mayLead(edge) ||
      step.state.mode === (isPlanned(before.mode) || before.mode === "hold" ? "align" : before.mode)
    );
  },
  "the arm waits for a leader only where that was asked for": (edge) => {
    const { before, event, step, senses } = edge;
    const waits = before.mode !== "align" && step.state.mode === "align";
    if (event.kind === "teleop") {
      const may = isPlanned(before.mode) ? isAsked(edge) : before.mode === "hold" && mayStream(edge);
      return waits === (may && !(isAsked(edge) && mayLead(edge)));
    }
    return !waits || (event.kind === "lead" && senses.button && isEnabled(edge));
  },
  "who waits for a leader goes on waiting when asked again": (edge) => {
    const { before, event, step } = edge;
    return (
      event.kind !== "teleop" ||
      before.mode !== "align" ||
      step.taken === (mayStream(edge) || (isAsked(edge) && mayLead(edge)))
    );
  },
  "letting the leader's button go, or losing the leader, ends what it enables": ({
    event,
    senses,
    step: { state },
  }) => {
    const ends = event.kind === "leader-gone" || (event.kind === "grip" && !event.held && senses.button);
    return !ends || state.mode !== "teleop";
  },
  "a button that is not let go, or enables nothing, ends nothing": ({ before, event, senses, step: { state } }) =>
    event.kind !== "grip" || (!event.held && senses.button) || state.mode === before.mode,
  "nobody but the leader ends what its button enables, unless he wants it to rest": ({
    before,
    event,
    senses,
    step,
  }) => {
    const concerns = event.kind === "beat" || event.kind === "operator-gone" || event.kind === "daemon-lost";
    return before.mode !== "teleop" || !senses.button || !concerns || step.state.mode === "teleop";
  },
  "what is known of the leader's button is what was told": ({ step: { state }, is }) =>
    state.gripHeld === is.grip.held && state.gripped === is.grip.anew,
  "every setpoint of a motion has operator, hold-to-run, guardian and fresh state": (edge) =>
    edge.event.kind !== "tick" || !moves(edge.step.state.mode) || mayGoOn(edge),
  "a motion with all of these goes on": (edge) =>
    edge.event.kind !== "tick" || !moves(edge.before.mode) || !mayGoOn(edge) || moves(edge.step.state.mode),
  "what moves, moves under the lease that began it, and that lease is in control": ({ step: { state }, is }) =>
    isPlanned(state.mode) || state.mode === "recovery"
      ? is.owner !== null && state.under === is.owner.lease
      : state.mode === "teleop"
        ? state.under === "button" || state.under === (is.owner?.lease ?? -1)
        : state.under === null,
  "what is latched does not stream; what is not latched is no fault": ({ step: { state }, is }) =>
    isLatched(state.mode) === (is.latch !== null) && state.latch === is.latch,
  "a stop ends in fault, from everywhere, with a new epoch": ({ before, event, step: { state } }) =>
    event.kind !== "stop" || (state.mode === "fault" && state.epoch > before.epoch),
  "a latch is left only by whoever may acknowledge it, and only to standby": (edge) => {
    const { before, event, step } = edge;
    const leaves = isLatched(before.mode) && !isLatched(step.state.mode);
    const may = before.mode === "fault" && event.kind === "acknowledge" && mayAcknowledge(edge);
    return !leaves || (may && step.state.mode === "standby");
  },
  "a motion that is cut short makes its epoch void": ({ before, event, step: { state } }) =>
    !moves(before.mode) || moves(state.mode) || event.kind === "home-reached" || state.epoch > before.epoch,
  "epochs never fall": ({ before, step: { state } }) => state.epoch >= before.epoch,
  "letting go ends the motion that it enables": ({ before, event, senses, step: { state }, was }) => {
    const needed = before.mode === "recovery" || !senses.unattended;
    const letsGo = event.kind === "beat" && event.lease === was.owner?.lease && !event.held && needed;
    return !letsGo || !moves(state.mode) || (before.mode === "teleop" && senses.button);
  },
  "a beat of the one in control who holds on does not end the motion": ({ before, event, senses, step, was }) => {
    const holds = event.kind === "beat" && (event.held || (senses.unattended && before.mode !== "recovery"));
    const holdsOn = event.kind === "beat" && event.lease === was.owner?.lease && holds;
    return !holdsOn || moves(before.mode) === moves(step.state.mode);
  },
  "whoever is new in control finds the arm at rest, or with the leader": ({ event, senses, step: { state }, was }) =>
    event.kind !== "beat" ||
    event.lease <= was.highest ||
    !moves(state.mode) ||
    (state.mode === "teleop" && senses.button),
  "an older lease changes nothing": ({ before, event, step: { state }, was }) => {
    const isOld = event.kind === "beat" && event.lease <= was.highest && event.lease !== was.owner?.lease;
    return !isOld || state === before;
  },
  "control is with the newest lease, and with nobody once it is gone": ({ step: { state }, is }) =>
    state.control?.lease === is.owner?.lease && state.control?.role === is.owner?.role,
  "nobody in control, nothing moves but what the leader's button enables": ({ event, senses, step: { state } }) =>
    (event.kind !== "operator-gone" && event.kind !== "daemon-lost") ||
    !moves(state.mode) ||
    (state.mode === "teleop" && senses.button),
  "a lost link streams nothing": ({ event, step: { state } }) =>
    event.kind !== "link-lost" || state.mode === "disconnected" || state.mode === "fault",
  "a link comes up standing by": ({ before, event, step: { state } }) =>
    event.kind !== "link-up" || state.mode === (before.mode === "disconnected" ? "standby" : before.mode),
  "coming to rest needs nobody's authority": ({ before, event, step: { state } }) =>
    (event.kind !== "hold" && event.kind !== "rest") ||
    (!moves(before.mode) && before.mode !== "align") ||
    state.mode === (before.mode === "recovery" ? "fault" : "hold"),
  "the stream ends only at rest": ({ before, event, senses, step: { state } }) => {
    const ends = before.mode === "hold" && (event.kind === "disengage" ? state !== before : state.mode === "standby");
    return !ends || event.kind === "stop" || event.kind === "link-lost" || event.kind === "hold" || senses.still;
  },
  "asked to hold, what was asked before is void": ({ before, event, step: { state } }) =>
    event.kind !== "hold" ||
    (before.mode !== "hold" && before.mode !== "align" && !moves(before.mode)) ||
    state.epoch > before.epoch,
  "a motion that was never asked to end has a planned end": ({ before, event, step: { state } }) =>
    event.kind !== "home-reached" || before.mode !== "homing" || state.mode === "hold",
};
