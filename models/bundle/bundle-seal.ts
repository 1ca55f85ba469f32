import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { BundleError } from "./bundle-error.js";
import { hashFiles } from "./read-files.js";
import { readManifest } from "./read-manifest.js";

// Interlocks: PO-11.

/**
 * Whether the files of a bundle are still those that were loaded. They are hashed anew when any of them is another one
 * than when they were hashed last: name, inode, size, and the time of its last change (ctime, which every write moves and
 * no program can set back). Weights may have gigabytes, which take seconds to hash; to ask for these takes a millisecond.
 */
export class BundleSeal {
  readonly #folder: string;
  readonly #digest: string | null;
  /** Of the files when they were hashed last; null before that. */
  #hashed: string | null = null;
  #broken: string | null = null;
  #looking: Promise<string | null> | null = null;

  /** `digest`: SHA-256 of the manifest that was loaded; null for whichever stands there. */
  constructor(folder: string, digest: string | null) {
    this.#folder = folder;
    this.#digest = digest;
  }

  /** Why the bundle must not move an arm, in words; null when it may. What was found once stays found. */
  broken(): Promise<string | null> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = null;
    });
    return this.#looking;
  }

  async #look(): Promise<string | null> {
    if (this.#broken !== null) {
      return this.#broken;
    }
    try {
      const before = await identityOf(this.#folder);
      if (before === this.#hashed) {
        return null;
      }
      await hashFiles(this.#folder, await readManifest(this.#folder, this.#digest));
      if ((await identityOf(this.#folder)) !== before) {
        throw new BundleError("hash-mismatch", `${this.#folder} was changed while it was read`);
      }
      this.#hashed = before;
      return null;
    } catch (error) {
      if (!(error instanceof BundleError)) {
        throw error;
      }
      this.#broken = `the bundle is no longer what was loaded: ${error.message} Then restart the daemon.`;
      return this.#broken;
    }
  }
}

async function identityOf(folder: string): Promise<string> {
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    const files = entries.filter((entry) => !entry.isDirectory()).map((entry) => join(entry.parentPath, entry.name));
    const identities = await Promise.all(
      files.sort().map(async (file) => {
        const { dev, ino, size, mtimeNs, ctimeNs } = await stat(file, { bigint: true });
        return [file, dev, ino, size, mtimeNs, ctimeNs].join(" ");
      }),
    );
    return identities.join("\n");
  } catch (cause) {
    throw new BundleError("file-missing", `${folder} cannot be read whole (${String(cause)})`, cause);
  }
}
