import { followTask } from "../../daemon/cli/follow-task.js";
import { goHome } from "../../daemon/cli/go-home.js";
import { connectOperator, need } from "../../daemon/cli/operator-link.js";
import { startUntilInterrupted } from "../../daemon/cli/start-or-explain.js";
import { untilReady } from "../../daemon/cli/until-ready.js";
import { type LabControl, labControl, taskOf } from "../../daemon/launch/lab-control.js";
import type { System } from "../../daemon/launch/system.js";
import type { OperatorClient } from "../../daemon/operator/client.js";
import type { ServerMessageOf } from "../../daemon/operator/server-message.js";

/** What a bench is started with. */
export interface BenchOptions {
  readonly configFile: string;
  readonly realTime: boolean;
  /** Told how far it is. */
  readonly progress: (words: string) => void;
}

/** A running system in the virtual lab and a client in control of it. */
export interface BenchSession {
  readonly system: System;
  readonly lab: LabControl;
  readonly client: OperatorClient;
  /** Trained instructions of the bundle. */
  readonly instructions: readonly string[];
  /** Repeats tasks, each from home with a fresh table, until `isOver`. */
  keepMoving(isOver: () => boolean): Promise<void>;
  status(): Promise<ServerMessageOf<"status">>;
  close(): Promise<void>;
}

/** Starts the whole system with free ports and takes control; rejects when a part does not start. */
export async function startBench(options: BenchOptions): Promise<BenchSession> {
  const system = await startUntilInterrupted({
    ...{ configFile: options.configFile, realTime: options.realTime, lab: { seed: 1 }, apart: true },
    progress: (words) => options.progress(`starting ${words}`),
  });
  try {
    const client = await connectOperator({ url: system.operatorUrl, tokenFile: system.tokenFile, name: "bench" });
    await need(client.subscribe(["state", "reasoning", "chunks", "faults", "progress"]), "accepted");
    await need(client.takeControl(), "control-granted");
    const status = (): Promise<ServerMessageOf<"status">> => need(client.request({ type: "status" }), "status");
    const present = await untilReady(client, options.progress);
    const instructions = present.policy?.instructions ?? [];
    const lab = labControl(system.lab ?? "");
    const tasks = await lab.tasks();
    let round = 0;
    return {
      ...{ system, lab, client, instructions, status },
      keepMoving: async (isOver) => {
        while (!isOver()) {
          const instruction = instructions[round % instructions.length] ?? "";
          round += 1;
          await goHome(client, () => undefined);
          await lab.reset(round, "nominal", Math.max(0, taskOf(tasks, instruction)));
          const wish = { instruction, homeFirst: false, confirm: false };
          const end = await followTask(client, wish, () => undefined);
          if (end.phase !== "finished" && !isOver()) {
            options.progress(`a task ended ${end.phase}: ${end.detail}`);
            // Refused where nothing is latched; the next homing then says what is wrong.
            await client.requestInControl({ type: "acknowledge", reason: "bench" });
          }
        }
      },
      close: async () => {
        await client.close();
        await system.close();
      },
    };
  } catch (error) {
    await system.close();
    throw error;
  }
}
