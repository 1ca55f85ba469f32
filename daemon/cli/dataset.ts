import { availableParallelism } from "node:os";
import { type Command, Option } from "commander";
import { wholeNumber } from "./whole-number.js";

interface Options {
  readonly out: string;
  readonly episodes: number;
  readonly seed: number;
  readonly workers: number;
  readonly size: number;
  readonly tasks: "bread" | "carrot" | "all";
}

/** `kinevla dataset`: demonstrations of the scripted expert in the virtual lab. */
export function register(program: Command): void {
  const dataset = program.command("dataset").description("training data from the virtual lab");
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
    .addHelpText("after", "\nExample:\n  kinevla dataset generate --episodes 600 --seed 1 --tasks bread --out ~/bread")
    .action(async ({ out, episodes, seed, workers, size, tasks }: Options) => {
      const { generateDataset } = await import("../../drivers/virtual-lab/dataset/generate.js");
      const end = process.stderr.isTTY ? "\r" : "\n";
      await generateDataset({
        ...{ out, episodes, seed, workers, size, tasks },
        onProgress: ({ done, steps, episodesPerMinute, remaining }) => {
          const rate = `${episodesPerMinute.toFixed(1)} a minute, ${Math.ceil(remaining / 60)} min left`;
          process.stderr.write(`${done}/${episodes} episodes, ${steps} steps, ${rate}   ${end}`);
        },
      });
      process.stderr.write(`\nThe data set is complete: ${out}\n`);
    });
}
