import type { Seconds } from "../types/units.js";
import { align } from "./align.js";
import { DatasetError } from "./dataset-error.js";
import type { Demonstration } from "./demonstration.js";
import type { ExportedEpisode } from "./exported-episode.js";
import { type IdleLimits, removeIdle } from "./idle.js";
import { RecordingRefused } from "./recording-refused.js";
import { openTargetFolder, type TargetFolder } from "./target-folder.js";
import type { TaskWording } from "./task-wordings.js";

/** One recorded episode that may go into the data set. */
export interface EpisodeSource {
  readonly name: string;
  /** Throws RecordingRefused, which says why it cannot be used. */
  read(): Promise<Demonstration>;
}

/** Which episodes go into the data set. */
export type SuccessFilter = "success" | "failure" | "all";

/** What is taken from the recordings, whatever the format. */
export interface ExportOptions {
  readonly out: string;
  readonly fps: number;
  /** The nearest picture or arm state may be this far from a step's instant. */
  readonly maxSkew: Seconds;
  readonly idle: IdleLimits;
  readonly success: SuccessFilter;
  /** Texts of instructions whose recordings hold none. */
  readonly tasks: readonly TaskWording[];
  /** Every n-th episode of an instruction is held out into `<out>-val`; 0 holds out none. */
  readonly validation: number;
  readonly onProgress?: (progress: ExportProgress) => void;
}

/** Writes one format into one folder. */
export interface DatasetWriter {
  add(episode: ExportedEpisode): Promise<void>;
  finish(): Promise<void>;
  /** Ends what still runs for it. */
  abandon?(): void;
}

/** What became of one recorded episode. */
export interface ExportProgress {
  readonly name: string;
  readonly done: number;
  readonly total: number;
  readonly outcome:
    | { readonly kind: "exported"; readonly steps: number; readonly idle: number }
    | { readonly kind: "filtered"; readonly reason: string }
    | { readonly kind: "refused"; readonly reason: string };
}

/** What an export made. */
export interface ExportSummary {
  readonly exported: number;
  readonly heldOut: number;
  readonly filtered: number;
  readonly refused: number;
  readonly steps: number;
  readonly idleSteps: number;
}

function filteredOut({ success }: Demonstration, filter: SuccessFilter): string | null {
  switch (filter) {
    case "all":
      return null;
    case "success":
      return success === true ? null : success === false ? "it failed" : "nobody judged it";
    case "failure":
      return success === false ? null : "it did not fail";
    default:
      return filter satisfies never;
  }
}

function withTexts(episode: ExportedEpisode, tasks: readonly TaskWording[]): ExportedEpisode {
  const { instruction, steps } = episode;
  const task = tasks.find((known) => known.instruction === instruction || known.paraphrases.includes(instruction));
  return task === undefined
    ? episode
    : {
        instruction,
        steps: steps.map((step) => ({ ...step, texts: step.texts ?? { coarse: task.coarse, fine: task.fine } })),
      };
}

/** One of the folders that are written: the data set, or what is held out of it. */
interface Part {
  readonly target: TargetFolder;
  readonly writer: DatasetWriter;
}

/**
 * Turns recorded episodes into a data set. An episode that cannot be used is left out with the reason; the folder
 * gets its name when everything is written, so a half-written one never looks whole.
 */
export async function exportDataset(
  sources: readonly EpisodeSource[],
  options: ExportOptions,
  createWriter: (folder: string) => DatasetWriter,
): Promise<ExportSummary> {
  const { out, validation } = options;
  const parts: Part[] = [];
  for (const folder of validation > 0 ? [out, `${out}-val`] : [out]) {
    const target = await openTargetFolder(folder);
    parts.push({ target, writer: createWriter(target.work) });
  }
  const summary = { exported: 0, heldOut: 0, filtered: 0, refused: 0, steps: 0, idleSteps: 0 };
  const seen = new Map<string, number>();
  try {
    for (const [index, source] of sources.entries()) {
      const outcome = await exportOne(source, options, async (episode) => {
        const count = (seen.get(episode.instruction) ?? 0) + 1;
        const heldOut = validation > 0 && count % validation === 0;
        const part = parts[heldOut ? 1 : 0];
        await part?.writer.add(episode);
        // Counted once it is in: a damaged one must not move the others.
        seen.set(episode.instruction, count);
        summary.heldOut += heldOut ? 1 : 0;
        summary.exported += heldOut ? 0 : 1;
      });
      summary.filtered += outcome.kind === "filtered" ? 1 : 0;
      summary.refused += outcome.kind === "refused" ? 1 : 0;
      if (outcome.kind === "exported") {
        summary.steps += outcome.steps;
        summary.idleSteps += outcome.idle;
      }
      options.onProgress?.({ name: source.name, done: index + 1, total: sources.length, outcome });
    }
    if (summary.exported === 0) {
      throw new DatasetError(
        `of ${sources.length} recorded episodes none can be exported`,
        options.success === "success"
          ? "The reason of each stands above. Episodes that nobody judged are taken with --success all."
          : "The reason of each stands above.",
      );
    }
    if (validation > 0 && summary.heldOut === 0) {
      throw new DatasetError(
        `no instruction has ${validation} episodes, so none is held out`,
        "Hold out more with a smaller --validation, or none with --validation 0.",
      );
    }
    for (const { writer } of parts) {
      await writer.finish();
    }
    for (const { target } of parts) {
      await target.finish();
    }
    return summary;
  } catch (error) {
    for (const { writer, target } of parts) {
      writer.abandon?.();
      await target.abandon();
    }
    throw error;
  }
}

async function exportOne(
  source: EpisodeSource,
  options: ExportOptions,
  add: (episode: ExportedEpisode) => Promise<void>,
): Promise<ExportProgress["outcome"]> {
  try {
    const demonstration = await source.read();
    const reason = filteredOut(demonstration, options.success);
    if (reason !== null) {
      return { kind: "filtered", reason };
    }
    const alignment = align(demonstration, options.fps, options.maxSkew);
    if (alignment.kind === "refused") {
      return alignment;
    }
    const steps = removeIdle(alignment.steps, options.fps, options.idle);
    if (steps.length < 2) {
      return { kind: "refused", reason: "the arm stands still in it from beginning to end" };
    }
    await add(withTexts({ instruction: demonstration.instruction, steps }, options.tasks));
    return { kind: "exported", steps: steps.length, idle: alignment.steps.length - steps.length };
  } catch (error) {
    if (error instanceof RecordingRefused) {
      return { kind: "refused", reason: error.message };
    }
    throw error;
  }
}
