import type { CameraRole } from "../types/frame.js";
import type { Instant, Seconds } from "../types/units.js";

/** Channels of a recording that hold JSON of our own; pictures and joint states are made from these (FORMAT.md). */
export type Topic =
  | "/arm/report"
  | "/arm/setpoint"
  | "/arm/stop"
  | "/puppet/sample"
  | "/policy/reasoning"
  | "/policy/chunk"
  | "/policy/chunk_report"
  | "/policy/chunk_result"
  | "/task"
  | "/faults"
  | "/mark";

/** Why there is an episode. */
export type EpisodeKind = "demonstration" | "policy" | "correction";

/** What is known of an episode when it begins; becomes the record `kinevla.episode`. */
export interface EpisodeStart {
  readonly kind: EpisodeKind;
  readonly instruction: string;
  readonly operator: string;
  readonly startedAt: Instant;
  /** Wall-clock time less monotonic time, measured once. */
  readonly wallOffset: Seconds;
  /** Everything else that says under what it was recorded: hashes, versions, sizes. */
  readonly context: Readonly<Record<string, string>>;
}

/** How an episode ended; becomes the record `kinevla.end`. */
export interface EpisodeEnd {
  readonly endedAt: Instant;
  readonly outcome: "completed" | "stopped" | "failed" | "timed-out" | "crashed";
  readonly reason: string;
  /** null: nobody said. */
  readonly success: boolean | null;
}

/** A small file that goes into an episode whole. */
export interface EpisodeAttachment {
  readonly name: string;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
}

/** Something that happened, on its channel. */
export interface NewsMessage {
  readonly kind: "news";
  readonly topic: Topic;
  /** When it happened; `log_time`. */
  readonly at: Instant;
  /** When it was given to the recorder; `publish_time`. */
  readonly publishedAt: Instant;
  readonly value: object;
}

/** A camera's picture. */
export interface PictureMessage {
  readonly kind: "picture";
  readonly role: CameraRole;
  /** When it was exposed, as the camera says; when it was in hand where it says nothing. */
  readonly at: Instant;
  /** When it was in hand; a chunk's `capturedAt` is that of one of its pictures. */
  readonly publishedAt: Instant;
  /** The camera's frame count. */
  readonly sequence: number;
  readonly jpeg: Uint8Array;
}

/** What the daemon tells the recorder process. */
export type ToRecorder =
  | NewsMessage
  | PictureMessage
  /** Begins an episode, with what was heard in the last `lead` seconds; closes an open one as stopped. */
  | {
      readonly kind: "open";
      readonly start: EpisodeStart;
      readonly attachments: readonly EpisodeAttachment[];
      readonly lead: Seconds;
    }
  /** `dropped*`: what the daemon could not hand over since the episode began. */
  | {
      readonly kind: "close";
      readonly end: EpisodeEnd;
      readonly droppedFrames: number;
      readonly droppedMessages: number;
    }
  /** The episode is to be done again: its file is removed. */
  | { readonly kind: "discard" }
  /** Close what is open and end the process. */
  | { readonly kind: "end" };

/** What the recorder process tells the daemon. */
export type FromRecorder =
  | { readonly kind: "opened"; readonly episode: string }
  | { readonly kind: "closed"; readonly episode: string; readonly messages: number; readonly bytes: number }
  | { readonly kind: "discarded"; readonly episode: string }
  /** The disk gets low; it goes on recording. */
  | { readonly kind: "low"; readonly detail: string }
  /** It cannot record, and why; the next episode is tried again. */
  | { readonly kind: "failed"; readonly code: string; readonly detail: string; readonly hint: string };

/** How a recorder process is started; its only argument, as JSON. */
export interface RecorderOptions {
  readonly folder: string;
  /** Oldest policy runs are removed beyond this; demonstrations and corrections never are. */
  readonly mostBytes: number;
  /** An episode begins only with so many bytes free; of what is left of them later: disk-room.ts. */
  readonly leastFreeBytes: number;
}
