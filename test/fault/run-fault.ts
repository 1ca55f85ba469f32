import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { armProcessCommand } from "../../daemon/arm/commands.js";
import { report } from "./report.js";
import { runCases } from "./run-cases.js";
import type { JudgedTrial, TrialResult } from "./run-trial.js";
import { type SoakFigures, soak } from "./soak.js";
import { type SuiteFigures, suiteFigures } from "./suite-figures.js";

/** What `kinevla fault` is asked for. */
export interface FaultOptions {
  readonly configFile: string;
  readonly realTime: boolean;
  /** null for all. */
  readonly ids: readonly number[] | null;
  /** null for all. */
  readonly mode: string | null;
  readonly runs: number;
  readonly seed: number;
  /** Every run is added to this file, one JSON object a line, and what it holds already is not run again; null for none. */
  readonly record: string | null;
  /** Written at the end from everything in the record. */
  readonly report: string | null;
  /** The whole record of each run that is not as expected, or with a stop that no fault explains, goes into this folder; null for none. */
  readonly wire: string | null;
  readonly progress: (words: string) => void;
  readonly signal: AbortSignal;
}

/** One line of a record. */
type RecordLine =
  | { readonly kind: "run"; readonly load: number; readonly result: TrialResult }
  | { readonly kind: "soak"; readonly quiet: boolean; readonly figures: SoakFigures }
  /** What readers of the report have to know of these runs; written by hand. */
  | { readonly kind: "note"; readonly words: string };

/** Runs cases and sums them up. */
export async function runFaultSuite(options: FaultOptions): Promise<SuiteFigures> {
  const lines: RecordLine[] = options.record === null ? [] : [...readRecord(options.record)];
  const done = new Set(resultsOf(lines).map(nameOf));
  if (done.size > 0) {
    options.progress(`${options.record} holds ${done.size} runs, which are not made again`);
  }
  await runCases({
    ...options,
    wallClock: null,
    isDone: (run) => done.has(nameOf(run)),
    onJudged: (judged) => keepWire(options.wire, judged),
    onResult: (result) => {
      const line: RecordLine = { kind: "run", load: loadavg()[0] ?? 0, result };
      lines.push(line);
      if (options.record !== null) {
        appendFileSync(options.record, `${JSON.stringify(line)}\n`);
      }
      options.progress(inWords(result));
    },
  });
  const figures = suiteFigures(resultsOf(lines), options.ids);
  if (options.report !== null) {
    writeFileSync(options.report, reportOf(lines, options));
  }
  return figures;
}

/** Keeps the record of a run that is not as expected. */
function keepWire(folder: string | null, judged: JudgedTrial): void {
  const { caseId, trial, mode, seed, problems, violations } = judged.result;
  if (problems.length + violations.length > 0) {
    keepRecord(folder, `${caseId} ${trial} ${mode} ${seed}`, judged);
  }
}

/** For a look at every frame; nothing where there is no folder. */
function keepRecord(folder: string | null, name: string, record: object): void {
  if (folder !== null) {
    const file = name.split(/\W+/).filter((part) => part !== "");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${file.join("-")}.json`), JSON.stringify(record));
  }
}

/** Runs a soak; adds it to the record where there is one, and writes the report of all that this holds then. */
export async function runSoak(
  options: Omit<FaultOptions, "ids" | "mode"> & { readonly minutes: number; readonly quiet: boolean },
): Promise<SoakFigures> {
  const { record, quiet } = options;
  const lines: RecordLine[] = record === null ? [] : [...readRecord(record)];
  const figures = await soak({
    ...options,
    wallClock: null,
    onStop: (name, history) => keepRecord(options.wire, name, { history }),
  });
  const line: RecordLine = { kind: "soak", quiet, figures };
  lines.push(line);
  if (record !== null) {
    appendFileSync(record, `${JSON.stringify(line)}\n`);
  }
  if (options.report !== null) {
    writeFileSync(options.report, reportOf(lines, options));
  }
  return figures;
}

type ReportOptions = Pick<FaultOptions, "configFile" | "realTime" | "runs" | "seed">;

function reportOf(lines: readonly RecordLine[], { configFile, realTime, runs, seed }: ReportOptions): string {
  const loads = lines.flatMap((line) => (line.kind === "run" ? [line.load] : []));
  return report({
    figures: suiteFigures(resultsOf(lines), null),
    command: `npm run -s kinevla -- fault --all --runs ${runs} --seed ${seed} --record FILE --report test/fault/REPORT.md`,
    seed,
    load: `${Math.min(...loads).toFixed(1)} to ${Math.max(...loads).toFixed(1)}`,
    scheduling: armProcessCommand(configFile, realTime).scheduling,
    soaks: lines.flatMap((line) => (line.kind === "soak" ? [line] : [])),
    notes: lines.flatMap((line) => (line.kind === "note" ? [line.words] : [])),
  });
}

function resultsOf(lines: readonly RecordLine[]): readonly TrialResult[] {
  return lines.flatMap((line) => (line.kind === "run" ? [line.result] : []));
}

function readRecord(file: string): readonly RecordLine[] {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line): RecordLine => JSON.parse(line));
}

function nameOf({ caseId, trial, mode, seed }: Pick<TrialResult, "caseId" | "trial" | "mode" | "seed">): string {
  return `case ${caseId}${trial === "" ? "" : ` (${trial})`}, ${mode}, seed ${seed}`;
}

function inWords(result: TrialResult): string {
  const { reactionMs, stillMs, problems, violations } = result;
  const times = `reaction ${reactionMs?.toFixed(1) ?? "-"} ms, still ${stillMs?.toFixed(0) ?? "-"} ms`;
  const wrong = [...problems, ...violations.map(({ check, detail }) => `${check}: ${detail}`)];
  return `${wrong.length === 0 ? "ok  " : "FAIL"} ${nameOf(result)}: ${times}${wrong.length === 0 ? "" : `; ${wrong.join("; ")}`}`;
}
