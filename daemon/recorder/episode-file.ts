import { randomBytes } from "node:crypto";
import { closeSync, fdatasyncSync, fsyncSync, ftruncateSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { McapWriter } from "@mcap/core";
import type { ChannelMessage } from "./channel-messages.js";
import { nanoseconds } from "./channel-messages.js";
import type { EpisodeAttachment, EpisodeEnd, EpisodeStart } from "./recorder-messages.js";

/** A closed episode. */
export const CLOSED = ".mcap";
/** One that is being written, or that a crash has left. */
export const OPEN = ".mcap.open";

/** About half a second of two cameras; what a crash may cost. */
const CHUNK_BYTES = 1024 * 1024;

/** What was lost on the way, and whether a person took over. */
export interface EpisodeTally {
  readonly droppedFrames: number;
  readonly droppedMessages: number;
  readonly intervention: boolean;
}

/** A file under its own position, written at once. */
class Writable {
  readonly #fd: number;
  #position = 0n;

  constructor(fd: number) {
    this.#fd = fd;
  }

  position(): bigint {
    return this.#position;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.byteLength; ) {
      done += writeSync(this.#fd, bytes, done, bytes.byteLength - done, Number(this.#position) + done);
    }
    this.#position += BigInt(bytes.byteLength);
  }
}

/** Writes one episode; what is on the disk is synced chunk by chunk. Calls must not overlap. Throws what the disk says. */
export class EpisodeFile {
  readonly path: string;
  readonly #fd: number;
  readonly #writable: Writable;
  readonly #writer: McapWriter;
  readonly #channels = new Map<string, { readonly id: number; sequence: number }>();
  #synced = 0n;
  #messages = 0;

  private constructor(path: string) {
    this.path = path;
    // Never over a file that is there.
    this.#fd = openSync(path, "wx", 0o640);
    this.#writable = new Writable(this.#fd);
    this.#writer = new McapWriter({ writable: this.#writable, chunkSize: CHUNK_BYTES });
  }

  /** Makes a file that must not exist yet. */
  static async create(path: string): Promise<EpisodeFile> {
    const file = new EpisodeFile(path);
    try {
      await file.#writer.start({ profile: "", library: "kinevla" });
      return file;
    } catch (error) {
      closeSync(file.#fd);
      rmSync(path);
      throw error;
    }
  }

  /** Of what was given to it so far. */
  get messages(): number {
    return this.#messages;
  }

  get bytes(): number {
    return Number(this.#writable.position());
  }

  async metadata(name: string, values: Readonly<Record<string, string>>): Promise<void> {
    await this.#writer.addMetadata({ name, metadata: new Map(Object.entries(values)) });
    this.#sync();
  }

  async attachment({ name, mediaType, bytes }: EpisodeAttachment, time: bigint): Promise<void> {
    await this.#writer.addAttachment({ name, mediaType, data: bytes, logTime: time, createTime: time });
    this.#sync();
  }

  async message({ topic, schema, logTime, publishTime, sequence, json }: ChannelMessage): Promise<void> {
    let channel = this.#channels.get(topic);
    if (channel === undefined) {
      const schemaId = await this.#writer.registerSchema({
        name: schema.name,
        encoding: "jsonschema",
        data: Buffer.from(JSON.stringify(schema.schema)),
      });
      const id = await this.#writer.registerChannel({ topic, schemaId, messageEncoding: "json", metadata: new Map() });
      channel = { id, sequence: 0 };
      this.#channels.set(topic, channel);
    }
    channel.sequence += 1;
    await this.#writer.addMessage({
      ...{ channelId: channel.id, sequence: sequence ?? channel.sequence, logTime, publishTime },
      data: Buffer.from(json),
    });
    this.#messages += 1;
    this.#sync();
  }

  /** Writes index and summary and gives the file its name among the closed episodes. */
  async close(closedPath: string): Promise<void> {
    await this.#writer.end();
    fsyncSync(this.#fd);
    this.#synced = this.#writable.position();
    renameSync(this.path, closedPath);
    syncFolder(join(closedPath, ".."));
    closeSync(this.#fd);
  }

  /** Leaves what is whole and synced, for repair. */
  abandon(): void {
    try {
      ftruncateSync(this.#fd, Number(this.#synced));
    } finally {
      closeSync(this.#fd);
    }
  }

  /** Removes the file. */
  discard(): void {
    closeSync(this.#fd);
    rmSync(this.path);
  }

  /** A chunk has gone to the disk: it stays there whatever happens next. */
  #sync(): void {
    if (this.#writable.position() > this.#synced) {
      fdatasyncSync(this.#fd);
      this.#synced = this.#writable.position();
    }
  }
}

/** What renamed or removed files leave behind in their folder is on the disk from now on. */
export function syncFolder(folder: string): void {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Name of a new episode: UTC start, kind, random digits; sorts by time. */
export function episodeName({ kind, startedAt, wallOffset }: EpisodeStart): string {
  const wall = new Date((startedAt + wallOffset) * 1000).toISOString().replace(/[-:]/g, "");
  return `${wall}-${kind}-${randomBytes(4).toString("hex")}`;
}

/** The record `kinevla.episode`. */
export function startRecord(name: string, start: EpisodeStart): Record<string, string> {
  return {
    ...start.context,
    ...{ format: "1", episode: name, kind: start.kind, instruction: start.instruction, operator: start.operator },
    started_ns: String(nanoseconds(start.startedAt)),
    wall_offset_ns: String(nanoseconds(start.wallOffset)),
  };
}

/** The record `kinevla.end`. */
export function endRecord(end: EpisodeEnd, tally: EpisodeTally): Record<string, string> {
  return {
    ended_ns: String(nanoseconds(end.endedAt)),
    ...{ outcome: end.outcome, reason: end.reason, success: end.success === null ? "" : String(end.success) },
    intervention: String(tally.intervention),
    dropped_frames: String(tally.droppedFrames),
    dropped_messages: String(tally.droppedMessages),
  };
}
