import { open } from "node:fs/promises";
import { McapIndexedReader, McapStreamReader, type McapTypes } from "@mcap/core";

/** What a file held, and where it stopped being readable; `torn` is null for a file that was closed in order. */
export interface ReadingEnd {
  readonly torn: string | null;
}

/** Read at a time. */
const PIECE = 1024 * 1024;

/** Every whole record of an episode, in the order of writing; a torn or spoilt rest ends it and is told by `onEnd`. */
export async function* episodeRecords(
  path: string,
  onEnd: (end: ReadingEnd) => void = () => undefined,
): AsyncGenerator<McapTypes.TypedMcapRecord, void, void> {
  const file = await open(path, "r");
  const reader = new McapStreamReader({ validateCrcs: true });
  try {
    for (let position = 0; ; ) {
      const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(PIECE), 0, PIECE, position);
      if (bytesRead === 0) {
        onEnd({ torn: reader.done() ? null : `it ends after ${position} bytes, in the middle` });
        return;
      }
      position += bytesRead;
      // Only reading may fail here: what the consumer throws passes by.
      const records = wholeRecords(reader, buffer.subarray(0, bytesRead));
      for (const record of records.read) {
        yield record;
      }
      if (records.spoilt !== null) {
        onEnd({ torn: records.spoilt });
        return;
      }
    }
  } finally {
    await file.close();
  }
}

function wholeRecords(
  reader: McapStreamReader,
  bytes: Uint8Array,
): { readonly read: readonly McapTypes.TypedMcapRecord[]; readonly spoilt: string | null } {
  const read: McapTypes.TypedMcapRecord[] = [];
  try {
    reader.append(bytes);
    for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
      read.push(record);
    }
    return { read, spoilt: null };
  } catch (error) {
    return { read, spoilt: error instanceof Error ? error.message : String(error) };
  }
}

/** One message of an episode. */
export interface EpisodeMessage {
  readonly topic: string;
  /** Host-monotonic ns. */
  readonly logTime: bigint;
  readonly publishTime: bigint;
  readonly sequence: number;
  readonly value: unknown;
}

/** A whole episode in memory; only the topics asked for. */
export interface Episode {
  readonly metadata: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly messages: readonly EpisodeMessage[];
  readonly attachments: ReadonlyMap<string, Uint8Array>;
  readonly torn: string | null;
}

/** Reads an episode, closed or torn; `topics` null for all. */
export async function readEpisode(path: string, topics: readonly string[] | null = null): Promise<Episode> {
  const names = new Map<number, string>();
  const metadata = new Map<string, ReadonlyMap<string, string>>();
  const attachments = new Map<string, Uint8Array>();
  const messages: EpisodeMessage[] = [];
  let torn: string | null = null;
  const records = episodeRecords(path, (end) => {
    torn = end.torn;
  });
  for await (const record of records) {
    if (record.type === "Channel") {
      names.set(record.id, record.topic);
    } else if (record.type === "Metadata") {
      metadata.set(record.name, record.metadata);
    } else if (record.type === "Attachment") {
      attachments.set(record.name, record.data);
    } else if (record.type === "Message") {
      const topic = names.get(record.channelId) ?? "";
      if (topics === null || topics.includes(topic)) {
        const { logTime, publishTime, sequence, data } = record;
        messages.push({ topic, logTime, publishTime, sequence, value: JSON.parse(Buffer.from(data).toString()) });
      }
    }
  }
  return { metadata, messages, attachments, torn };
}

/** What a closed episode holds, proven by reading all of it; `wrong` is null when it is as it says. */
export interface Inspection {
  readonly messages: number;
  readonly metadata: ReadonlyMap<string, ReadonlyMap<string, string>>;
  readonly wrong: string | null;
}

/** Reads a file twice, record by record and by its index, and compares the counts. */
export async function inspectEpisode(path: string): Promise<Inspection> {
  const metadata = new Map<string, ReadonlyMap<string, string>>();
  let messages = 0;
  let torn: string | null = null;
  const records = episodeRecords(path, (end) => {
    torn = end.torn;
  });
  for await (const record of records) {
    messages += record.type === "Message" ? 1 : 0;
    if (record.type === "Metadata") {
      metadata.set(record.name, record.metadata);
    }
  }
  const wrong = torn ?? (await wrongIndex(path, messages));
  return { messages, metadata, wrong };
}

async function wrongIndex(path: string, messages: number): Promise<string | null> {
  const file = await open(path, "r");
  try {
    const readable = {
      size: async () => BigInt((await file.stat()).size),
      read: async (offset: bigint, length: bigint) => {
        const bytes = new Uint8Array(Number(length));
        const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, Number(offset));
        if (bytesRead < bytes.byteLength) {
          throw new Error("it ends in the middle");
        }
        return bytes;
      },
    };
    const { statistics } = await McapIndexedReader.Initialize({ readable });
    const indexed = Number(statistics?.messageCount ?? -1n);
    return indexed === messages ? null : `its index counts ${indexed} messages, and it holds ${messages}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    await file.close();
  }
}
