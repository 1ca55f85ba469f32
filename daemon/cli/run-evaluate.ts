import { writeFileSync } from "node:fs";
import { evaluate } from "../evaluation/evaluate.js";
import { reportHtml } from "../evaluation/report-html.js";
import { plainRates } from "../evaluation/summarise.js";
import { evaluationInWords } from "../evaluation/words.js";
import { conditionsOf, type EvaluateArguments } from "./evaluate.js";
import { CliError, EXIT } from "./exit-code.js";
import { note } from "./print.js";

/** Evaluates, prints the figures, writes the report; throws CliError. */
export async function runEvaluate(given: EvaluateArguments): Promise<void> {
  const { config, trials, seed, tasks, report, resume, json, realTime, looks } = given;
  if (resume && report === undefined) {
    throw new CliError(EXIT.usage, "no-report", "There is nothing to resume.", "Name the report with --report.");
  }
  const evaluation = await evaluate({
    ...{ configFile: config, trials, seed, realTime, looks },
    tasks: tasks ?? null,
    conditions: conditionsOf(given),
    log: report === undefined ? null : { file: logBeside(report), resume: resume ?? false },
    progress: note,
  });
  if (report !== undefined) {
    writeFileSync(report, reportHtml(evaluation));
    note(`Report: ${report}`);
  }
  const runs = evaluation.runs.map(({ pictures: _pictures, latencies: _latencies, ...run }) => run);
  const words = json
    ? JSON.stringify({ ...plainRates(evaluation), ...evaluation, runs }, null, 2)
    : evaluationInWords(evaluation);
  process.stdout.write(`${words}\n`);
}

/** Where the trials of a report are kept. */
function logBeside(report: string): string {
  return `${report.replace(/\.html?$/, "")}.jsonl`;
}
