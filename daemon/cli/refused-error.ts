import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT } from "./exit-code.js";

/** The daemon refused what a command asked for. */
export class RefusedError extends CliError {
  readonly refusal: ServerMessageOf<"refused">;

  constructor(refusal: ServerMessageOf<"refused">) {
    super(EXIT.refused, refusal.code, refusal.message, refusal.hint);
    this.refusal = refusal;
  }
}
