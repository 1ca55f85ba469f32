import { z } from "zod";
import { type Episode, type EpisodeMessage, readEpisode } from "../recorder/read-episode.js";
import type { CameraRole } from "../types/frame.js";
import { type Instant, isJointVector, type JointPosition, jointPosition } from "../types/units.js";
import type { Demonstration, RecordedIntervention } from "./demonstration.js";
import { RecordingRefused } from "./recording-refused.js";

/** The format of recordings that this reads (`daemon/recorder/FORMAT.md`). */
const FORMAT = "1";

const joints = z
  .custom<readonly number[]>(isJointVector, "seven finite angles")
  .transform((angles): JointPosition => jointPosition(angles));
const picture = z.object({ format: z.literal("jpeg"), data: z.base64() });
const states = z.object({ joints: z.array(z.object({ position: z.number() })).length(7) });
const setpoint = z.object({ q: joints });
const opening = z.number().min(0).max(1);
const report = z.object({ gripper: z.object({ commanded: opening, measured: opening }) });
const reasoning = z.object({ instruction: z.string(), coarse: z.string(), fine: z.string() });
const mark = z.object({ kind: z.string() });

const TOPICS = [
  "/camera/front",
  "/camera/wrist",
  "/joint_states",
  "/arm/report",
  "/arm/setpoint",
  "/policy/reasoning",
  "/mark",
] as const;
type ReadTopic = (typeof TOPICS)[number];

/** A message whose value is what its channel promises. */
interface Heard<T> {
  readonly at: Instant;
  readonly value: T;
}

/** Nothing real is nearer to another message than this; doubles hold a month of nanoseconds to 0.5 us. */
function instant({ logTime }: EpisodeMessage): Instant {
  return Number(logTime) / 1e9;
}

function heard<T>(episode: Episode, topic: ReadTopic, schema: z.ZodType<T>): readonly Heard<T>[] {
  return episode.messages
    .filter((message) => message.topic === topic)
    .map((message) => {
      const parsed = schema.safeParse(message.value);
      if (!parsed.success) {
        const what = parsed.error.issues[0];
        throw new RecordingRefused(
          `a message on ${topic} is not of this format: ${what?.path.join(".")}: ${what?.message}`,
        );
      }
      return { at: instant(message), value: parsed.data };
    })
    .toSorted((a, b) => a.at - b.at);
}

function interventionsOf(episode: Episode): readonly RecordedIntervention[] {
  const spans: RecordedIntervention[] = [];
  let from: Instant | null = null;
  for (const { at, value } of heard(episode, "/mark", mark)) {
    if (value.kind === "intervention-begin") {
      from ??= at;
    } else if (value.kind === "intervention-end" && from !== null) {
      spans.push({ from, to: at });
      from = null;
    }
  }
  return from === null ? spans : [...spans, { from, to: Number.POSITIVE_INFINITY }];
}

async function open(file: string): Promise<Episode> {
  try {
    return await readEpisode(file, TOPICS);
  } catch (error) {
    // A message that is no JSON, a file that may not be read.
    throw new RecordingRefused(`it cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Reads one recorded episode; throws RecordingRefused with the reason. */
export async function readRecording(file: string): Promise<Demonstration> {
  const episode = await open(file);
  const start = episode.metadata.get("kinevla.episode");
  if (start === undefined) {
    throw new RecordingRefused(
      episode.torn === null ? "it is no recording of this program" : `it cannot be read: ${episode.torn}`,
    );
  }
  if (start.get("format") !== FORMAT) {
    throw new RecordingRefused(`it has format ${start.get("format") ?? "unknown"}; this reads format ${FORMAT}`);
  }
  const end = episode.metadata.get("kinevla.end");
  if (episode.torn !== null || end === undefined) {
    throw new RecordingRefused(
      `it is not whole (${episode.torn ?? "it was never closed"}): kinevla record repair mends it`,
    );
  }
  const instruction = start.get("instruction") ?? "";
  if (instruction === "") {
    throw new RecordingRefused("it has no instruction");
  }
  const pictures = (role: CameraRole) =>
    heard(episode, `/camera/${role}`, picture).map(({ at, value }) => ({
      at,
      jpeg: Buffer.from(value.data, "base64"),
    }));
  const reports = heard(episode, "/arm/report", report);
  const success = end.get("success");
  return {
    file,
    instruction,
    success: success === "true" ? true : success === "false" ? false : null,
    driver: start.get("kind") === "demonstration" ? "person" : "policy",
    pictures: { front: pictures("front"), wrist: pictures("wrist") },
    states: withGripper(heard(episode, "/joint_states", states), reports),
    commands: heard(episode, "/arm/setpoint", setpoint).map(({ at, value }) => ({ at, commanded: value.q })),
    gripperCommands: reports
      .map(({ at, value }) => ({ at, opening: value.gripper.commanded }))
      .filter(({ opening }, index, all) => opening !== all[index - 1]?.opening),
    // Of another instruction: left from a task before.
    texts: heard(episode, "/policy/reasoning", reasoning)
      .filter(({ value }) => value.instruction === instruction)
      .map(({ at, value }) => ({ at, coarse: value.coarse, fine: value.fine })),
    interventions: interventionsOf(episode),
  };
}

/** Joint states with the gripper's opening of the newest report; those before the first report are left out. */
function withGripper(
  measured: readonly Heard<z.infer<typeof states>>[],
  reports: readonly Heard<z.infer<typeof report>>[],
): Demonstration["states"] {
  let next = 0;
  return measured.flatMap(({ at, value }) => {
    while ((reports[next]?.at ?? Number.POSITIVE_INFINITY) <= at) {
      next += 1;
    }
    const newest = reports[next - 1] ?? reports[0];
    return newest === undefined
      ? []
      : [
          {
            at,
            measured: jointPosition(value.joints.map(({ position }) => position)),
            gripper: newest.value.gripper.measured,
          },
        ];
  });
}
