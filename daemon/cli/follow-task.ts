import type { HeldRequest, OperatorClient } from "../operator/client.js";
import type { ServerMessage, ServerMessageOf } from "../operator/server-message.js";
import { need } from "./operator-link.js";

/** What to run. */
export interface TaskWish {
  readonly instruction: string;
  readonly homeFirst: boolean;
  readonly confirm: boolean;
}

/** Starts a task and follows it to its end; control must be held. Throws CliError when it is refused. */
export function followTask(
  client: OperatorClient,
  wish: TaskWish,
  onMessage: (message: ServerMessage) => void,
): Promise<ServerMessageOf<"progress">> {
  return followRequest(client, { type: "instruct", ...wish }, onMessage);
}

/** The same for any request that begins a task. */
export async function followRequest(
  client: OperatorClient,
  request: HeldRequest,
  onMessage: (message: ServerMessage) => void,
): Promise<ServerMessageOf<"progress">> {
  const before = await need(client.request({ type: "status" }), "status");
  const lastTask = before.progress?.task ?? -1;
  let leave: () => void = () => undefined;
  const ended = new Promise<ServerMessageOf<"progress">>((resolve) => {
    // The newest text and chunk of an earlier task come on subscription; this task begins with its first progress.
    let hasBegun = false;
    leave = client.onMessage((message) => {
      hasBegun ||= message.type === "progress" && message.task > lastTask;
      if (hasBegun || message.type === "faults" || message.type === "control") {
        onMessage(message);
      }
      if (message.type === "progress" && message.task > lastTask && isEnd(message)) {
        resolve(message);
      }
    });
  });
  try {
    await need(client.requestInControl(request), "accepted");
    return await ended;
  } finally {
    leave();
  }
}

function isEnd(progress: ServerMessageOf<"progress">): boolean {
  return progress.phase === "finished" || progress.phase === "stopped" || progress.phase === "failed";
}
