import { labControl, taskOf, verdictInWords } from "../launch/lab-control.js";
import { StartError, type System, startSystem } from "../launch/system.js";
import type { OperatorClient } from "../operator/client.js";
import { describing, line } from "./describe.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { followTask } from "./follow-task.js";
import { connectOperator, need } from "./operator-link.js";
import { note, say } from "./print.js";
import type { StartOptions } from "./start.js";
import { untilReady } from "./until-ready.js";

/** Starts everything, follows one instruction, then stays up until Ctrl-C or until a part ends. */
export async function runStart(options: StartOptions): Promise<ExitCode> {
  const system = await startSystem({
    ...{ configFile: options.config, lab: { seed: Number(options.seed) }, apart: false, realTime: options.realTime },
    progress: (words) => say(line("Starting", words)),
  }).catch((error: unknown) => {
    throw error instanceof StartError
      ? new CliError(EXIT.unhealthy, "not-started", error.message, "See: kinevla doctor")
      : error;
  });
  say(line("Stream", system.scheduling));
  let client: OperatorClient | null = null;
  let closing = false;
  const ending = new Promise<ExitCode>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.once(signal, () => resolve(EXIT.interrupted));
    }
    void system.broken.then((words) => {
      if (!closing) {
        note(words);
        resolve(EXIT.lost);
      }
    });
  });
  try {
    client = await connectOperator({ url: system.operatorUrl, tokenFile: system.tokenFile, name: "npm start" });
    const first = followFirst(system, client, options.instruction, Number(options.seed)).catch((error: unknown) => {
      if (!(error instanceof CliError)) {
        throw error;
      }
      note(`${error.message} ${error.hint}`);
    });
    await Promise.race([first, ending]);
    sayWhatNow(system);
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
  await untilReady(client, (words) => say(line("Waiting", words)));
  const lab = system.lab === null ? null : labControl(system.lab);
  const task = lab === null ? -1 : taskOf(await lab.tasks(), instruction);
  if (task >= 0) {
    await lab?.reset(seed, "nominal", task);
  }
  say(line("Instruction", instruction));
  const describe = describing();
  await followTask(client, { instruction, homeFirst: true, confirm: true }, (message) => {
    const words = describe(message);
    if (words !== null) {
      say(words);
    }
  });
  if (lab !== null) {
    const verdict = (await lab.verdicts())[task];
    say(line("Lab", verdict === undefined ? "it cannot judge this instruction" : verdictInWords(verdict)));
  }
  await need(client.releaseControl(), "accepted");
}

function sayWhatNow(system: System): void {
  const page = system.operatorUrl.replace(/^ws/, "http");
  say(`\n${line("Page", `${page}  (token: ${system.tokenFile})`)}`);
  say(line("Next", 'npm run -s kinevla -- instruct "pick up the bread and move it to the front"'));
  say(line("End", "Ctrl-C stops the arm, then everything else"));
}
