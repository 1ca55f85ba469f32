import { followRules } from "../../daemon/modes/follow-rules.js";
import {
  AT_START,
  type ModeEvent,
  type ModeState,
  type RequestKind,
  type Senses,
} from "../../daemon/modes/mode-state.js";
import type { Rules } from "../../daemon/modes/rules.js";
import type { Mode } from "../../daemon/types/mode.js";
import type { Role } from "../../daemon/types/role.js";
import { type Edge, type History, NOTHING_YET, PROMISES, remember } from "./promises.js";

const GOOD: Senses = {
  ...{ operator: true, unattended: false, guardian: true, fresh: true },
  ...{ near: true, button: true, leader: true, ready: true },
  ...{ healthy: true, sound: true, settled: true, inside: true, still: true },
};
/** What can be found; whether a leader's button enables is no finding but how a cell is made. */
const NAMES = ["operator", "unattended", "guardian", "fresh", "healthy", "settled", "inside", "still", "near"] as const;
/** What counts for a leader besides; what else is missing is missing one at a time. */
const LEADER_NAMES = ["near", "leader", "ready", "unattended", "still"] as const;

function combinations(names: readonly (keyof Senses)[], of: Senses): readonly Senses[] {
  return Array.from({ length: 2 ** names.length }, (_, bits) =>
    names.reduce<Senses>((senses, name, bit) => Object.assign(senses, { [name]: (bits & (1 << bit)) !== 0 }), {
      ...of,
    }),
  );
}

/** An arm that was stopped because it stands outside its limits, and what counts for bringing it back. */
const OUTSIDE: Senses = { ...GOOD, healthy: false, inside: false };
const RECOVERY_NAMES = ["operator", "near", "guardian", "fresh", "sound", "settled", "inside", "still"] as const;

/**
 * What the search finds at an instant, for the events of a motion that is planned, of one that follows a leader, and of one
 * that comes back inside the limits.
 */
export interface Found {
  readonly planned: readonly Senses[];
  readonly led: readonly Senses[];
  readonly back: readonly Senses[];
}

/** Every combination of what planned motion asks for, and of what a leader does, with one more thing missing or none. */
export const EVERY_SENSES: Found = {
  planned: combinations(NAMES, GOOD),
  led: [GOOD, ...NAMES.map((name) => ({ ...GOOD, [name]: false }))].flatMap((of) => combinations(LEADER_NAMES, of)),
  back: [OUTSIDE, { ...OUTSIDE, unattended: true }].flatMap((of) => combinations(RECOVERY_NAMES, of)),
};

/** Cells in which the leader's button enables teleoperation, and in which the operator does. */
export const CELLS = [true, false];

/** All is well, with and without need of hold-to-run, or one thing is missing. */
const PLANNED_LACKS: readonly Senses[] = [
  GOOD,
  { ...GOOD, unattended: true },
  ...NAMES.filter((name) => name !== "unattended").map((name) => ({ ...GOOD, unattended: true, [name]: false })),
];
export const SINGLE_LACKS: Found = {
  planned: PLANNED_LACKS,
  led: [...PLANNED_LACKS, ...(["leader", "ready"] as const).map((name) => ({ ...GOOD, [name]: false }))],
  back: [
    OUTSIDE,
    { ...OUTSIDE, unattended: true },
    { ...OUTSIDE, inside: true },
    ...RECOVERY_NAMES.filter((name) => name !== "inside").map((name) => ({ ...OUTSIDE, [name]: false })),
  ],
};

const REQUESTS: readonly RequestKind[] = [
  "engage",
  "follow-policy",
  "home",
  "teleop",
  "hold",
  "disengage",
  "recover",
  "acknowledge",
];
const ROLES: readonly Role[] = ["viewer", "operator", "supervisor"];
const PLAIN = ["link-up", "link-lost", "home-reached", "stream-ended"] as const;
const UNASKED = ["rest", "tick", "operator-gone", "daemon-lost", "lead", "leader-gone"] as const;

interface Node {
  readonly state: ModeState;
  readonly history: History;
  readonly from: Node | null;
  readonly by: string;
}

/** The shipped rules have less than a thousand. */
const MOST_STATES = 2000;

/** What the search has found. */
export interface Exploration {
  readonly states: number;
  readonly transitions: number;
  readonly modes: ReadonlySet<Mode>;
  /** Promises that were broken, each with the shortest way to it. */
  readonly broken: ReadonlyMap<string, readonly string[]>;
}

/**
 * Visits every state that can be reached under a set of rules and holds every edge against the promises. `button`: in a
 * cell where the leader's button enables teleoperation.
 */
export function explore(rules: Rules, found: Found, button: boolean, untilBroken: boolean): Exploration {
  const start: Node = { state: AT_START, history: NOTHING_YET, from: null, by: "start" };
  const seen = new Set([keyOf(start.state, start.history)]);
  const modes = new Set<Mode>();
  const broken = new Map<string, readonly string[]>();
  const queue: Node[] = [start];
  const promises = Object.entries(PROMISES);
  let transitions = 0;
  const breaks = (promise: string, node: Node, event: string): void => {
    if (!broken.has(promise)) {
      broken.set(promise, [...wayTo(node), event]);
    }
  };
  const visit = (state: ModeState, history: History, from: Node, by: string): void => {
    const key = keyOf(state, history);
    if (!seen.has(key)) {
      if (seen.size === MOST_STATES) {
        throw new Error(`more than ${MOST_STATES} states: something grows without end; ${wayTo(from).join(", ")}`);
      }
      seen.add(key);
      queue.push({ state, history, from, by });
    }
  };

  for (let node = queue.shift(); node !== undefined; node = queue.shift()) {
    const { state, history } = node;
    modes.add(state.mode);
    for (const event of eventsFor(history)) {
      // Where no rule begins, nothing that is found can make a difference.
      const hasRule = rules[event.kind].some(({ from }) => from.includes(state.mode));
      const asks =
        event.kind === "tick" || (!("held" in event) && "lease" in event && event.lease === history.owner?.lease);
      const leads = event.kind === "lead" || event.kind === "teleop" || state.mode === "teleop";
      const comesBack = event.kind === "recover" || state.mode === "recovery";
      const senseses = comesBack
        ? asks
          ? found.back
          : SINGLE_LACKS.back
        : leads
          ? asks || event.kind === "lead"
            ? found.led
            : SINGLE_LACKS.led
          : asks
            ? found.planned
            : PLANNED_LACKS;
      for (const found of hasRule ? senseses : [comesBack ? OUTSIDE : GOOD]) {
        const senses = { ...found, button };
        const step = followRules(rules, state, event, senses);
        transitions += 1;
        const is = remember(history, event, state.mode, step.state.mode);
        const edge: Edge = { before: state, event, senses, step, was: history, is };
        for (const [promise, holds] of promises) {
          if (!holds(edge)) {
            breaks(promise, node, `${JSON.stringify(event)} finding ${JSON.stringify(senses)}`);
          }
        }
        if (step.taken || is !== history) {
          visit(step.state, is, node, JSON.stringify(event));
        }
      }
      if (untilBroken && broken.size > 0) {
        return { states: seen.size, transitions, modes, broken };
      }
    }
    // A chunk leaves the daemon for the motion there is now, and arrives whenever it likes.
    if (history.chunk === null && state.mode === "policy") {
      visit(state, { ...history, chunk: { epoch: state.epoch, isVoid: false } }, node, "a chunk is sent");
    } else if (history.chunk !== null) {
      transitions += 1;
      if (state.mode === "policy" && history.chunk.epoch === state.epoch && history.chunk.isVoid) {
        breaks("a chunk made for something that is over is not followed", node, "the chunk arrives");
      }
      visit(state, { ...history, chunk: null }, node, "the chunk arrives");
    }
  }
  return { states: seen.size, transitions, modes, broken };
}

function eventsFor({ owner, highest }: History): readonly ModeEvent[] {
  const leases = new Set([highest, highest - 1, highest + 1, owner?.lease ?? highest]);
  return [
    ...[...PLAIN, ...UNASKED].map((kind): ModeEvent => ({ kind })),
    ...[true, false].map((held): ModeEvent => ({ kind: "grip", held })),
    ...ROLES.slice(1).map((acknowledgedBy): ModeEvent => ({ kind: "stop", acknowledgedBy })),
    ...[...leases].flatMap((lease) => [
      ...ROLES.flatMap((role) => [true, false].map((held): ModeEvent => ({ kind: "beat", lease, role, held }))),
      ...REQUESTS.map((kind): ModeEvent => ({ kind, lease })),
    ]),
  ];
}

/** Leases and epochs count only by how they compare with each other. */
function keyOf(
  { mode, epoch, control, fence, under, pressed, gripHeld, gripped, latch }: ModeState,
  history: History,
): string {
  const { owner, highest, pressedAnew, grip, chunk } = history;
  const inControl = control === null ? "-" : `${control.lease - highest} ${control.role} ${control.held}`;
  const owns = owner === null ? "-" : `${owner.lease - highest} ${owner.role} ${owner.held}`;
  const sent = chunk === null ? "-" : `${Math.min(2, epoch - chunk.epoch)} ${chunk.isVoid}`;
  const moving = under === null ? "-" : under === "button" ? under : under - highest;
  return `${mode} ${pressed} ${gripHeld} ${gripped} ${latch} ${fence - highest} ${moving} ${inControl} / ${highest < 0} ${owns} ${pressedAnew} ${grip.held} ${grip.anew} ${history.latch} ${sent}`;
}

function wayTo(node: Node): readonly string[] {
  return node.from === null ? [node.by] : [...wayTo(node.from), node.by];
}
