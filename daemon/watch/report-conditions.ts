import type { ArmState } from "../types/arm-state.js";
import { type Instant, jointAt, type Seconds } from "../types/units.js";
import type { Condition } from "./condition.js";
import { type History, travelled } from "./history.js";
import type { WatchLimits } from "./watch-limits.js";

// Interlocks: AR-07, AR-10, AR-12, AR-13, AR-14, AR-15, AR-19, ML-18, OP-06.

/** Reports that repeat one another in everything, and how many datagrams were not the arm's. */
export interface Sameness {
  readonly since: Instant;
  /** Since when no two new reports in a row were more than `STEADY` apart. */
  readonly steadySince: Instant;
  readonly report: ArmState | null;
  /** When counting began, how many had come by then, and how many came in the last whole second. */
  readonly foreign: { readonly from: Instant; readonly count: number; readonly perSecond: number };
  /** When within the last second each wrong line came; of many at once the first few. */
  readonly wrong: Readonly<Record<WrongLine, readonly Instant[]>>;
}

/** What the arm's connections may carry that they must not. */
type WrongLine = "garbled" | "refused" | "unasked";

export const NO_SAMENESS: Sameness = {
  since: Infinity,
  steadySince: Infinity,
  report: null,
  foreign: { from: -Infinity, count: 0, perSecond: 0 },
  wrong: { garbled: [], refused: [], unasked: [] },
};

const SECOND: Seconds = 1;

/**
 * Setpoints that are farther apart say of an arm that stands only that it waited for them; new reports that are farther
 * apart do not show which way it went meanwhile.
 */
const STEADY: Seconds = 0.03;

/** Takes a report. */
export function sameIn({ since, steadySince, report: last, foreign, wrong }: Sameness, report: ArmState): Sameness {
  const { receivedAt, link } = report;
  const same = last !== null && alike(last, report);
  const counted = receivedAt - foreign.from < SECOND;
  return {
    since: same ? since : receivedAt,
    steadySince: last !== null && (same || receivedAt - since <= STEADY) ? steadySince : receivedAt,
    report,
    foreign: counted
      ? { ...foreign, perSecond: Math.max(foreign.perSecond, link.unbelieved - foreign.count) }
      : { from: receivedAt, count: link.unbelieved, perSecond: 0 },
    wrong: {
      garbled: lately(wrong.garbled, link.garbled - (last?.link.garbled ?? 0), receivedAt),
      refused: lately(wrong.refused, link.refused - (last?.link.refused ?? 0), receivedAt),
      unasked: lately(wrong.unasked, link.unasked - (last?.link.unasked ?? 0), receivedAt),
    },
  };
}

/** More at once than any rule asks for are no more wrong. */
const REMEMBERED = 16;

function lately(before: readonly Instant[], more: number, now: Instant): readonly Instant[] {
  const kept = before.filter((at) => now - at < SECOND);
  return more <= 0 ? kept : [...kept, ...Array.from({ length: Math.min(more, REMEMBERED) }, () => now)];
}

/** Words of `arm_current_status` of an arm that does nothing but what we stream, and of one that was stopped. */
const OWN: ReadonlySet<string> = new Set(["idle", "move_through_joint", "stop", "slow_stop", "polled", "unknown"]);

/** Those of an arm that a person moves by hand. */
const BY_HAND: ReadonlySet<string> = new Set(["current_drag", "sensor_drag"]);

/**
 * A person moves the arm by hand. It is not braked for that (OP-06): what a stop does to an arm that is dragged is in no
 * document, and the person holds it.
 */
export function isByHand(status: string): boolean {
  return BY_HAND.has(status);
}

/** The table of what the arm's reports themselves must not be. */
export function reportConditions(same: Sameness, history: History, limits: WatchLimits): readonly Condition[] {
  const { report, since, steadySince, foreign, wrong } = same;
  const at = report?.receivedAt ?? -Infinity;
  const frozen = at - since >= limits.frozen.lasting;
  const waiting = report?.link.waitingSince ?? Infinity;
  const changed = report?.link.changed ?? null;
  const tool = report?.link.tool ?? null;
  const collisionAge = at - (report?.link.collisionReadAt ?? Infinity);
  const status = report?.status ?? "idle";
  return [
    {
      ...{ id: "AR-10", code: "state-frozen", reaction: "ramp", lasting: 0 },
      holds: frozen && travelled(history.sent, since).some((way) => way > limits.frozen.commanded),
      detail: () => `the arm has reported the very same for ${milliseconds(at - since)} while it was told to move`,
    },
    {
      ...{ id: "AR-12", code: "state-foreign", reaction: "note", lasting: 0 },
      holds: foreign.perSecond > limits.foreign.note,
      detail: () => `${foreign.perSecond} datagrams within a second were not the arm's`,
    },
    {
      ...{ id: "AR-12", code: "state-foreign", reaction: "ramp", lasting: 0 },
      holds: foreign.perSecond > limits.foreign.stop,
      detail: () => `${foreign.perSecond} datagrams within a second were not the arm's`,
    },
    {
      ...{ id: "AR-13", code: "arm-silent", reaction: "ramp", lasting: 0 },
      holds: at - waiting > limits.answer,
      detail: () => `the arm has not answered a question for ${milliseconds(at - waiting)}`,
    },
    {
      ...{ id: "AR-13", code: "link-stalled", reaction: "reset-link", lasting: 0 },
      // Reports that are the very same say nothing of the arm; they are AR-10's.
      holds: at - since < STEADY && at - steadySince >= limits.stalled.lasting && stalled(history, limits),
      detail: () => `the arm goes no way in ${milliseconds(limits.stalled.lasting)} of setpoints`,
    },
    {
      ...{ id: "AR-14", code: "replies-garbled", reaction: "protective-stop", lasting: 0 },
      holds: wrong.garbled.length >= limits.garbled,
      detail: () => `${wrong.garbled.length} lines of the arm within a second were no messages`,
    },
    {
      ...{ id: "AR-15", code: "setpoint-refused", reaction: "protective-stop", lasting: 0 },
      holds: wrong.refused.length > 0,
      detail: () => "the arm says that it does not take a setpoint",
    },
    {
      ...{ id: "AR-19", code: "reply-unasked", reaction: "protective-stop", lasting: 0 },
      holds: wrong.unasked.length > 0,
      detail: () => "the arm gave an answer to a question that was not open",
    },
    {
      ...{ id: "AR-19", code: "arm-changed", reaction: "protective-stop", lasting: 0 },
      holds: changed !== null,
      detail: () => changed ?? "",
    },
    {
      // Told while it moves; it bars the beginning of a motion.
      ...{ id: "AR-07", code: "collision-unread", reaction: "note", lasting: 0 },
      holds: !(collisionAge <= limits.collisionRead),
      detail: () => `the arm's own detection of collisions was read back ${milliseconds(collisionAge)} ago`,
    },
    {
      // A wrong load makes the arm's own detection of collisions wrong, and it knows none after power-up.
      ...{ id: "ML-18", code: "tool-wrong", reaction: "protective-stop", lasting: 0 },
      holds: tool !== null,
      detail: () => tool ?? "",
    },
    {
      ...{ id: "OP-06", code: "foreign-motion", reaction: "quick-stop", lasting: 0 },
      holds: !OWN.has(status),
      detail: () => `the arm is in ${status}, which this program did not ask for`,
    },
  ];
}

/**
 * Nothing of what was sent lately moves the arm. Held against the way that was commanded as long before as an arm may lag,
 * and only while the command still moves: an arm that comes to rest stands still, too.
 */
function stalled({ sent, poses, reportedAt }: History, { stalled: rule, behind }: WatchLimits): boolean {
  const from = reportedAt - rule.lasting - behind.lag;
  const lately = sent.filter(({ at }) => at >= from);
  const gaps = lately.map(({ at }, index) => at - (lately[index - 1]?.at ?? from));
  if (lately.length === 0 || Math.max(...gaps) > STEADY) {
    return false;
  }
  const then = travelled(
    lately.filter(({ at }) => at <= reportedAt - behind.lag),
    from,
  );
  const now = travelled(lately, reportedAt - behind.lag);
  const told = then.map((way, joint) => way > rule.commanded && jointAt(now, joint) > rule.part * way);
  const gone = travelled(poses, reportedAt - rule.lasting);
  return (
    told.includes(true) && told.every((is, joint) => !is || jointAt(gone, joint) < rule.part * jointAt(then, joint))
  );
}

function alike(one: ArmState, other: ArmState): boolean {
  return (
    equal(one.measured, other.measured) &&
    equal(one.health?.current ?? [], other.health?.current ?? []) &&
    equal(one.health?.temperature ?? [], other.health?.temperature ?? []) &&
    equal(one.health?.voltage ?? [], other.health?.voltage ?? [])
  );
}

function equal(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}

function milliseconds(time: Seconds): string {
  return `${(time * 1000).toFixed(0)} ms`;
}
