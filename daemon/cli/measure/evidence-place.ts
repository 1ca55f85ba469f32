import { loadConfig } from "../../config/config.js";
import { ConfigError } from "../../config/yaml-file.js";
import { CliError, EXIT } from "../exit-code.js";
import type { MeasureOptions } from "../measure.js";

/** Where the evidence stands: as told, else as configured; throws CliError where neither says. */
export function evidenceFolder(options: Pick<MeasureOptions, "config" | "out">): string {
  if (options.out !== undefined) {
    return options.out;
  }
  const folder = configOf(options.config).evidence_directory;
  if (folder === undefined) {
    throw new CliError(
      EXIT.usage,
      "no-folder",
      `${options.config} names no evidence_directory.`,
      "Name a folder with --out <folder>.",
    );
  }
  return folder;
}

/** The configuration; throws CliError that names every wrong line. */
export function configOf(file: string): ReturnType<typeof loadConfig> {
  try {
    return loadConfig(file);
  } catch (error) {
    if (error instanceof ConfigError) {
      throw new CliError(EXIT.usage, "configuration", error.message, "Correct the named lines.");
    }
    throw error;
  }
}
