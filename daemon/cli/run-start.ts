import { labControl, taskOf, verdictInWords } from "../launch/lab-control.js";
import type { System } from "../launch/system.js";
import type { OperatorClient } from "../operator/client.js";
import { describing, line } from "./describe.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { followTask } from "./follow-task.js";
import { whileHolding } from "./hold-key.js";
import { connectOperator, need } from "./operator-link.js";
import { note, say } from "./print.js";
import type { StartOptions } from "./start.js";
import { startOrExplain } from "./start-or-explain.js";
import { untilReady } from "./until-ready.js";

/** Starts everything, follows one instruction, then stays up until Ctrl-C or until a part ends. */
export async function runStart(options: StartOptions): Promise<ExitCode> {
  const interruption = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    // Repeated ones change nothing: every step of the end has a limit of time of its own.
    process.on(signal, () => interruption.abort());
  }
  let system: System;
  try {
    system = await startOrExplain({
      ...{ configFile: options.config, lab: { seed: options.seed }, apart: false, realTime: options.realTime },
      progress: (words) => say(line("Starting", words)),
      signal: interruption.signal,
    });
  } catch (error) {
    if (interruption.signal.aborted) {
      note("Ended before everything had started; nothing has moved.");
      return EXIT.interrupted;
    }
    throw error;
  }
  say(line("Stream", system.scheduling));
  let client: OperatorClient | null = null;
  let closing = false;
  const ending = Promise.race([
    new Promise<ExitCode>((resolve) => {
      const end = (): void => resolve(EXIT.interrupted);
      interruption.signal.addEventListener("abort", end);
      if (interruption.signal.aborted) {
        end();
      }
    }),
    system.broken.then((words): ExitCode => {
      if (!closing) {
        note(words);
      }
      return EXIT.lost;
    }),
  ]);
  try {
    client = await connectOperator({ url: system.operatorUrl, tokenFile: system.tokenFile, name: "npm start" });
    const first = followFirst(system, client, options.instruction, options.seed).catch((error: unknown) => {
      if (!(error instanceof CliError)) {
        throw error;
      }
      // The end itself cuts the connection that the task is followed on.
      if (!closing) {
        note(`${error.message} ${error.hint}`);
      }
    });
    const early = await Promise.race([first.then(() => null), ending]);
    if (early === null) {
      sayWhatNow(system);
    }
    return await ending;
  } finally {
    closing = true;
    note("Stopping the arm, then everything else.");
    // A daemon that has died confirms nothing; its arm process stops by itself.
    await client?.stop("npm start ends").catch((error: unknown) => note(`The stop is not confirmed: ${String(error)}`));
    await client?.close();
    await system.close();
  }
}

async function followFirst(system: System, client: OperatorClient, instruction: string, seed: number): Promise<void> {
  await need(client.subscribe(["state", "reasoning", "chunks", "faults", "progress"], 10), "accepted");
  await need(client.takeControl(), "control-granted");
  try {
    await untilReady(client, (words) => say(line("Waiting", words)));
    const lab = system.lab === null ? null : labControl(system.lab);
    const task = lab === null ? -1 : taskOf(await lab.tasks(), instruction);
    if (task >= 0) {
      await lab?.reset(seed, "nominal", task);
    }
    say(line("Instruction", instruction));
    const describe = describing();
    const wish = { instruction, homeFirst: true, confirm: true };
    await whileHolding(client, () =>
      followTask(client, wish, (message) => {
        const words = describe(message);
        if (words !== null) {
          say(words);
        }
      }),
    );
    if (lab !== null) {
      const verdict = (await lab.verdicts())[task];
      say(line("Lab", verdict === undefined ? "it cannot judge this instruction" : verdictInWords(verdict)));
    }
  } finally {
    // Whatever came of it: others may take control from now on.
    if (client.isInControl) {
      await need(client.releaseControl(), "accepted");
    }
  }
}

function sayWhatNow(system: System): void {
  const page = system.operatorUrl.replace(/^ws/, "http");
  say(`\n${line("Page", `${page}  (token: ${system.tokenFile})`)}`);
  say(line("Next", 'npm run -s kinevla -- instruct "pick up the bread and move it to the front"'));
  say(line("End", "Ctrl-C stops the arm, then everything else"));
}
