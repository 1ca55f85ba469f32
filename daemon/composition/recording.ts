import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Logger } from "pino";
import { BehaviorSubject, type Observable, Subject } from "rxjs";
import type { Config } from "../config/config.js";
import { digestOfFile } from "../config/last-good.js";
import type { ArmLink } from "../loop/arm-link.js";
import type { OperatorStreams, Outcome, TaskRequest } from "../operator/backend.js";
import type { Cameras } from "../ports/camera.js";
import type { Clock } from "../ports/clock.js";
import type { Fault } from "../ports/task-news.js";
import { MAKE_ROOM } from "../recorder/disk-room.js";
import { type Demonstrations, recordSystem, tellingChunks } from "../recorder/record-system.js";
import type { FromRecorder } from "../recorder/recorder-messages.js";
import { startRecorderProcess } from "../recorder/recorder-process.js";
import type { Chunk } from "../types/chunk.js";
import { VERSION } from "../version.js";

const NOT_RECORDING = "not-recording";

/** The recorder as the daemon uses it; without `recording` in the configuration nothing is recorded. */
export interface Recording {
  /** The link to give to whoever sends chunks. */
  readonly link: ArmLink;
  /** What keeps it from recording; null for nothing. */
  readonly fault: Observable<Fault | null>;
  /** From now on everything is recorded. */
  begin(parts: {
    readonly cameras: Pick<Cameras, "pictures">;
    readonly streams: OperatorStreams;
    readonly operator: () => string;
  }): void;
  /** Begins or ends a demonstration. */
  record(request: Extract<TaskRequest, { kind: "record" }>): Outcome;
  /** Somebody else is in control, or nobody: ends a demonstration. */
  controlChanged(): void;
  /** Closes what is open. */
  end(): Promise<void>;
}

/** Starts the recorder process where the configuration asks for it. */
export function startRecording(config: Config, bundle: string, link: ArmLink, clock: Clock, log: Logger): Recording {
  const { recording } = config;
  const fault = new BehaviorSubject<Fault | null>(null);
  if (recording === undefined) {
    const record = (): Outcome => refused("Nothing is recorded here.", "Add `recording` to the configuration.");
    return { link, fault, begin: () => undefined, record, controlChanged: () => undefined, end: async () => undefined };
  }
  const hear = (message: FromRecorder): void => {
    if (message.kind === "low") {
      log.warn(message, `the disk for recordings gets low: ${message.detail}`);
      const { detail } = message;
      fault.next({ code: "disk-low", part: "recorder", detail, hint: MAKE_ROOM, since: clock.now(), latched: false });
      return;
    }
    if (message.kind !== "failed") {
      log.info(message, `recording ${message.kind}`);
      fault.next(null);
      return;
    }
    log.error(message, `no recording: ${message.detail}`);
    const { detail, hint } = message;
    fault.next({ code: NOT_RECORDING, part: "recorder", detail, hint, since: clock.now(), latched: false });
  };
  const recorder = startRecorderProcess(
    {
      folder: recording.directory,
      mostBytes: recording.most_gigabytes * 1e9,
      leastFreeBytes: recording.least_free_gigabytes * 1e9,
    },
    hear,
  );
  const chunks = new Subject<Chunk>();
  let demonstrations: Demonstrations | null = null;
  const manifest = join(config.policy.bundle, "bundle.json");
  return {
    link: tellingChunks(link, (chunk) => chunks.next(chunk)),
    fault,
    begin: ({ cameras, streams, operator }) => {
      demonstrations = recordSystem({
        ...{ policyRuns: recording.policy_runs, recorder, link, cameras, streams, chunks, clock, operator },
        context: {
          daemon: VERSION,
          bundle,
          bundle_sha256: digestOfFile(manifest),
          config_sha256: digestOfFile(config.file),
          limits_sha256: digestOfFile(config.limits),
          camera_front: `${config.cameras.front.width}x${config.cameras.front.height}`,
          camera_wrist: `${config.cameras.wrist.width}x${config.cameras.wrist.height}`,
        },
        attachments: [
          { name: "limits.yaml", mediaType: "application/yaml", bytes: readFileSync(config.limits) },
          { name: "bundle.json", mediaType: "application/json", bytes: readFileSync(manifest) },
        ],
      });
    },
    record: ({ action, task, success }) => {
      if (fault.value?.code === NOT_RECORDING && action !== "begin") {
        // It is over all the same: the next one may be begun.
        demonstrations?.discard();
        return action === "discard"
          ? { kind: "done", detail: "" }
          : refused(`It is not recorded: ${fault.value.detail}`, fault.value.hint);
      }
      const refusal =
        action === "begin"
          ? demonstrations?.begin(task)
          : action === "keep"
            ? demonstrations?.keep(success)
            : demonstrations?.discard();
      return refusal === null
        ? { kind: "done", detail: "" }
        : refused(refusal ?? "The daemon is still starting.", "See `kinevla record --help`.");
    },
    controlChanged: () => demonstrations?.leave(),
    end: () => recorder.end(),
  };
}

function refused(reason: string, hint: string): Outcome {
  return { kind: "refused", reason, hint };
}
