import { type Command, InvalidArgumentError } from "commander";
import { projectPath } from "../ports/project-path.js";
import { CliError, EXIT } from "./exit-code.js";
import { wholeNumber } from "./whole-number.js";

interface Options {
  readonly config: string;
  readonly case?: readonly number[];
  readonly all?: boolean;
  readonly mode?: string;
  readonly runs: number;
  readonly seed: number;
  readonly soak?: boolean;
  readonly quiet?: boolean;
  readonly minutes: number;
  readonly record?: string;
  readonly report?: string;
  readonly wire?: string;
  readonly list?: boolean;
  readonly json?: boolean;
  readonly realTime: boolean;
}

/** `kinevla fault`: the fault suite against the virtual lab. */
export function register(program: Command): void {
  program
    .command("fault")
    .description("inject faults into a system in the virtual lab and judge what reaches the arm")
    .option("--case <ids>", "rows of the catalogue of faults, for example 1,2,16-20", idList)
    .option("--all", "every case that can run here")
    .option("--list", "only say which rows have a case, in which modes, and why others have none")
    .option("--mode <name>", "only in this mode: policy, homing, teleop, hold, standby")
    .option("--runs <n>", "runs of each trial in each mode, at random phases", wholeNumber, 3)
    .option("--seed <n>", "of the first run; each further one adds 1", wholeNumber, 1)
    .option("--soak", "task after task with a random fault every 30 s, instead of cases")
    .option(
      "--quiet",
      "a soak without faults: counts nuisance stops, and apart from them those by a contact or by what the policy asks for",
    )
    .option("--minutes <n>", "length of a soak", wholeNumber, 30)
    .option("--record <file>", "add every run to this file; what it holds is not run again")
    .option("--report <file>", "write a report, from the whole record where one is named")
    .option(
      "--wire <folder>",
      "keep the whole record of each run that is not as expected, and around a stop that no fault explains, as JSON",
    )
    .option("--config <file>", "configuration", projectPath("daemon", "config", "lab.yaml"))
    .option("--no-real-time", "run the arm process without real-time scheduling")
    .option("--json", "print the figures as JSON alone")
    .addHelpText("after", "\nExit codes: 0 everything as expected, 5 something was not, 130 Ctrl-C")
    .action(run);
}

async function run(options: Options): Promise<void> {
  const { config, json, realTime, record, report, wire, quiet, minutes, runs, seed } = options;
  if (options.list === true) {
    const { coverage, coverageInWords } = await import("../../test/fault/coverage.js");
    const rows = coverage();
    process.stdout.write(json === true ? `${JSON.stringify(rows)}\n` : coverageInWords(rows));
    return;
  }
  const soaks = options.soak === true || quiet === true;
  if (!soaks && options.all !== true && options.case === undefined) {
    throw new CliError(
      EXIT.usage,
      "nothing-to-do",
      "Say which cases to run.",
      "Use --case, --all, --list, --soak or --quiet.",
    );
  }
  const { runFaultSuite, runSoak } = await import("../../test/fault/run-fault.js");
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => interruption.abort());
  }
  const common = {
    ...{ configFile: config, realTime, seed, record: record ?? null, report: report ?? null, wire: wire ?? null },
    signal: interruption.signal,
    progress: (words: string): void => {
      process.stderr.write(`${words}\n`);
    },
  };
  let failures: number;
  if (soaks) {
    const figures = await runSoak({ ...common, minutes, runs, quiet: quiet === true });
    failures = figures.violations.length + figures.problems.length + figures.nuisance_stops.length;
    print(figures, json === true);
  } else {
    const ids = options.all === true ? null : (options.case ?? []);
    const figures = await runFaultSuite({ ...common, ids, runs, mode: options.mode ?? null });
    failures = figures.failed + figures.violations.length;
    print(figures, json === true);
  }
  process.exitCode = interruption.signal.aborted ? EXIT.interrupted : failures === 0 ? EXIT.done : EXIT.unfinished;
}

function print(figures: object, json: boolean): void {
  process.stdout.write(`${json ? JSON.stringify(figures) : JSON.stringify(figures, null, 2)}\n`);
}

/** Numbers and ranges, apart by commas. */
function idList(text: string): readonly number[] {
  return text.split(",").flatMap((part) => {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part.trim());
    if (match === null) {
      throw new InvalidArgumentError("numbers and ranges are needed, for example 1,2,16-20");
    }
    const [from, to] = [Number(match[1]), Number(match[2] ?? match[1])];
    return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
  });
}
