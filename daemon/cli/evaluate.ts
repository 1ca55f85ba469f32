import { type Command, Option } from "commander";
import type { Evaluation } from "../evaluation/evaluate.js";
import { projectPath } from "../ports/project-path.js";
import { wholeNumber } from "./whole-number.js";

interface Options {
  readonly config: string;
  readonly trials: number;
  readonly seed: number;
  readonly task?: readonly number[];
  readonly json?: boolean;
  readonly realTime: boolean;
  readonly looks: "nominal" | "varied";
}

/** `kinevla evaluate`: seeded trials through the running daemon in the virtual lab. */
export function register(program: Command): void {
  program
    .command("evaluate")
    .description("run seeded trials of each task through the whole daemon in the virtual lab, and count successes")
    .option("--config <file>", "configuration whose policy is evaluated", projectPath("daemon", "config", "lab.yaml"))
    .option("--trials <n>", "trials of each task", wholeNumber, 20)
    .option(
      "--seed <n>",
      "seed of the first trial; data sets of seed 1 to 200 use none below 8 000 000",
      wholeNumber,
      3_000_000,
    )
    .option("--task <index...>", "only these of the lab's tasks, counted from 0", (text, before: number[] = []) => [
      ...before,
      wholeNumber(text),
    ])
    .addOption(
      new Option("--looks <which>", "varied also draws light, colours and camera poses")
        .choices(["nominal", "varied"])
        .default("varied"),
    )
    .option("--no-real-time", "run the arm process without real-time scheduling")
    .option("--json", "print the result as JSON")
    .addHelpText(
      "after",
      "\nExample:\n  kinevla evaluate --trials 5 --task 0 --task 2\n\nExit codes: 0 done, 1 the system broke.",
    )
    .action(async (options: Options) => {
      const { evaluate } = await import("../evaluation/evaluate.js");
      const result = await evaluate({
        ...{ configFile: options.config, trials: options.trials, seed: options.seed, realTime: options.realTime },
        tasks: options.task ?? null,
        looks: options.looks,
        progress: (words) => process.stderr.write(`${words}\n`),
      });
      process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : table(result));
    });
}

function table(result: Evaluation): string {
  const percent = (rate: number): string => `${(rate * 100).toFixed(0)} %`;
  const range = ([low, high]: readonly [number, number]): string => `(${percent(low)} to ${percent(high)})`;
  const lines = result.tasks.map(
    (task) =>
      `${task.instruction}\n  ${task.trials} trials: goal ${percent(task.goal)} ${range(task.goal_interval)}, ` +
      `as told ${percent(task.kinematic)} ${range(task.kinematic_interval)}`,
  );
  return `${lines.join("\n")}\nAll tasks: goal ${percent(result.goal)}, as told ${percent(result.kinematic)}\n`;
}
