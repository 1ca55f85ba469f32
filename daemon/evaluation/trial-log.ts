import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { CliError, EXIT } from "../cli/exit-code.js";
import { type Subject, subjectSchema, type Trial, trialSchema } from "./trial.js";

/** Keeps the trials of an evaluation, so that it can be interrupted and gone on with. */
export interface TrialLog {
  /** Those of earlier runs. */
  readonly before: readonly Trial[];
  add(trial: Trial): void;
}

/** A log that is gone when the program ends. */
export const NO_LOG: TrialLog = { before: [], add: () => undefined };

/** Begins a log or goes on with one; throws CliError where it would be overwritten or mixed with another evaluation. */
export function openTrialLog(file: string, subject: Subject, resume: boolean): TrialLog {
  const exists = existsSync(file);
  if (exists && !resume) {
    throw new CliError(EXIT.usage, "log-exists", `${file} exists.`, "Go on with it with --resume, or remove it.");
  }
  if (!exists) {
    writeFileSync(file, `${JSON.stringify(subject)}\n`);
  }
  const before = exists ? readTrials(file, subject) : [];
  return { before, add: (trial) => appendFileSync(file, `${JSON.stringify(trial)}\n`) };
}

function readTrials(file: string, subject: Subject): readonly Trial[] {
  const [head = "", ...lines] = readFileSync(file, "utf8").split("\n");
  // The last line is empty, or what was written when the disk or the power went.
  const last = lines.pop();
  const found = subjectSchema.safeParse(parse(head));
  if (!found.success) {
    throw new CliError(EXIT.usage, "log-unreadable", `${file} is no log of an evaluation.`, "Name another --report.");
  }
  const differing = Object.entries(subject).filter(
    ([key, value]) => new Map(Object.entries(found.data)).get(key) !== value,
  );
  if (differing.length > 0) {
    const what = differing.map(
      ([key, value]) => `${key} ${new Map(Object.entries(found.data)).get(key)}, now ${value}`,
    );
    const words = `${file} is of another evaluation: ${what.join("; ")}.`;
    throw new CliError(EXIT.usage, "log-differs", words, "Name another --report.");
  }
  if (last !== "") {
    writeFileSync(file, `${[head, ...lines].join("\n")}\n`);
  }
  return lines.map((line, index) => {
    const trial = trialSchema.safeParse(parse(line));
    if (!trial.success) {
      const words = `Line ${index + 2} of ${file} is no trial.`;
      throw new CliError(EXIT.usage, "log-unreadable", words, "Remove that line, or name another --report.");
    }
    return trial.data;
  });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
