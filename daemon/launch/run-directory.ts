import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigError } from "../config/yaml-file.js";

/** Sockets, a token and the first lines of the logs; a disk without it would fail in the middle of a start. */
const ROOM_BYTES = 65_536;

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full; make room on it",
  EDQUOT: "the disk quota is used up; make room",
  EROFS: "the disk is read-only; name another run_directory",
  EACCES: "this user may not write there; give it the folder or name another run_directory",
  EPERM: "this user may not write there; give it the folder or name another run_directory",
  ENOTDIR: "something on the way is a file; name another run_directory",
  EEXIST: "it is a file; name another run_directory",
};

/** Makes a folder that the system writes to and proves that it can be written; throws ConfigError with what to do. */
export function makeRunDirectory(folder: string): void {
  const probe = join(folder, `.probe-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    try {
      writeFileSync(probe, Buffer.alloc(ROOM_BYTES));
    } finally {
      rmSync(probe, { force: true });
    }
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new ConfigError(`${folder} cannot be written (${code}): ${WHAT_TO_DO[code] ?? "name another run_directory"}`);
  }
}
