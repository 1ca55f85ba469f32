import type { Command } from "commander";
import { projectPath } from "../ports/project-path.js";
import { EXIT_HELP } from "./exit-code.js";
import { type OperatorOptions, withControlOptions } from "./operator-options.js";
import { wholeNumber } from "./whole-number.js";

/** What a session of demonstrations is like. */
export interface SessionOptions {
  readonly task?: readonly string[];
  readonly episodes: number;
  readonly policy?: true;
  readonly yes?: true;
  readonly reference?: string;
}

/** `kinevla record`: demonstrations, and what becomes of recordings. */
export function register(program: Command): void {
  const record = program
    .command("record")
    // Else it would take --json from behind `list` and `repair`, for which `program.ts` passes it on.
    .enablePositionalOptions()
    .description(
      "record demonstrations one after the other; what to do next is said and answered by a line on standard input: " +
        "an empty line begins, h lets the arm go home, s keeps a success, f keeps a failure, r throws away and records " +
        "again, q ends; from the second on, a picture shows the table as it was at the first over the present one " +
        "(by ffmpeg). A leader arm with a button takes the arm by it; one without by the answer t, until e",
    )
    .option("--task <words...>", "what is shown; several are taken in turn")
    .option("--episodes <n>", "how many to keep", wholeNumber, 20)
    .option("--policy", "the policy is what is recorded: it runs the task, and its end is the label")
    .option("--yes", "begin each without being asked")
    .option(
      "--reference <episode>",
      "a recording whose first picture the table is laid by; without it, the first that is kept of each task",
    );
  withControlOptions(record)
    .addHelpText(
      "after",
      `
Examples:
  kinevla record --task "pick up the bread and move it to the front" --episodes 20
  kinevla record --task "pick up the bread and move it to the front" --episodes 3 --policy --yes
  kinevla record --task "pick up the bread" "put it back" --episodes 40 --reference .run/recordings/EPISODE.mcap
${EXIT_HELP}`,
    )
    .action(async (options: OperatorOptions & SessionOptions) => {
      const { runRecordSession } = await import("./run-record-session.js");
      process.exitCode = await runRecordSession(options);
    });
  record
    .command("repair")
    .description("open every recording of a folder, mend what a crash or a full disk has left, write the index anew")
    .argument("<folder>", "the folder with the recordings, for example .run/recordings")
    .option("--json", "one JSON object a file")
    .addHelpText("after", "\nExample:\n  kinevla record repair .run/recordings")
    .action(async (folder: string, options: { readonly json?: true }) => {
      const { runRepair } = await import("./run-repair.js");
      process.exitCode = await runRepair(folder, options.json ?? false);
    });
  record
    .command("list")
    .description("the closed recordings, oldest first")
    .option("--config <file>", "configuration that names the folder", projectPath("daemon", "config", "lab.yaml"))
    .option("--folder <folder>", "another folder")
    .option("--json", "as JSON")
    .addHelpText("after", "\nExample:\n  kinevla record list")
    .action(async (options: { readonly config: string; readonly folder?: string; readonly json?: true }) => {
      const { runRecordList } = await import("./run-record-list.js");
      process.exitCode = runRecordList(options);
    });
}
