import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk that gets full. */
export interface SmallDisk {
  /** What the kernel answers a writer at its end. */
  readonly code: string;
  readonly folder: string;
  /** Where it ends from now on, bytes, for the process that records. */
  holds(bytes: number, pid: number | undefined): void;
  remove(): void;
}

/** Every kind of full disk that can be had here: the end of a file's quota always, a file system of its own where it may be mounted. */
export const DISKS: readonly (() => SmallDisk)[] = mayMount() ? [limitedFile, memoryDisk] : [limitedFile];

/** The kernel refuses at the end of what one file may hold (RLIMIT_FSIZE); needs no privilege. */
function limitedFile(): SmallDisk {
  const folder = folderOfItsOwn();
  return {
    ...{ code: "EFBIG", folder },
    holds: (bytes, pid) => succeed("prlimit", ["--pid", String(pid), `--fsize=${bytes}`]),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A file system in memory. */
function memoryDisk(): SmallDisk {
  const folder = folderOfItsOwn();
  succeed("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", folder]);
  return {
    ...{ code: "ENOSPC", folder },
    holds: (bytes) => succeed("mount", ["-o", `remount,size=${bytes}`, folder]),
    remove: () => {
      succeed("umount", [folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function mayMount(): boolean {
  const folder = folderOfItsOwn();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]).status === 0;
  if (mounted) {
    succeed("umount", [folder]);
  }
  rmSync(folder, { recursive: true });
  return mounted;
}

function folderOfItsOwn(): string {
  return mkdtempSync(join(tmpdir(), "kinevla-disk-"));
}

function succeed(command: string, args: readonly string[]): void {
  const { status, stderr, error } = spawnSync(command, args, { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`${command} ${args.join(" ")}: ${error?.message ?? stderr}`);
  }
}
