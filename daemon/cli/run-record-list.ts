import { loadConfig } from "../config/config.js";
import { readIndex } from "../recorder/episode-index.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { say, sayJson } from "./print.js";

/** Prints the index of a folder of recordings. */
export function runRecordList(options: {
  readonly config: string;
  readonly folder?: string;
  readonly json?: true;
}): ExitCode {
  const folder = options.folder ?? loadConfig(options.config).recording?.directory;
  if (folder === undefined) {
    throw new CliError(EXIT.refused, "no-folder", "This configuration records nothing.", "Name a folder: --folder");
  }
  const episodes = readIndex(folder);
  if (episodes === null) {
    const hint = `If there are recordings: kinevla record repair ${folder}`;
    throw new CliError(EXIT.refused, "no-index", `${folder} has no index of recordings.`, hint);
  }
  if (options.json) {
    sayJson(episodes);
    return EXIT.done;
  }
  for (const { name, outcome, success, intervention, bytes, instruction } of episodes) {
    const label = success === null ? "not labelled" : success ? "success" : "failure";
    const taken = intervention ? ", with intervention" : "";
    say(`${name}: ${outcome}, ${label}${taken}, ${(bytes / 1e6).toFixed(1)} MB, "${instruction}"`);
  }
  return EXIT.done;
}
