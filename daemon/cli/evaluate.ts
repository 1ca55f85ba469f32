import { type Command, Option } from "commander";
import type { Condition, ForcedCondition } from "../evaluation/condition.js";
import { projectPath } from "../ports/project-path.js";
import { wholeNumber } from "./whole-number.js";

/** What `kinevla evaluate` was asked for. */
export interface EvaluateArguments {
  readonly config: string;
  readonly trials: number;
  readonly seed: number;
  readonly tasks?: readonly number[];
  readonly paraphrases?: true;
  readonly intervention: "none" | ForcedCondition | "both";
  readonly report?: string;
  readonly resume?: true;
  readonly json?: true;
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
    .option(
      "--tasks <n...>",
      "only these of the lab's tasks, counted from 0 (default: those that the bundle was trained on)",
      (text, before: number[] = []) => [...before, wholeNumber(text)],
    )
    .option("--paraphrases", "also in wordings that no training data hold, and what difference that makes")
    .addOption(
      new Option(
        "--intervention <kind>",
        "also with other texts forced, of random words or of another instruction with the same goal, and what " +
          "difference that makes",
      )
        .choices(["none", "random", "mismatched", "both"])
        .default("none"),
    )
    .addOption(
      new Option("--looks <which>", "varied also draws light, colours and camera poses")
        .choices(["nominal", "varied"])
        .default("varied"),
    )
    .option("--report <file>", "write an HTML page; the trials are kept beside it as .jsonl")
    .option("--resume", "go on with the trials beside the report; those that are there are not run again")
    .option("--no-real-time", "run the arm process without real-time scheduling")
    .option("--json", "print the result as JSON, without pictures and single latencies")
    .addHelpText(
      "after",
      `
Examples:
  kinevla evaluate --trials 5 --tasks 0 2
  kinevla evaluate --paraphrases --intervention both --report evaluation.html
  kinevla evaluate --paraphrases --intervention both --report evaluation.html --resume

Exit codes: 0 done, 1 the system broke, 2 wrong command line, 7 the system does not start.`,
    )
    .action(async (given: EvaluateArguments) => {
      const { runEvaluate } = await import("./run-evaluate.js");
      await runEvaluate(given);
    });
}

/** The conditions that were asked for; `plain` always is, to compare the others with. */
export function conditionsOf({ paraphrases, intervention }: EvaluateArguments): readonly Condition[] {
  const forced: Readonly<Record<EvaluateArguments["intervention"], readonly Condition[]>> = {
    none: [],
    random: ["random"],
    mismatched: ["mismatched"],
    both: ["random", "mismatched"],
  };
  return ["plain", ...(paraphrases ? (["unseen"] as const) : []), ...forced[intervention]];
}
