import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostClock } from "../../daemon/ports/clock.js";
import type {
  EpisodeEnd,
  EpisodeStart,
  NewsMessage,
  PictureMessage,
  ToRecorder,
} from "../../daemon/recorder/recorder-messages.js";
import type { CameraRole } from "../../daemon/types/frame.js";

/** A folder for one test, and what removes it. */
export function folderApart(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-recordings-"));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function start(change: Partial<EpisodeStart> = {}): EpisodeStart {
  return {
    kind: "policy",
    instruction: "pick up the bread and move it to the front",
    operator: "tester",
    startedAt: hostClock.now(),
    wallOffset: Date.now() / 1000 - hostClock.now(),
    context: { bundle: "table7-v3", config_sha256: "c0ffee" },
    ...change,
  };
}

export function end(change: Partial<EpisodeEnd> = {}): EpisodeEnd {
  return { endedAt: hostClock.now(), outcome: "completed", reason: "", success: true, ...change };
}

export const opening = (change: Partial<EpisodeStart> = {}, lead = 0): ToRecorder => ({
  kind: "open",
  start: start(change),
  attachments: [],
  lead,
});

export const closing = (change: Partial<EpisodeEnd> = {}): ToRecorder => ({
  kind: "close",
  end: end(change),
  droppedFrames: 0,
  droppedMessages: 0,
});

export function setpoint(at: number): NewsMessage {
  const value = { dueAt: at, source: "policy", epoch: 3, q: [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7] };
  return { kind: "news", topic: "/arm/setpoint", at, publishedAt: at, value };
}

export function report(at: number, measuredAge: number): NewsMessage {
  const value = { at, mode: "policy", epoch: 3, measured: [0, 1, 2, 3, 4, 5, 6], measuredAge };
  return { kind: "news", topic: "/arm/report", at, publishedAt: at, value };
}

export function mark(at: number, kind: string): NewsMessage {
  return { kind: "news", topic: "/mark", at, publishedAt: at, value: { at, kind, detail: "" } };
}

/** Not a picture, but as many bytes as one. */
export function picture(role: CameraRole, at: number, sequence: number, bytes = 30_000): PictureMessage {
  return { kind: "picture", role, at, publishedAt: at + 0.004, sequence, jpeg: new Uint8Array(bytes).fill(sequence) };
}
