import { type Command, InvalidArgumentError, Option } from "commander";
import { projectPath } from "../ports/project-path.js";
import { wholeNumber } from "./whole-number.js";

interface Options {
  readonly config: string;
  readonly seconds: number;
  readonly n: number;
  readonly seed: number;
  readonly json?: boolean;
  readonly realTime: boolean;
}

interface Demonstrations {
  readonly episodes: number;
  readonly seed: number;
  readonly out: string;
  readonly tasks: "bread" | "carrot" | "all";
  readonly looks: "nominal" | "varied";
  readonly fps?: number;
  readonly minutes?: number;
  readonly enough?: number;
}

/** `kinevla bench`: measures the whole system in the virtual lab; each bench starts what it needs. */
export function register(program: Command): void {
  const bench = program.command("bench").description("measure the whole system in the virtual lab");
  const add = (name: string, words: string): Command =>
    bench
      .command(name)
      .description(words)
      .option("--config <file>", "configuration", projectPath("daemon", "config", "lab.yaml"))
      .option("--no-real-time", "run the arm process without real-time scheduling")
      .option("--json", "print the figures as JSON alone");
  const seconds = (command: Command, value: number): Command =>
    command.option("--seconds <n>", "how long to measure", positive, value);
  const count = (command: Command, what: string, value: number): Command =>
    command.option("--n <count>", what, positive, value);

  seconds(add("stream", "how evenly setpoints reach the controller while the policy runs"), 60).action(
    async (options: Options) =>
      print(options, await (await import("../../test/bench/stream.js")).benchStream(given(options))),
  );
  count(add("stop", "from an operator's stop to the first stop byte at the controller"), "stops", 200).action(
    async (options: Options) =>
      print(options, await (await import("../../test/bench/stop.js")).benchStop(given(options))),
  );
  count(add("chunk", "time from picture to arm process, by phase"), "chunks", 100).action(async (options: Options) =>
    print(options, await (await import("../../test/bench/chunk.js")).benchChunk(given(options))),
  );
  seconds(
    add("recording", "how evenly setpoints reach the controller with and without a recording, in turn"),
    60,
  ).action(async (options: Options) =>
    print(options, await (await import("../../test/bench/recording.js")).benchRecording(given(options))),
  );
  bench
    .command("recorder")
    .description("kill -9 of a recorder process and of repairs at random instants: what is lost")
    .option("--n <count>", "kills", positive, 50)
    .action(async ({ n }: { readonly n: number }) => {
      const { benchRecorder } = await import("../../test/bench/recorder.js");
      process.stdout.write(`${JSON.stringify(await benchRecorder(n), null, 2)}\n`);
    });
  bench
    .command("calibration")
    .description("calibrate cells with cameras drawn from seeds, and compare with the truth")
    .option("--n <count>", "cells", positive, 3)
    .option("--live", "with arm process and cameras in real time, instead of filmed pose by pose")
    .option("--no-real-time", "run the arm process without real-time scheduling")
    .option("--first <seed>", "seed of the first one", positive, 1)
    .action(
      async ({
        n,
        first,
        live,
        realTime,
      }: {
        readonly n: number;
        readonly first: number;
        readonly live?: true;
        readonly realTime: boolean;
      }) => {
        const { benchCalibration } = await import("../../test/bench/calibration.js");
        for (let seed = first; seed < first + n; seed++) {
          await benchCalibration(seed, live ? { realTime } : null, (figures) =>
            process.stdout.write(`${JSON.stringify(figures)}\n`),
          );
        }
      },
    );
  seconds(add("memory", "resident memory of every process but the lab's"), 600).action(async (options: Options) =>
    print(options, await (await import("../../test/bench/memory.js")).benchMemory(given(options))),
  );
  seconds(
    count(
      bench
        .command("teleop")
        .description(
          "from a leader arm's reading to the wire, and random takeovers from a policy in motion, at the arm process",
        )
        .option("--json", "print the figures as JSON alone"),
      "takeovers",
      200,
    ),
    30,
  )
    .option("--seed <n>", "of the takeovers' instants and poses", positive, 1)
    .action(async (options: Options) => {
      const { benchTeleop } = await import("../../test/bench/teleop.js");
      print(options, await benchTeleop({ ...given(options), seed: options.seed }));
    });
  seconds(
    bench
      .command("puppet")
      .description("rate and age of a leader arm's samples at the arm process's socket, sound and with faults")
      .option("--json", "print the figures as JSON alone"),
    8,
  ).action(async (options: Options) =>
    print(options, await (await import("../../test/bench/puppet.js")).benchPuppet(given(options))),
  );
  const demonstrations = add(
    "demonstrations",
    "a scripted hand on a virtual leader arm shows tasks; each is recorded and labelled with the lab's verdict",
  )
    .option("--episodes <n>", "how many", positive, 20)
    .option("--enough <n>", "begin none once so many have succeeded", positive)
    .option("--minutes <n>", "begin none later than this", positive)
    .option("--seed <n>", "of the first scene; the next ones count up", wholeNumber, 7_000_000)
    .option("--out <folder>", "where the recordings stay", projectPath(".run", "demonstrations"))
    .addOption(
      new Option("--tasks <which>", "tasks that are shown in turn").choices(["bread", "carrot", "all"]).default("all"),
    )
    .addOption(new Option("--looks <which>", "of the scenes").choices(["nominal", "varied"]).default("varied"))
    .option("--fps <n>", "pictures a second of each camera (default: the lab's own)", positive)
    .addHelpText("after", "\nExample:\n  kinevla bench demonstrations --episodes 20 --out ~/demonstrations");
  demonstrations.action(async (options: Options & Demonstrations) => {
    const { benchDemonstrations } = await import("../../test/bench/demonstrations.js");
    const { episodes, seed, out, tasks, looks, fps, minutes, enough } = options;
    print(
      options,
      await benchDemonstrations({ ...given(options), episodes, seed, out, tasks, looks, fps, minutes, enough }),
    );
  });
}

function given(options: Options) {
  return {
    ...{ configFile: options.config, realTime: options.realTime, seconds: options.seconds, n: options.n },
    progress: (words: string): void => {
      process.stderr.write(`${words}\n`);
    },
  };
}

function print(options: Options, figures: object): void {
  process.stdout.write(options.json ? `${JSON.stringify(figures)}\n` : `${JSON.stringify(figures, null, 2)}\n`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0) {
    throw new InvalidArgumentError("a number above 0 is needed");
  }
  return value;
}
