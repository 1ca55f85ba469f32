import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT } from "./exit-code.js";

/** Why a motion did not come to its end, in the words of the newest stop; of the mode where there is none. */
export function stoppedBy({ stops: [stop], mode }: ServerMessageOf<"state">): CliError {
  return new CliError(
    EXIT.unfinished,
    stop?.code ?? mode,
    stop?.detail ?? `The arm is ${mode}.`,
    stop?.hint ?? "See: kinevla status",
  );
}
