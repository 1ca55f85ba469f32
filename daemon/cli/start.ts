import { readFileSync } from "node:fs";
import type { Command } from "commander";
import type { ServerMessage } from "../operator/server-message.js";
import { projectPath } from "../ports/project-path.js";

interface Options {
  readonly config: string;
  readonly instruction: string;
  readonly seed: string;
  readonly realTime: boolean;
}

/** `kinevla start`: the virtual lab and the daemon together, one instruction, and then it stays up. */
export function register(program: Command): void {
  program
    .command("start")
    .description("start the virtual lab and the daemon, follow one instruction, and stay up")
    .option("--config <file>", "configuration", projectPath("daemon", "config", "lab.yaml"))
    .option("--instruction <text>", "what to do first", "pick up the bread and move it to the left front")
    .option("--seed <n>", "seed of the lab's scene", "7")
    .option("--no-real-time", "run the arm process without real-time scheduling")
    .addHelpText("after", "\nCtrl-C stops the arm first, then everything else.")
    .action(async (options: Options) => {
      process.exitCode = await start(options);
    });
}

const say = (words: string): void => {
  process.stdout.write(`${words}\n`);
};

async function start(options: Options): Promise<number> {
  const { startSystem } = await import("../launch/system.js");
  const { labControl } = await import("../launch/lab-control.js");
  const { OperatorClient } = await import("../operator/client.js");
  const { requireAccepted, runTask } = await import("../evaluation/run-task.js");
  const { readManifest } = await import("../../models/bundle/read-manifest.js");

  const system = await startSystem({
    ...{ configFile: options.config, lab: { seed: Number(options.seed) }, apart: false, realTime: options.realTime },
    progress: (words) => say(`- ${words}`),
  });
  say(`- arm process: ${system.scheduling}`);
  const token = readFileSync(system.tokenFile, "utf8").trim();
  let client: Awaited<ReturnType<typeof OperatorClient.connect>> | null = null;
  let closing: Promise<void> | null = null;
  const close = (): Promise<void> => {
    closing ??= (async () => {
      say("\nStopping the arm, then everything else.");
      // A dead daemon cannot answer; its arm process stops by itself, and the rest must still end.
      await client
        ?.stop("Ctrl-C")
        .catch((error: unknown) => say(`(the daemon did not confirm the stop: ${String(error)})`));
      await client?.close();
      await system.close();
    })();
    return closing;
  };
  const interrupted = new Promise<void>((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, () => {
        void close().then(resolve);
      });
    }
  });
  void system.broken.then((words) => {
    if (closing === null) {
      say(`\nA part has ended: ${words}`);
      void close().then(() => process.exit(1));
    }
  });

  try {
    client = await OperatorClient.connect({ url: system.operatorUrl, token, name: "npm start" });
    client.onMessage(show);
    requireAccepted(await client.subscribe(["state", "reasoning", "chunks", "faults", "progress"], 10));
    requireAccepted(await client.takeControl());
    await ready(client);
    say(`\nInstruction: ${options.instruction}`);
    const end = await Promise.race([runTask(client, options.instruction, true), interrupted.then(() => null)]);
    if (end !== null && closing === null) {
      say(end.phase === "finished" ? "The task is finished." : `The task ended: ${end.phase}, ${end.detail}`);
      const { instructions } = await readManifest(system.config.policy.bundle);
      const task = instructions.indexOf(options.instruction);
      if (system.lab !== null && task >= 0) {
        const verdict = await labControl(system.lab).verdict(task);
        say(
          `The lab says: ${verdict.kinematic ? "moved as told" : verdict.goal ? "moved, but not as told" : "not moved"} (${verdict.detail}).`,
        );
      }
      requireAccepted(await client.releaseControl());
    }
  } catch (error) {
    if (closing === null) {
      say(error instanceof Error ? error.message : String(error));
    }
  }
  if (closing === null) {
    const page = system.operatorUrl.replace("ws", "http");
    say(`\nOperator page: ${page}/#token=${token}`);
    say('Another instruction: npm run -s kinevla -- instruct "pick up the bread and move it to the front"');
    say("Ctrl-C ends everything.");
  }
  await interrupted;
  return 0;
}

/** Waits until an instruction could be followed, saying why not. */
async function ready(client: { request(request: { type: "status" }): Promise<unknown> }): Promise<void> {
  let last = "";
  for (;;) {
    const status = (await client.request({ type: "status" })) as ServerMessage;
    if (status.type !== "status" || status.ready) {
      return;
    }
    const words = status.reasons.join("; ");
    if (words !== last) {
      say(`- waiting: ${words}`);
      last = words;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

let phase = "";

function show(message: ServerMessage): void {
  switch (message.type) {
    case "progress":
      if (message.phase !== phase) {
        phase = message.phase;
        say(`- ${message.phase}${message.detail ? `: ${message.detail}` : ""}`);
      }
      return;
    case "reasoning":
      say(`  understood, goal:       ${message.coarse}`);
      say(`  understood, kinematics: ${message.fine}`);
      return;
    case "chunk": {
      const total = Object.values(message.phases).reduce((sum, time) => sum + time, 0);
      const surest = Math.min(...message.probability);
      say(
        `  chunk ${message.chunk}: ${message.accepted ? `${message.steps} steps` : `not taken, ${message.reason}`}, ` +
          `${(total * 1000).toFixed(0)} ms, codes ${message.codes.coarse.join(" ")} | ${message.codes.fine.join(" ")}, least sure ${(surest * 100).toFixed(0)} %`,
      );
      return;
    }
    case "faults":
      for (const fault of message.faults) {
        say(`  ! ${fault.part}: ${fault.detail} ${fault.hint}`);
      }
      return;
    default:
      return;
  }
}
