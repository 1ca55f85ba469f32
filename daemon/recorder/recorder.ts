import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { hostClock } from "../ports/clock.js";
import type { CameraRole } from "../types/frame.js";
import type { Instant } from "../types/units.js";
import { channelMessages, nanoseconds } from "./channel-messages.js";
import { diskError } from "./disk-error.js";
import { type FreeBytes, freeBytes, freeInWords, MAKE_ROOM, roomFor } from "./disk-room.js";
import { CLOSED, EpisodeFile, endRecord, episodeName, OPEN, startRecord, syncFolder } from "./episode-file.js";
import { entryOf, episodesOf, readIndex, writeIndex } from "./episode-index.js";
import { Recent } from "./recent.js";
import type {
  EpisodeEnd,
  FromRecorder,
  NewsMessage,
  PictureMessage,
  RecorderOptions,
  ToRecorder,
} from "./recorder-messages.js";

/** Kept for a correction: the issue asks for the last 10 s before a takeover. */
const LEAD_KEPT = 10;
/** Ten seconds of two 30 Hz cameras at 100 kB a picture. */
const RECENT_BYTES = 64 * 1024 * 1024;

/** Two cameras write a gigabyte in five minutes; this often the disk is asked for room meanwhile, s. */
const ASK_EVERY = 5;

const FRESH = { intervention: false, told: false };

interface OpenEpisode {
  readonly name: string;
  readonly file: EpisodeFile;
  readonly start: Readonly<Record<string, string>>;
  /** Cameras whose first picture is still to come. */
  readonly unseen: Set<CameraRole>;
  intervention: boolean;
  /** When the disk was asked for room last, and whether people were told that it gets low. */
  askedAt: Instant;
  told: boolean;
}

/** Writes episodes into a folder. Calls of `handle` must not overlap; what the disk refuses is told, never thrown. */
export class Recorder {
  readonly #options: RecorderOptions;
  readonly #tell: (message: FromRecorder) => void;
  readonly #recent = new Recent(LEAD_KEPT, RECENT_BYTES);
  readonly #free: FreeBytes;
  #open: OpenEpisode | null = null;

  constructor(options: RecorderOptions, tell: (message: FromRecorder) => void, free: FreeBytes = freeBytes) {
    this.#options = options;
    this.#tell = tell;
    this.#free = free;
  }

  async handle(message: ToRecorder): Promise<void> {
    try {
      await this.#handle(message);
    } catch (error) {
      const found = diskError(error);
      if (found === null) {
        throw error;
      }
      this.#abandon();
      this.#tell({ kind: "failed", ...found });
    }
  }

  async #handle(message: ToRecorder): Promise<void> {
    switch (message.kind) {
      case "news":
      case "picture":
        this.#recent.add(message);
        await this.#write(message);
        await this.#askForRoom(message.publishedAt);
        break;
      case "open":
        await this.#begin(message);
        break;
      case "close":
        await this.#close(message.end, message.droppedFrames, message.droppedMessages);
        break;
      case "discard":
        this.#discard();
        break;
      case "end": {
        const reason = "the daemon ended";
        await this.#close({ endedAt: hostClock.now(), outcome: "stopped", reason, success: null }, 0, 0);
        break;
      }
      default:
        message satisfies never;
    }
  }

  async #begin({ start, attachments, lead }: ToRecorder & { readonly kind: "open" }): Promise<void> {
    const reason = "another episode began";
    await this.#close({ endedAt: start.startedAt, outcome: "stopped", reason, success: null }, 0, 0);
    this.#makeRoom();
    const { folder, leastFreeBytes } = this.#options;
    const free = await this.#free(folder);
    if (free < leastFreeBytes) {
      const least = (leastFreeBytes / 1e9).toFixed(1);
      const detail = `${freeInWords(free, folder)}, and an episode begins with at least ${least} GB`;
      this.#tell({ kind: "failed", code: "disk-low", detail, hint: MAKE_ROOM });
      return;
    }
    const name = episodeName(start);
    const file = await EpisodeFile.create(join(this.#options.folder, name + OPEN));
    const record = startRecord(name, start);
    this.#open = { name, file, start: record, unseen: new Set(["front", "wrist"]), ...FRESH, askedAt: start.startedAt };
    await file.metadata("kinevla.episode", record);
    for (const attachment of attachments) {
      await file.attachment(attachment, nanoseconds(start.startedAt));
    }
    syncFolder(this.#options.folder);
    for (const heard of lead > 0 ? this.#recent.since(start.startedAt - lead) : []) {
      await this.#write(heard);
    }
    this.#tell({ kind: "opened", episode: name });
  }

  async #write(heard: NewsMessage | PictureMessage): Promise<void> {
    const episode = this.#open;
    if (episode === null) {
      return;
    }
    if (heard.kind === "picture" && episode.unseen.delete(heard.role)) {
      const attachment = { name: `start-${heard.role}.jpg`, mediaType: "image/jpeg", bytes: heard.jpeg };
      await episode.file.attachment(attachment, nanoseconds(heard.at));
    }
    episode.intervention ||= heard.kind === "news" && heard.topic === "/mark" && isIntervention(heard.value);
    for (const message of channelMessages(heard)) {
      await episode.file.message(message);
    }
  }

  /** Tells when the disk gets low, and closes the episode in order before it is full. */
  async #askForRoom(now: Instant): Promise<void> {
    const episode = this.#open;
    if (episode === null || now - episode.askedAt < ASK_EVERY) {
      return;
    }
    episode.askedAt = now;
    const { folder, leastFreeBytes } = this.#options;
    const free = await this.#free(folder);
    const room = roomFor(free, leastFreeBytes);
    const detail = freeInWords(free, folder);
    if (room === "too-little") {
      const reason = "the disk is nearly full";
      await this.#close({ endedAt: hostClock.now(), outcome: "stopped", reason, success: null }, 0, 0);
      this.#tell({ kind: "failed", code: "disk-low", detail: `${detail}: the recording was ended`, hint: MAKE_ROOM });
    } else if (room === "low" && !episode.told) {
      episode.told = true;
      this.#tell({ kind: "low", detail });
    }
  }

  async #close(end: EpisodeEnd, droppedFrames: number, droppedMessages: number): Promise<void> {
    const episode = this.#open;
    if (episode === null) {
      return;
    }
    const { name, file, intervention } = episode;
    const record = endRecord(end, { droppedFrames, droppedMessages, intervention });
    await file.metadata("kinevla.end", record);
    const path = join(this.#options.folder, name + CLOSED);
    await file.close(path);
    this.#open = null;
    const metadata = new Map([
      ["kinevla.episode", new Map(Object.entries(episode.start))],
      ["kinevla.end", new Map(Object.entries(record))],
    ]);
    const others = readIndex(this.#options.folder) ?? [];
    writeIndex(this.#options.folder, [...others, entryOf(path, metadata, file.messages)]);
    this.#tell({ kind: "closed", episode: name, messages: file.messages, bytes: file.bytes });
  }

  #discard(): void {
    const episode = this.#open;
    if (episode !== null) {
      this.#open = null;
      episode.file.discard();
      this.#tell({ kind: "discarded", episode: episode.name });
    }
  }

  /** The disk refuses: what is whole stays, under the name of an open episode, for repair. */
  #abandon(): void {
    const episode = this.#open;
    this.#open = null;
    episode?.file.abandon();
  }

  /** Removes the oldest policy runs while there are too many bytes; nothing that a person has made by hand. */
  #makeRoom(): void {
    const { folder, mostBytes } = this.#options;
    const files = episodesOf(folder, CLOSED).map((path) => ({ path, bytes: statSync(path).size }));
    let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    const removed = new Set<string>();
    for (const file of files.filter(({ path }) => path.includes("-policy-"))) {
      if (bytes <= mostBytes) {
        break;
      }
      rmSync(file.path);
      removed.add(file.path);
      bytes -= file.bytes;
    }
    if (removed.size > 0) {
      const kept = (readIndex(folder) ?? []).filter(({ name }) => !removed.has(join(folder, name + CLOSED)));
      writeIndex(folder, kept);
    }
  }
}

function isIntervention(value: object): boolean {
  return "kind" in value && value.kind === "intervention-begin";
}
