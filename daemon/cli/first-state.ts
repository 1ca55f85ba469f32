import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";

/** The newest state, or the first that comes; state must be followed. */
export function firstState(client: OperatorClient): Promise<ServerMessageOf<"state">> {
  if (client.state !== null) {
    return Promise.resolve(client.state);
  }
  return nextState(client, () => true);
}

/** The next state, from now on, for which something holds. */
export function nextState(
  client: OperatorClient,
  holds: (state: ServerMessageOf<"state">) => boolean,
): Promise<ServerMessageOf<"state">> {
  return new Promise((resolve) => {
    const leave = client.onMessage((message) => {
      if (message.type === "state" && holds(message)) {
        leave();
        resolve(message);
      }
    });
  });
}
