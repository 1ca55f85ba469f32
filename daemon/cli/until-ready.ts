import type { OperatorClient } from "../operator/client.js";
import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT } from "./exit-code.js";
import { need } from "./operator-link.js";

const ASK_EVERY_MS = 100;
/** Cameras and policy take a few seconds to open; what is still wrong then needs somebody to do something. */
const HINTS_AFTER_MS = 10_000;

/**
 * Waits until an instruction could be followed; `onReason` is told why not and what to do, whenever that changes.
 * Throws CliError where waiting is of no use, or has been for `mostMs`.
 */
export async function untilReady(
  client: OperatorClient,
  onReason: (words: string) => void,
  mostMs = Infinity,
): Promise<ServerMessageOf<"status">> {
  let last = "";
  const askedAt = Date.now();
  for (;;) {
    const status = await need(client.request({ type: "status" }), "status");
    if (status.ready) {
      return status;
    }
    const unfit = status.faults.find(({ code }) => code === "policy-unfit");
    if (unfit !== undefined) {
      throw new CliError(EXIT.unhealthy, unfit.code, unfit.detail, unfit.hint);
    }
    const waited = Date.now() - askedAt;
    if (waited > mostMs) {
      const hint = status.faults[0]?.hint ?? "See: kinevla status";
      throw new CliError(EXIT.unhealthy, "not-ready", status.reasons.join("; "), hint);
    }
    const isLate = waited > HINTS_AFTER_MS;
    const hints = new Set(isLate ? status.faults.map(({ hint }) => hint) : []);
    const words = [status.reasons.join("; "), ...hints].join("\n            ");
    if (words !== last) {
      onReason(words);
      last = words;
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS));
  }
}
