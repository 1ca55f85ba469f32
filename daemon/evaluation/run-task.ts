import type { OperatorClient, Reply } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";

/** How a task or a homing ended. */
export interface TaskEnd {
  readonly phase: "finished" | "stopped" | "failed";
  readonly detail: string;
  readonly chunks: number;
}

/** The daemon refused what was asked for. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
}

/** Throws RefusedError unless the daemon accepted. */
export function requireAccepted(reply: Reply): void {
  if (reply.type === "refused") {
    throw new RefusedError(`${reply.message} ${reply.hint}`);
  }
}

/** Sends one instruction and waits for the end of its task; the client must be in control and follow `progress`. */
export async function runTask(client: OperatorClient, instruction: string, homeFirst: boolean): Promise<TaskEnd> {
  let started: number | null = null;
  const seen: ServerMessageOf<"progress">[] = [];
  let settle: (end: TaskEnd) => void = () => {};
  const end = new Promise<TaskEnd>((resolve) => {
    settle = resolve;
  });
  const consider = (message: ServerMessageOf<"progress">): void => {
    const isOver = message.phase === "finished" || message.phase === "stopped" || message.phase === "failed";
    if (isOver && started !== null && message.task > started) {
      settle({ phase: message.phase as TaskEnd["phase"], detail: message.detail, chunks: message.chunks });
    }
  };
  const unlisten = client.onMessage((message) => {
    if (message.type === "progress") {
      seen.push(message);
      consider(message);
    }
  });
  try {
    const status = await client.request({ type: "status" });
    started = status.type === "status" ? (status.progress?.task ?? 0) : 0;
    requireAccepted(await client.requestInControl({ type: "instruct", instruction, homeFirst, confirm: true }));
    seen.forEach(consider);
    return await Promise.race([
      end,
      client.closed.then((words): TaskEnd => ({ phase: "failed", detail: `link lost: ${words}`, chunks: 0 })),
    ]);
  } finally {
    unlisten();
  }
}

/** Goes to the home pose and waits until the arm holds there; the client must be in control and follow `state`. */
export async function goHome(client: OperatorClient): Promise<void> {
  let homing = false;
  const arrived = new Promise<void>((resolve, reject) => {
    const unlisten = client.onMessage((message) => {
      if (message.type !== "state") {
        return;
      }
      if (message.mode === "homing") {
        homing = true;
      } else if (homing) {
        unlisten();
        if (message.mode === "hold") {
          resolve();
        } else {
          reject(new Error(`homing ended in ${message.mode}: ${message.stops[0]?.detail ?? "no reason given"}`));
        }
      }
    });
  });
  requireAccepted(await client.requestInControl({ type: "home" }));
  await arrived;
}
