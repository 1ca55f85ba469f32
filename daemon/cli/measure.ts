import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";

/** Options of `kinevla measure`. */
export interface MeasureOptions {
  readonly config: string;
  readonly lab?: true;
  readonly only?: readonly string[];
  readonly serial?: string;
  readonly operator?: string;
  readonly out?: string;
  readonly yes?: true;
  readonly realTime: boolean;
  readonly json?: true;
}

/** `kinevla measure`: the facts that no document tells of an arm, measured on it. */
export function register(program: Command): void {
  const measure = program
    .command("measure")
    .description("measure on the arm what no document tells (H-1 to H-20), and keep signed evidence of it")
    .option("--config <file>", "configuration file", projectPath("daemon", "config", "real-arm.yaml"))
    .option("--lab", "measure the virtual lab instead: shows the procedure, counts for no arm")
    .option("--only <ids...>", "measure these alone, for example H-1 H-7")
    .option("--serial <number>", "serial number on the arm's nameplate")
    .option("--operator <name>", "who measures")
    .option("--out <folder>", "where the evidence goes; evidence_directory of the configuration by default")
    .option("--yes", "ask nothing; in the virtual lab alone")
    .option("--no-real-time", "run the arm process without real-time scheduling")
    .option("--json", "print one JSON object a measurement, for programs")
    .addHelpText(
      "after",
      `
Stop the services first: it takes the daemon's place. Before each measurement it says what may move and asks.
Ctrl-C stops the arm. Every motion goes through arm process and guard.

Examples:
  kinevla measure --config /etc/kinevla/kinevla.yaml --serial 75B2410113 --operator "Ada Lovelace"
  kinevla measure --lab --yes --out /tmp/evidence
  kinevla measure verify --config /etc/kinevla/kinevla.yaml
${EXIT_HELP}`,
    )
    .action(async (options: MeasureOptions) => {
      process.exitCode = await (await import("./measure/run-measure.js")).runMeasure(options);
    });
  measure
    .command("verify")
    .description("is the evidence whole, unchanged, of this arm, and enough for a policy to run?")
    .action(async (_own: object, command: Command) => {
      process.exitCode = (await import("./measure/run-verify.js")).runVerify(command.optsWithGlobals());
    });
}
