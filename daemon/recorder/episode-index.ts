import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { z } from "zod";
import { CLOSED, syncFolder } from "./episode-file.js";

const entry = z.object({
  name: z.string(),
  kind: z.string(),
  instruction: z.string(),
  operator: z.string(),
  /** ISO 8601, UTC. */
  started: z.string(),
  outcome: z.string(),
  success: z.boolean().nullable(),
  intervention: z.boolean(),
  messages: z.int(),
  bytes: z.int(),
});

const indexFile = z.object({ format: z.literal(1), episodes: z.array(entry) });

/** One closed episode, in short. */
export type IndexEntry = z.infer<typeof entry>;

/** The list of closed episodes; derived from them. */
export const INDEX = "index.json";

/** What the index says; null where it is missing or spoilt, which costs nothing: `repair` makes it anew. */
export function readIndex(folder: string): readonly IndexEntry[] | null {
  try {
    return indexFile.parse(JSON.parse(readFileSync(join(folder, INDEX), "utf8"))).episodes;
  } catch {
    return null;
  }
}

/** Writes the index anew, whole or not at all. */
export function writeIndex(folder: string, episodes: readonly IndexEntry[]): void {
  const path = join(folder, INDEX);
  const sorted = [...episodes].sort((a, b) => (a.name < b.name ? -1 : 1));
  writeFileSync(`${path}.new`, `${JSON.stringify({ format: 1, episodes: sorted }, null, 1)}\n`, { flush: true });
  renameSync(`${path}.new`, path);
  syncFolder(folder);
}

/** An entry from the two records of an episode. */
export function entryOf(
  path: string,
  metadata: ReadonlyMap<string, ReadonlyMap<string, string>>,
  messages: number,
): IndexEntry {
  const start = metadata.get("kinevla.episode");
  const end = metadata.get("kinevla.end");
  const success = end?.get("success") ?? "";
  const wallNs = BigInt(start?.get("started_ns") ?? 0) + BigInt(start?.get("wall_offset_ns") ?? 0);
  return {
    name: basename(path, CLOSED),
    kind: start?.get("kind") ?? "",
    instruction: start?.get("instruction") ?? "",
    operator: start?.get("operator") ?? "",
    started: new Date(Number(wallNs / 1_000_000n)).toISOString(),
    outcome: end?.get("outcome") ?? "",
    success: success === "" ? null : success === "true",
    intervention: end?.get("intervention") === "true",
    messages,
    bytes: statSync(path).size,
  };
}

/** Paths of the episodes with one ending, oldest first. */
export function episodesOf(folder: string, ending: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(folder, name));
}
