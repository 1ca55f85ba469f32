import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { need } from "./operator-link.js";
import { stoppedBy } from "./stopped-by.js";

/** An arm that stands at home already may never be seen in the mode `homing`. */
const AT_HOME_ALREADY_S = 1;

/**
 * Goes to the home pose and waits until the arm stands there; control must be held and `state` be followed. Throws
 * CliError when it is refused or fails on the way.
 */
export async function goHome(client: OperatorClient, onAccepted: () => void): Promise<ServerMessageOf<"state">> {
  let isAccepted = false;
  let leave: () => void = () => undefined;
  const arrived = new Promise<ServerMessageOf<"state">>((resolve) => {
    let hasMoved = false;
    let firstAt: number | null = null;
    leave = client.onMessage((message) => {
      if (message.type !== "state") {
        return;
      }
      hasMoved ||= message.mode === "homing";
      if (isAccepted && message.mode !== "homing") {
        firstAt ??= message.at;
        if (hasMoved || message.at - firstAt > AT_HOME_ALREADY_S) {
          resolve(message);
        }
      }
    });
  });
  try {
    await need(client.requestInControl({ type: "home" }), "accepted");
    isAccepted = true;
    onAccepted();
    const state = await arrived;
    if (state.stops.length > 0 || state.mode === "fault" || state.mode === "disconnected") {
      throw stoppedBy(state);
    }
    return state;
  } finally {
    leave();
  }
}
