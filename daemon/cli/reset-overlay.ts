import { execFile } from "node:child_process";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { readToken } from "../operator/token.js";
import { readEpisode } from "../recorder/read-episode.js";
import { CliError, EXIT } from "./exit-code.js";
import type { OperatorOptions } from "./operator-options.js";

/** A camera that has no picture now must not hold up a session. */
const PICTURE_WITHIN_MS = 3000;
const BLEND_WITHIN_MS = 10_000;

/** Half the first picture of a reference episode and half the present one: what stands otherwise is seen twice. */
export interface ResetOverlay {
  /** The present picture of the front camera. Rejects with an Error that says why there is none. */
  present(): Promise<Uint8Array>;
  /** Lays `start` over the present picture; gives the path of a JPEG, the same each time. Rejects with an Error. */
  draw(start: Uint8Array): Promise<string>;
  /** Removes it. */
  close(): void;
}

/** Makes overlays in a folder of its own from the daemon's pictures. */
export function resetOverlay({ url, tokenFile }: OperatorOptions): ResetOverlay {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-reset-"));
  const path = join(folder, "reset-front.jpg");
  const present = async (): Promise<Uint8Array> => {
    const answer = await fetch(new URL("/front.jpg", url.replace(/^ws/, "http")), {
      headers: { Authorization: `Bearer ${readToken(tokenFile)}` },
      signal: AbortSignal.timeout(PICTURE_WITHIN_MS),
    });
    if (!answer.ok) {
      throw new Error(
        `the daemon has no picture of the front camera (${answer.status}: ${(await answer.text()).trim()})`,
      );
    }
    return new Uint8Array(await answer.arrayBuffer());
  };
  return {
    present,
    draw: async (start) => {
      const [before, now, drawn] = ["start.jpg", "now.jpg", "drawn.jpg"].map((name) => join(folder, name));
      writeFileSync(before ?? "", start);
      writeFileSync(now ?? "", await present());
      await blend(before ?? "", now ?? "", drawn ?? "");
      // Whoever looks at it sees the old or the new one, never half of it.
      renameSync(drawn ?? "", path);
      return path;
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The mean of two pictures of one size, as JPEG. */
async function blend(one: string, other: string, to: string): Promise<void> {
  const input = ["-i", one, "-i", other, "-filter_complex", "blend=all_mode=average"];
  try {
    await promisify(execFile)(
      "ffmpeg",
      ["-hide_banner", "-loglevel", "error", "-nostdin", "-y", ...input, "-frames:v", "1", "-q:v", "3", to],
      { timeout: BLEND_WITHIN_MS },
    );
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const missing = error instanceof Error && "code" in error && error.code === "ENOENT";
    throw new Error(missing ? "ffmpeg, which draws it, is not installed: apt-get install ffmpeg" : words, {
      cause: error,
    });
  }
}

/** The first picture of the front camera in a recording; throws CliError. */
export async function startPictureOf(episode: string): Promise<Uint8Array> {
  const hint = "Name a recording of this table: kinevla record list";
  try {
    const picture = (await readEpisode(episode, [])).attachments.get("start-front.jpg");
    if (picture !== undefined) {
      return picture;
    }
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    throw new CliError(EXIT.usage, "no-reference", `${episode} cannot be read: ${words}`, hint);
  }
  throw new CliError(EXIT.usage, "no-reference", `${episode} has no picture of the front camera.`, hint);
}
