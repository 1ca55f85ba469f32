import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { need } from "./operator-link.js";

const ASK_EVERY_MS = 100;

/** Waits until an instruction could be followed; `onReason` is told why not, whenever that changes. */
export async function untilReady(
  client: OperatorClient,
  onReason: (words: string) => void,
): Promise<ServerMessageOf<"status">> {
  let last = "";
  for (;;) {
    const status = await need(client.request({ type: "status" }), "status");
    if (status.ready) {
      return status;
    }
    const words = status.reasons.join("; ");
    if (words !== last) {
      onReason(words);
      last = words;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
