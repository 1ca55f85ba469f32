import { access, constants, statfs } from "node:fs/promises";
import { type Check, ill, well } from "./check.js";

/** Logs and pictures of a working day with room to spare. */
export const LEAST_FREE_BYTES = 2 * 1024 ** 3;

/** May `folder` be written, and is there room on its disk? */
export function diskCheck(folder: string, least: number = LEAST_FREE_BYTES, name = "disk"): Check {
  return {
    name,
    run: async () => {
      try {
        await access(folder, constants.W_OK | constants.X_OK);
      } catch {
        // Why not, in a word of the system, would say no more.
        return ill(`${folder} may not be written`, "Give it to this user, or name another run_directory.");
      }
      const { bavail, bsize } = await statfs(folder);
      const free = bavail * bsize;
      const words = `${gigabytes(free)} free at ${folder}`;
      return free >= least
        ? well(words)
        : ill(words, `Free at least ${gigabytes(least)}: remove old recordings or logs, or use another disk.`);
    },
  };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
}
