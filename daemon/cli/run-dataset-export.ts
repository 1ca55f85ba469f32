import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { DatasetError } from "../dataset/dataset-error.js";
import { type EpisodeSource, exportDataset, type SuccessFilter } from "../dataset/export.js";
import type { TextColumns } from "../dataset/features.js";
import { KinevlaWriter } from "../dataset/kinevla.js";
import { LeRobotWriter } from "../dataset/lerobot.js";
import type { VideoCodec } from "../dataset/pictures.js";
import { readRecording } from "../dataset/read-recording.js";
import { readTaskWordings } from "../dataset/task-wordings.js";
import { CliError, EXIT } from "./exit-code.js";

/** What `kinevla dataset export` is told. */
export interface ExportCommandOptions {
  readonly out: string;
  readonly format: "lerobot" | "kinevla";
  readonly fps: number;
  readonly size?: number;
  readonly codec: VideoCodec;
  readonly texts: TextColumns;
  readonly success: SuccessFilter;
  readonly tasks?: string;
  readonly maxSkew: number;
  readonly idle: number;
  readonly idleMotion: number;
  readonly validation: number;
}

/** Recorded frames of the paper are 256 x 256; the small model of models/training takes 96. */
const SIZES = { lerobot: 256, kinevla: 96 };
/** A gripper that changes less is at rest. */
const IDLE_GRIPPER = 0.02;

async function filesOf(path: string): Promise<readonly string[]> {
  try {
    if (!(await stat(path)).isDirectory()) {
      return [path];
    }
    const names = await readdir(path);
    return names
      .filter((name) => name.endsWith(".mcap") || name.endsWith(".mcap.open"))
      .toSorted()
      .map((name) => join(path, name));
  } catch (cause) {
    throw new DatasetError(`${path} cannot be read`, "Name recordings or folders of them.", { cause });
  }
}

/** Exports recordings and says what became of each. */
export async function runDatasetExport(recordings: readonly string[], options: ExportCommandOptions): Promise<void> {
  const { out, fps, format, codec, texts } = options;
  const shape = { size: options.size ?? SIZES[format], crop: 1 };
  try {
    const tasks = options.tasks === undefined ? [] : await readTaskWordings(options.tasks);
    const files = (await Promise.all(recordings.map(filesOf))).flat();
    const sources: readonly EpisodeSource[] = files.map((name) => ({ name, read: () => readRecording(name) }));
    const summary = await exportDataset(
      sources,
      {
        ...{ out, fps, tasks, success: options.success, validation: options.validation },
        maxSkew: options.maxSkew / 1000,
        idle: { duration: options.idle / 1000, motion: options.idleMotion / 1000, gripper: IDLE_GRIPPER },
        onProgress: ({ name, done, total, outcome }) => {
          const words =
            outcome.kind === "exported"
              ? `${outcome.steps} steps, ${outcome.idle} idle ones removed`
              : `${outcome.kind === "refused" ? "refused" : "left out"}: ${outcome.reason}`;
          process.stderr.write(`${done}/${total} ${name}: ${words}\n`);
        },
      },
      (folder) =>
        format === "kinevla"
          ? new KinevlaWriter(folder, shape, fps, tasks)
          : new LeRobotWriter(folder, { ...shape, fps, codec, texts, robot: "rm75" }),
    );
    const { exported, heldOut, filtered, refused, steps } = summary;
    process.stderr.write(
      `The data set is complete: ${out} (${exported} episodes, ${heldOut} held out, ${steps} steps; ` +
        `${filtered} left out, ${refused} refused)\n`,
    );
  } catch (error) {
    if (error instanceof DatasetError) {
      throw new CliError(EXIT.refused, "dataset-not-exported", error.message, error.hint);
    }
    throw error;
  }
}
