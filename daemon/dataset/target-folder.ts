import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "./dataset-error.js";

/** Its presence says: begun by this program, and unfinished. */
const MARK = "kinevla-export.unfinished";

/** Folders that the export of one data set writes to. */
export interface TargetFolder {
  /** Where to write; it gets its name when everything is there. */
  readonly work: string;
  /** Everything is written: gives the folder its name. */
  finish(): Promise<void>;
  /** Removes what was written. */
  abandon(): Promise<void>;
}

/** The process that left its mark is still alive; a mark that cannot be read is nobody's. */
async function beingWritten(mark: string): Promise<boolean> {
  const pid = Number(await readFile(mark, "utf8"));
  try {
    // Signal 0 asks only whether the process is there.
    return Number.isSafeInteger(pid) && pid > 0 && process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Makes the folder that an export writes to; refuses one that exists. What an ended export left behind is begun anew. */
export async function openTargetFolder(out: string): Promise<TargetFolder> {
  if (existsSync(out)) {
    throw new DatasetError(
      `${out} exists already`,
      "Name another folder, or remove that one first: nothing is overwritten.",
    );
  }
  const work = `${out}.unfinished`;
  const mark = join(work, MARK);
  if (existsSync(work) && !existsSync(mark)) {
    throw new DatasetError(
      `${work} exists, and no export of this program began it`,
      "Move it away; the export writes there first.",
    );
  }
  if (existsSync(work) && (await beingWritten(mark))) {
    throw new DatasetError(`${work} is being written by another export`, "Wait for it, or name another folder.");
  }
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await writeFile(mark, `${process.pid}\n`);
  return {
    work,
    finish: async () => {
      await rm(mark);
      await rename(work, out);
    },
    abandon: () => rm(work, { recursive: true, force: true }),
  };
}
