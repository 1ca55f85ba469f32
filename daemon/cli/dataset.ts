import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import type { ExportCommandOptions } from "./run-dataset-export.js";
import { share, wholeNumber } from "./whole-number.js";

interface Options {
  readonly out: string;
  readonly episodes: number;
  readonly seed: number;
  readonly workers: number;
  readonly size: number;
  readonly tasks: "bread" | "carrot" | "all";
  readonly mistakes: number;
}

/** `kinevla dataset`: demonstrations of the scripted expert in the virtual lab. */
export function register(program: Command): void {
  const dataset = program.command("dataset").description("training data: from the virtual lab, or from recordings");
  dataset
    .command("generate")
    .description("make seeded demonstrations with pictures, states, actions and texts; continues an interrupted run")
    .requiredOption("--out <folder>", "where the data set goes")
    .option("--episodes <n>", "how many demonstrations", wholeNumber, 600)
    .option("--seed <n>", "the same seed gives the same bytes", wholeNumber, 1)
    .option("--workers <n>", "threads", wholeNumber, availableParallelism())
    .option("--size <pixels>", "side of the stored pictures", wholeNumber, 96)
    .addOption(
      new Option("--tasks <which>", "tasks that the demonstrations show in turn")
        .choices(["bread", "carrot", "all"])
        .default("all"),
    )
    .option(
      "--mistakes <share>",
      "demonstrations that show how to get over a missed grasp or a wrong place",
      share,
      0.35,
    )
    .addHelpText("after", "\nExample:\n  kinevla dataset generate --episodes 600 --seed 1 --tasks bread --out ~/bread")
    .action(async ({ out, episodes, seed, workers, size, tasks, mistakes }: Options) => {
      const { generateDataset } = await import("../../drivers/virtual-lab/dataset/generate.js");
      const end = process.stderr.isTTY ? "\r" : "\n";
      await generateDataset({
        ...{ out, episodes, seed, workers, size, tasks, mistakes },
        onProgress: ({ done, steps, episodesPerMinute, remaining }) => {
          const rate = `${episodesPerMinute.toFixed(1)} a minute, ${Math.ceil(remaining / 60)} min left`;
          process.stderr.write(`${done}/${episodes} episodes, ${steps} steps, ${rate}   ${end}`);
        },
      });
      process.stderr.write(`\nThe data set is complete: ${out}\n`);
    });
  dataset
    .command("export")
    .description("turn recorded episodes into a LeRobotDataset v3.0, or into what models/training reads")
    .argument("<recordings...>", "recordings (.mcap), or folders of them")
    .requiredOption("--out <folder>", "where the data set goes; must not exist")
    .addOption(new Option("--format <format>").choices(["lerobot", "kinevla"]).default("lerobot"))
    .option("--fps <n>", "steps a second: the rate at which the policy will run", wholeNumber, 10)
    .option("--size <pixels>", "side of the pictures (default: lerobot 256, kinevla 96)", wholeNumber)
    .addOption(new Option("--codec <codec>", "of lerobot's videos").choices(["h264", "av1"]).default("h264"))
    .addOption(
      new Option("--texts <columns>", "language: lerobot 0.6 and newer; strings: two text features, for any version")
        .choices(["language", "strings"])
        .default("language"),
    )
    .addOption(new Option("--success <which>").choices(["success", "failure", "all"]).default("success"))
    .option("--tasks <file>", "JSON list of instruction, paraphrases, coarse and fine text, for episodes without texts")
    .option("--max-skew <ms>", "the nearest picture or arm state may be this far away", wholeNumber, 50)
    .option("--idle <ms>", "rests at least as long are removed; 0 keeps all", wholeNumber, 500)
    .option("--idle-motion <mrad>", "a joint that moves less is at rest", wholeNumber, 10)
    .option("--validation <n>", "hold out every n-th episode of an instruction into <out>-val; 0: none", wholeNumber, 0)
    .addHelpText("after", "\nExample:\n  kinevla dataset export recordings/ --out ~/bread-lerobot")
    .action(async (recordings: string[], options: ExportCommandOptions) => {
      const { runDatasetExport } = await import("./run-dataset-export.js");
      await runDatasetExport(recordings, options);
    });
}
