import { CliError, EXIT } from "../cli/exit-code.js";
import { followTask } from "../cli/follow-task.js";
import { goHome } from "../cli/go-home.js";
import { connectOperator, need } from "../cli/operator-link.js";
import { startUntilInterrupted } from "../cli/start-or-explain.js";
import { untilReady } from "../cli/until-ready.js";
import { labControl, verdictInWords } from "../launch/lab-control.js";
import type { OperatorClient } from "../operator/client.js";
import { wilsonInterval } from "./wilson.js";

const MOST_HOMINGS = 5;

/** What to evaluate. */
export interface EvaluateOptions {
  readonly configFile: string;
  readonly trials: number;
  /** Seed of the first trial; trial n of every task uses `seed + n`. */
  readonly seed: number;
  /** Indices of the lab's tasks; null for all that the bundle was trained on. */
  readonly tasks: readonly number[] | null;
  readonly realTime: boolean;
  /** `varied` also draws light, colours and camera poses for each trial. */
  readonly looks: "nominal" | "varied";
  /** Told how far it is. */
  readonly progress: (words: string) => void;
}

/** One trial as it went. */
export interface Trial {
  readonly task: number;
  readonly seed: number;
  readonly goal: boolean;
  readonly kinematic: boolean;
  /** How the daemon says that it ended. */
  readonly end: string;
  readonly verdict: string;
  readonly seconds: number;
  readonly chunks: number;
}

/** Success rates over all trials; `interval` is the 95 % Wilson interval. */
export interface Evaluation {
  readonly tasks: readonly {
    readonly instruction: string;
    readonly trials: number;
    readonly goal: number;
    readonly goal_interval: readonly [number, number];
    readonly kinematic: number;
    readonly kinematic_interval: readonly [number, number];
  }[];
  readonly goal: number;
  readonly kinematic: number;
  readonly runs: readonly Trial[];
}

/** Runs seeded trials of each task through the whole system against the virtual lab; throws when the system breaks. */
export async function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const system = await startUntilInterrupted({
    configFile: options.configFile,
    lab: { seed: options.seed },
    apart: true,
    realTime: options.realTime,
    progress: (words) => options.progress(`starting ${words}`),
  });
  try {
    const lab = labControl(system.lab ?? "");
    const client = await connectOperator({ url: system.operatorUrl, tokenFile: system.tokenFile, name: "evaluation" });
    await need(client.subscribe(["state", "progress"]), "accepted");
    await need(client.takeControl(), "control-granted");
    const { policy } = await untilReady(client, options.progress);
    const instructions = (await lab.tasks()).map(({ instruction }) => instruction);
    const trained = instructions.flatMap((words, task) => (policy?.instructions.includes(words) ? [task] : []));
    const tasks = options.tasks ?? trained;
    const strange = tasks.find((task) => instructions[task] === undefined);
    if (strange !== undefined || tasks.length === 0) {
      const known = `The lab has tasks 0 to ${instructions.length - 1}; the bundle knows ${trained.join(", ")}.`;
      throw new CliError(EXIT.usage, "no-such-task", "There is no such task.", known);
    }
    const runs: Trial[] = [];
    const total = options.trials * tasks.length;
    for (let number = 0; number < options.trials; number += 1) {
      for (const task of tasks) {
        const seed = options.seed + number;
        await goHomeAgain(client, options.progress);
        await lab.reset(seed, options.looks, task);
        const startedAt = performance.now();
        const wish = { instruction: instructions[task] ?? "", homeFirst: false, confirm: false };
        const end = await followTask(client, wish, () => undefined);
        const verdict = (await lab.verdicts())[task];
        if (verdict === undefined) {
          throw new Error("the virtual lab gave no verdict");
        }
        const seconds = (performance.now() - startedAt) / 1000;
        const { goal, kinematic } = verdict;
        runs.push({
          ...{ task, seed, goal, kinematic, seconds, chunks: end.chunks },
          ...{ end: `${end.phase}: ${end.detail}`, verdict: verdictInWords(verdict) },
        });
        const good = runs.filter((run) => run.kinematic).length;
        options.progress(
          `${runs.length}/${total}  ${verdictInWords(verdict)}; ${good} of ${runs.length} as told; ${wish.instruction}`,
        );
      }
    }
    await client.close();
    return summarise(
      tasks.map((task) => ({ task, instruction: instructions[task] ?? "" })),
      runs,
    );
  } finally {
    await system.close();
  }
}

/** A trial may end with a latched stop, and so may the way home from it; an operator would acknowledge and go on. */
async function goHomeAgain(client: OperatorClient, progress: (words: string) => void): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // Refused where nothing is latched.
      await client.requestInControl({ type: "acknowledge", reason: "next trial" });
      await goHome(client, () => undefined);
      return;
    } catch (error) {
      if (!(error instanceof CliError) || attempt === MOST_HOMINGS) {
        throw error;
      }
      progress(`acknowledging on the way home: ${error.message}`);
    }
  }
}

function summarise(
  asked: readonly { readonly task: number; readonly instruction: string }[],
  runs: readonly Trial[],
): Evaluation {
  const rate = (some: readonly Trial[], key: "goal" | "kinematic"): number =>
    some.length === 0 ? 0 : some.filter((run) => run[key]).length / some.length;
  const tasks = asked.map(({ task, instruction }) => {
    const own = runs.filter((run) => run.task === task);
    const interval = (key: "goal" | "kinematic"): readonly [number, number] =>
      wilsonInterval(own.filter((run) => run[key]).length, own.length);
    return {
      instruction,
      trials: own.length,
      goal: rate(own, "goal"),
      goal_interval: interval("goal"),
      kinematic: rate(own, "kinematic"),
      kinematic_interval: interval("kinematic"),
    };
  });
  return { tasks, goal: rate(runs, "goal"), kinematic: rate(runs, "kinematic"), runs };
}
