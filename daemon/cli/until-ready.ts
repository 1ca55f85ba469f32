import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT } from "./exit-code.js";
import { need } from "./operator-link.js";

const ASK_EVERY_MS = 100;

/**
 * Waits until an instruction could be followed; `onReason` is told why not, whenever that changes. Throws CliError when
 * that takes longer than `patienceMs`.
 */
export async function untilReady(
  client: OperatorClient,
  onReason: (words: string) => void,
  patienceMs = Number.POSITIVE_INFINITY,
): Promise<ServerMessageOf<"status">> {
  const until = performance.now() + patienceMs;
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
    if (performance.now() > until) {
      throw new CliError(EXIT.refused, "not-ready", `The system is not ready: ${words}`, "Run kinevla doctor.");
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
