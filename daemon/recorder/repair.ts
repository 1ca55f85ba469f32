import { existsSync, rmSync, statfsSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import type { McapTypes } from "@mcap/core";
import { diskError } from "./disk-error.js";
import { CLOSED, EpisodeFile, endRecord, OPEN, syncFolder } from "./episode-file.js";
import { entryOf, episodesOf, type IndexEntry, writeIndex } from "./episode-index.js";
import { recordingProcess } from "./folder-lock.js";
import { episodeRecords, inspectEpisode } from "./read-episode.js";

/** What was found of one file and what became of it. */
export interface Repaired {
  readonly file: string;
  readonly result: /** Closed in order; read whole and by its index. */
    | "whole"
    /** It was left open: what was whole in it is a closed episode now. */
    | "mended"
    /** It was left open before anything was recorded, and is removed. */
    | "empty"
    /** Closed once, and no longer readable as it says; left as it is. */
    | "spoilt"
    /** It could not be mended now; left as it is. */
    | "left";
  readonly messages: number;
  readonly detail: string;
}

/** Opens every file of a folder, mends what was left open and writes the index anew; throws RangeError with a reason. */
export async function repairFolder(
  folder: string,
  onFile: (repaired: Repaired) => void,
): Promise<readonly IndexEntry[]> {
  const recording = existsSync(folder) ? recordingProcess(folder) : null;
  if (!existsSync(folder) || !statSync(folder).isDirectory()) {
    throw new RangeError(`${folder} is no folder`);
  }
  if (recording !== null) {
    throw new RangeError(`process ${recording} is recording into ${folder}: end the daemon first`);
  }
  for (const rest of episodesOf(folder, `${CLOSED}.mending`)) {
    rmSync(rest);
  }
  for (const path of episodesOf(folder, OPEN)) {
    onFile(await mend(path));
  }
  const entries: IndexEntry[] = [];
  for (const path of episodesOf(folder, CLOSED)) {
    const { messages, metadata, wrong } = await inspectEpisode(path);
    onFile({ file: basename(path), result: wrong === null ? "whole" : "spoilt", messages, detail: wrong ?? "" });
    if (wrong === null) {
      entries.push(entryOf(path, metadata, messages));
    }
  }
  writeIndex(folder, entries);
  return entries;
}

/** Copies what is whole in an open file into a closed one, opens that, and only then removes the open one. */
async function mend(path: string): Promise<Repaired> {
  const file = basename(path);
  const closed = path.slice(0, -OPEN.length) + CLOSED;
  const left = (detail: string): Repaired => ({ file, result: "left", messages: 0, detail });
  if (existsSync(closed)) {
    // A repair that was killed between its last two steps has left both.
    const [whole, messages] = [await inspectEpisode(closed), await messagesIn(path)];
    if (whole.wrong !== null || whole.messages !== messages) {
      return left(`${basename(closed)} is there already and holds something else: move one of the two away`);
    }
    rmSync(path);
    syncFolder(join(path, ".."));
    return { file, result: "mended", messages, detail: "its copy was there already" };
  }
  const { bavail, bsize } = statfsSync(path);
  const { size } = statSync(path);
  // A copy is at most as large, with its index.
  if (bavail * bsize < size * 1.05) {
    return left(`no room: it needs ${Math.ceil((size * 1.05) / 1e6)} MB on the disk`);
  }
  const mending = `${closed}.mending`;
  try {
    const copy = await copyWhole(path, mending, closed);
    if (copy === null) {
      rmSync(path);
      return { file, result: "empty", messages: 0, detail: "nothing was recorded in it" };
    }
    const { messages, wrong } = await inspectEpisode(closed);
    if (wrong !== null || messages !== copy.messages) {
      rmSync(closed);
      return left(`its copy does not read back (${wrong ?? `${messages} of ${copy.messages} messages`})`);
    }
    rmSync(path);
    syncFolder(join(path, ".."));
    return { file, result: "mended", messages, detail: copy.torn };
  } catch (error) {
    rmSync(mending, { force: true });
    const found = diskError(error);
    if (found === null) {
      throw error;
    }
    return left(`${found.detail}. ${found.hint}`);
  }
}

async function messagesIn(path: string): Promise<number> {
  let messages = 0;
  for await (const { type } of episodeRecords(path)) {
    messages += type === "Message" ? 1 : 0;
  }
  return messages;
}

async function copyWhole(
  path: string,
  mending: string,
  closed: string,
): Promise<{ readonly messages: number; readonly torn: string } | null> {
  const schemas = new Map<number, McapTypes.Schema>();
  const channels = new Map<number, McapTypes.Channel>();
  const seen = { start: false, end: false, intervention: false };
  let lastTime = 0n;
  let torn: string | null = null;
  let copy: EpisodeFile | null = null;
  const records = episodeRecords(path, (end) => {
    torn = end.torn;
  });
  try {
    for await (const record of records) {
      if (copy === null && (record.type === "Metadata" || record.type === "Message")) {
        copy = await EpisodeFile.create(mending);
      }
      switch (record.type) {
        case "Schema":
          schemas.set(record.id, record);
          break;
        case "Channel":
          channels.set(record.id, record);
          break;
        case "Metadata":
          seen.start ||= record.name === "kinevla.episode";
          seen.end ||= record.name === "kinevla.end";
          await copy?.metadata(record.name, Object.fromEntries(record.metadata));
          break;
        case "Attachment":
          await copy?.attachment(
            { name: record.name, mediaType: record.mediaType, bytes: record.data },
            record.logTime,
          );
          break;
        case "Message": {
          const channel = channels.get(record.channelId);
          const schema = channel === undefined ? undefined : schemas.get(channel.schemaId);
          const json = Buffer.from(record.data).toString();
          seen.intervention ||= channel?.topic === "/mark" && json.includes("intervention-begin");
          lastTime = record.publishTime > lastTime ? record.publishTime : lastTime;
          if (channel !== undefined && schema !== undefined) {
            const described = { name: schema.name, schema: JSON.parse(Buffer.from(schema.data).toString()) };
            const { logTime, publishTime, sequence } = record;
            await copy?.message({ topic: channel.topic, schema: described, logTime, publishTime, sequence, json });
          }
          break;
        }
        default:
          // Header, indices, summary and footer are made anew.
          break;
      }
    }
    if (copy === null || (copy.messages === 0 && !seen.end)) {
      copy?.discard();
      return null;
    }
    if (!seen.end) {
      const end = {
        endedAt: Number(lastTime) / 1e9,
        outcome: "crashed",
        reason: "closed by repair",
        success: null,
      } as const;
      const tally = { droppedFrames: 0, droppedMessages: 0, intervention: seen.intervention };
      await copy.metadata("kinevla.end", endRecord(end, tally));
    }
    const { messages } = copy;
    await copy.close(closed);
    return { messages, torn: torn ?? "" };
  } catch (error) {
    copy?.abandon();
    throw error;
  }
}
