import { join } from "node:path";
import { homePosition, homeVelocity, planHome } from "../../daemon/motion/home-plan.js";
import { channelMessages, nanoseconds } from "../../daemon/recorder/channel-messages.js";
import { CLOSED, EpisodeFile, OPEN } from "../../daemon/recorder/episode-file.js";
import type { Episode, EpisodeMessage } from "../../daemon/recorder/read-episode.js";
import type { NewsMessage, Topic } from "../../daemon/recorder/recorder-messages.js";
import { motionOf, type RecordedMotion } from "../../daemon/replay/recorded-motion.js";
import { type JointVector, mapJoints } from "../../daemon/types/units.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import { LIMITS } from "../limits.js";

export const DEGREE = Math.PI / 180;
export const ARM = "RM75-B, generation 3, firmware 1.7.1";
export const DIGEST = "c0ffee";
/** Host-monotonic instant of the first setpoint, s. */
export const BEGINNING = 7000;
const PERIOD = 0.01;
/** How far the measured position is behind, s; the lag of the virtual lab (daemon/measure/README.md). */
export const LAG = 0.03;

/** What differs from an episode that can be replayed. */
export interface Differing {
  readonly arm?: string;
  readonly limitsDigest?: string;
  readonly setpoints?: (q: JointVector, after: number) => JointVector | null;
  readonly end?: Readonly<Record<string, string>> | null;
  readonly torn?: string;
  /** Where the way begins, rad. */
  readonly from?: JointVector;
}

/** Beside the home pose: J1 8 degrees, J4 5 degrees. */
export const FIRST: JointVector = mapJoints(HOME, (angle, joint) => angle + ([8, 0, 0, 5][joint] ?? 0) * DEGREE);
/** Where the way turns. */
const TURN: JointVector = mapJoints(HOME, (angle, joint) => angle + ([-6, 4, 0, -5, 0, 8][joint] ?? 0) * DEGREE);

/** The way of the recorded arm: to the turn, where it rests for a moment and closes the gripper, and back. */
function wayFrom(from: JointVector): { readonly length: number; readonly q: (after: number) => JointVector } {
  const there = planHome(from, TURN, LIMITS.home);
  const back = planHome(TURN, from, LIMITS.home);
  const rest = 0.3;
  return {
    length: there.duration + rest + back.duration,
    q: (after) =>
      after < there.duration + rest ? homePosition(there, after) : homePosition(back, after - there.duration - rest),
  };
}

/** When the gripper closes, s after the start. */
export function closesAfter(): number {
  return planHome(FIRST, TURN, LIMITS.home).duration;
}

/** The fastest of a joint on the way, rad/s. */
export function fastest(joint: number): number {
  const plan = planHome(FIRST, TURN, LIMITS.home);
  return Math.abs(homeVelocity(plan, plan.duration / 2)[joint] ?? Number.NaN);
}

/** An episode, and what the recorder would have been told. */
export interface MadeEpisode extends Episode {
  readonly news: readonly NewsMessage[];
}

/** An episode of an arm that goes its way and lags behind it. */
export function episode(differing: Differing = {}): MadeEpisode {
  const way = wayFrom(differing.from ?? FIRST);
  const closes = closesAfter();
  const news: NewsMessage[] = [];
  const add = (topic: Topic, at: number, value: object): void => {
    news.push({ kind: "news", topic, at, publishedAt: at, value });
  };
  for (let tick = 0; tick * PERIOD <= way.length; tick++) {
    const after = tick * PERIOD;
    const dueAt = BEGINNING + after;
    const q = differing.setpoints === undefined ? way.q(after) : differing.setpoints(way.q(after), after);
    if (q !== null) {
      add("/arm/setpoint", dueAt, { source: "policy", epoch: 3, dueAt, q });
    }
    if (tick % 2 === 0) {
      const at = dueAt + 0.001;
      const gripper = { commanded: after > closes ? 0.2 : 1, measured: 1, receivedAt: at };
      const measured = way.q(Math.max(0, after - LAG));
      add("/arm/report", at, { at, mode: "policy", epoch: 3, measured, measuredAge: 0.001, gripper });
    }
  }
  const start = { arm: differing.arm ?? ARM, limits_sha256: differing.limitsDigest ?? DIGEST, period_ms: "10" };
  const end = differing.end === undefined ? { outcome: "completed", dropped_messages: "0" } : differing.end;
  const metadata = new Map([["kinevla.episode", new Map(Object.entries(start))]]);
  if (end !== null) {
    metadata.set("kinevla.end", new Map(Object.entries(end)));
  }
  const messages = news.map(({ topic, at, value }): EpisodeMessage => {
    return { topic, logTime: nanoseconds(at), publishTime: nanoseconds(at), sequence: 0, value };
  });
  return { news, messages, metadata, attachments: new Map(), torn: differing.torn ?? null };
}

/** Its motion; throws where it is refused. */
export function motion(differing: Differing = {}): RecordedMotion {
  const reading = motionOf(episode(differing));
  if (reading.kind === "refused") {
    throw new Error(reading.reason);
  }
  return reading.motion;
}

/** Writes an episode as the recorder does; returns the name of its file. */
export async function writeEpisode(folder: string, name: string, { news, metadata }: MadeEpisode): Promise<string> {
  const file = await EpisodeFile.create(join(folder, name + OPEN));
  const record = (which: string): Promise<void> => file.metadata(which, Object.fromEntries(metadata.get(which) ?? []));
  await record("kinevla.episode");
  for (const message of news.flatMap(channelMessages)) {
    await file.message(message);
  }
  await record("kinevla.end");
  await file.close(join(folder, name + CLOSED));
  return name + CLOSED;
}
