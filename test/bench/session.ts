import { readFileSync } from "node:fs";
import { goHome, requireAccepted, runTask } from "../../daemon/evaluation/run-task.js";
import { type LabControl, labControl } from "../../daemon/launch/lab-control.js";
import { type System, startSystem } from "../../daemon/launch/system.js";
import { OperatorClient } from "../../daemon/operator/client.js";
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
  const system = await startSystem({ ...options, lab: { seed: 1 }, apart: true });
  try {
    const token = readFileSync(system.tokenFile, "utf8").trim();
    const client = await OperatorClient.connect({ url: system.operatorUrl, token, name: "bench" });
    requireAccepted(await client.subscribe(["state", "reasoning", "chunks", "faults", "progress"]));
    requireAccepted(await client.takeControl());
    const status = async (): Promise<ServerMessageOf<"status">> => {
      const reply = await client.request({ type: "status" });
      if (reply.type !== "status") {
        throw new Error(`the daemon answered ${reply.type} to status`);
      }
      return reply;
    };
    let present = await status();
    while (!present.ready) {
      await new Promise((resolve) => setTimeout(resolve, 100));
      present = await status();
    }
    const instructions = present.policy?.instructions ?? [];
    const lab = labControl(system.lab ?? "");
    let round = 0;
    return {
      ...{ system, lab, client, instructions, status },
      keepMoving: async (isOver) => {
        while (!isOver()) {
          const task = round % instructions.length;
          round += 1;
          await goHome(client);
          await lab.reset(round, task);
          const end = await runTask(client, instructions[task] ?? "", false);
          if (end.phase !== "finished" && !isOver()) {
            options.progress(`a task ended ${end.phase}: ${end.detail}`);
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
