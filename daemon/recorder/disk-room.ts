import { statfs } from "node:fs/promises";

// Interlocks: HO-10.

/** How much room there is on a disk for recordings. */
export type Room = "enough" | "low" | "too-little";

/** What is free on the disk of a folder, bytes. */
export type FreeBytes = (folder: string) => Promise<number>;

export const freeBytes: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

/**
 * Judges what is free, for a disk on which an episode begins with at least `least` bytes: half of that is told, and with a
 * fifth a running one ends (the catalogue's 10, 5 and 2 GB).
 */
export function roomFor(free: number, least: number): Room {
  return free < least / 5 ? "too-little" : free < least / 2 ? "low" : "enough";
}

export const MAKE_ROOM =
  "Make room on the disk or name another recording.directory. Recording starts with the next episode.";

/** For people. */
export function freeInWords(free: number, folder: string): string {
  return `${(free / 1e9).toFixed(1)} GB are free at ${folder}`;
}
