import { merge, Observable } from "rxjs";
import type { ArmLink } from "../loop/arm-link.js";
import type { OperatorStreams, TaskPhase, TaskProgress } from "../operator/backend.js";
import type { Cameras } from "../ports/camera.js";
import type { Clock } from "../ports/clock.js";
import type { Understanding } from "../ports/task-news.js";
import type { FromArm } from "../types/arm-link.js";
import type { Chunk } from "../types/chunk.js";
import type { Takeover } from "../types/teleop.js";
import type { Instant, Seconds } from "../types/units.js";
import type { EpisodeAttachment, EpisodeEnd, EpisodeKind, Topic } from "./recorder-messages.js";
import type { RecorderProcess } from "./recorder-process.js";

/** What is recorded, and where to. */
export interface RecordedParts {
  readonly recorder: RecorderProcess;
  readonly link: Pick<ArmLink, "messages">;
  readonly cameras: Pick<Cameras, "pictures">;
  readonly streams: OperatorStreams;
  /** Chunks as they were sent to the arm process. */
  readonly chunks: Observable<Chunk>;
  readonly clock: Clock;
  /** Each task is an episode; demonstrations are in any case. */
  readonly policyRuns: boolean;
  /** Who is in control, by name; empty for nobody. */
  readonly operator: () => string;
  /** Hashes, versions, sizes: what goes into the record `kinevla.episode` besides. */
  readonly context: Readonly<Record<string, string>>;
  readonly attachments: readonly EpisodeAttachment[];
}

/** What people ask of a running recording. */
export interface Demonstrations {
  /** Begins one; what the policy does meanwhile is part of it. Returns why not, or null. */
  begin(task: string): string | null;
  /** Ends it with a label. */
  keep(success: boolean | null): string | null;
  discard(): string | null;
  /** Whoever showed it is gone: what there is of it stays, without a label. */
  leave(): void;
}

const NONE = "No demonstration is being recorded.";
/** A correction begins this long before the takeover, so that it shows what went wrong. */
const LEAD: Seconds = 10;

/** Passes everything that happens to the recorder; makes each task an episode of its own, and each demonstration. */
export function recordSystem(parts: RecordedParts): Demonstrations {
  const { recorder, link, cameras, streams, chunks, clock } = parts;
  const news = (topic: Topic, at: Instant, value: object): void => {
    recorder.tell({ kind: "news", topic, at, publishedAt: clock.now(), value });
  };
  let arm = "";
  let periodMs = 0;
  let text: Understanding | null = null;
  let task: number | null = null;
  let instruction = "";
  let demonstrating = false;
  /** The leader moves the arm after a takeover. */
  let intervening = false;
  /** An episode of its own holds that. */
  let correcting = false;
  const open = (kind: EpisodeKind, subject: string, startedAt: Instant, lead: Seconds): void => {
    const wallOffset = Date.now() / 1000 - clock.now();
    const context = { ...parts.context, arm, period_ms: String(periodMs) };
    recorder.open(
      { kind, instruction: subject, operator: parts.operator(), startedAt, wallOffset, context },
      parts.attachments,
      lead,
    );
  };
  const intervene = (takeover: Takeover): void => {
    if (task !== null) {
      task = null;
      correcting = true;
      open("correction", instruction, takeover.at, LEAD);
    }
    intervening = true;
    const detail = `the leader took over from ${takeover.from}`;
    news("/mark", takeover.at, { ...takeover, kind: "intervention-begin", detail });
  };
  const letGo = (at: Instant): void => {
    intervening = false;
    news("/mark", at, { at, kind: "intervention-end", detail: "the leader does not move the arm any more" });
    if (correcting) {
      correcting = false;
      recorder.close({ endedAt: at, outcome: "completed", reason: "the correction ended", success: null });
    }
  };

  const hearArm = (message: FromArm): void => {
    switch (message.kind) {
      case "hello":
        arm = message.arm;
        periodMs = message.periodMs;
        break;
      case "state":
        news("/arm/report", message.state.at, message.state);
        if (intervening && message.state.mode !== "teleop") {
          letGo(message.state.at);
        }
        break;
      case "setpoints":
        for (const setpoint of message.setpoints) {
          news("/arm/setpoint", setpoint.dueAt, setpoint);
        }
        break;
      case "takeover":
        intervene(message.takeover);
        break;
      case "leader-samples":
        for (const sample of message.samples) {
          news("/puppet/sample", sample.at, sample);
        }
        break;
      case "stopped":
        news("/arm/stop", message.stop.at, message.stop);
        break;
      case "chunk-result":
        news("/policy/chunk_result", message.receivedAt, message);
        break;
      case "result":
        break;
      default:
        message satisfies never;
    }
  };
  const hearProgress = (progress: TaskProgress): void => {
    const outcome = OUTCOME[progress.phase];
    const runs = outcome === null && progress.phase !== "paused";
    // A replay is no run of the policy: it would teach the next one what is taught already.
    if (runs && progress.replay === null && task !== progress.id && parts.policyRuns && !demonstrating && !correcting) {
      task = progress.id;
      instruction = progress.instruction;
      open("policy", instruction, progress.changedAt, 0);
    }
    news("/task", progress.changedAt, progress);
    if (outcome !== null && task === progress.id) {
      task = null;
      // Nobody has said yet whether it was a success: a policy that ends by itself may be wrong.
      recorder.close({ endedAt: progress.changedAt, outcome, reason: progress.detail, success: null });
    }
  };

  const heard = merge(
    hearing(link.messages, hearArm),
    hearing(cameras.pictures, ({ role, jpeg, capturedAt, exposedAt, sequence }) => {
      const at = exposedAt ?? capturedAt;
      recorder.tell({ kind: "picture", role, at, publishedAt: capturedAt, sequence, jpeg });
    }),
    hearing(chunks, (chunk) => news("/policy/chunk", clock.now(), chunk)),
    hearing(streams.reasoning, (understanding) => {
      text = understanding;
      const now = clock.now();
      news("/policy/reasoning", now, { ...understanding, age: now - understanding.generatedAt });
    }),
    hearing(streams.chunks, (report) => {
      const textAge = text === null ? null : report.capturedAt - text.generatedAt;
      news("/policy/chunk_report", clock.now(), { ...report, textAge });
    }),
    hearing(streams.faults, (faults) => news("/faults", clock.now(), { faults })),
    hearing(streams.progress, hearProgress),
  );
  heard.subscribe();

  const end = (closing: () => void): string | null => {
    if (!demonstrating) {
      return NONE;
    }
    demonstrating = false;
    closing();
    return null;
  };
  return {
    begin: (subject) => {
      if (demonstrating || correcting || task !== null) {
        const present = demonstrating ? "demonstration" : correcting ? "correction" : "policy run";
        return `A ${present} is being recorded: end it first.`;
      }
      demonstrating = true;
      open("demonstration", subject, clock.now(), 0);
      return null;
    },
    keep: (success) =>
      end(() =>
        recorder.close({ endedAt: clock.now(), outcome: "completed", reason: "kept by the operator", success }),
      ),
    discard: () => end(() => recorder.discard()),
    leave: () => {
      const reason = "whoever showed it was not in control any more";
      end(() => recorder.close({ endedAt: clock.now(), outcome: "stopped", reason, success: null }));
    },
  };
}

const OUTCOME: Readonly<Record<TaskPhase, EpisodeEnd["outcome"] | null>> = {
  ...{ homing: null, thinking: null, acting: null, paused: null },
  ...{ finished: "completed", stopped: "stopped", failed: "failed" },
};

/** What a stream gives goes to `hear`; nothing of it comes out. */
function hearing<T>(stream: Observable<T>, hear: (value: T) => void): Observable<never> {
  return new Observable((subscriber) =>
    stream.subscribe({
      next: hear,
      error: (error) => subscriber.error(error),
      complete: () => subscriber.complete(),
    }),
  );
}

/** A link of which every chunk that is sent is also told to `onChunk`. */
export function tellingChunks(link: ArmLink, onChunk: (chunk: Chunk) => void): ArmLink {
  return {
    ...link,
    send: (message) => {
      const sent = link.send(message);
      if (sent && message.kind === "chunk") {
        onChunk(message.chunk);
      }
      return sent;
    },
  };
}
