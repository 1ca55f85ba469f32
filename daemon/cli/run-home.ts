import type { ServerMessageOf } from "../operator/server-message.js";
import { CliError, EXIT, type ExitCode } from "./exit-code.js";
import { inControl } from "./in-control.js";
import { need } from "./operator-link.js";
import type { OperatorOptions } from "./operator-options.js";
import { note, say, sayJson } from "./print.js";

/** An arm that stands at home already may never be seen in the mode `homing`. */
const AT_HOME_ALREADY_S = 1;

/** Goes to the home pose and waits until the arm stands there. */
export function runHome(options: OperatorOptions): Promise<ExitCode> {
  return inControl(options, [], async ({ client }) => {
    let isAccepted = false;
    const arrived = new Promise<ServerMessageOf<"state">>((resolve) => {
      let hasMoved = false;
      let firstAt: number | null = null;
      client.onMessage((message) => {
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
    await need(client.requestInControl({ type: "home" }), "accepted");
    isAccepted = true;
    if (!options.json) {
      note("Going to the home pose.");
    }
    const state = await arrived;
    if (state.mode === "fault" || state.mode === "disconnected") {
      const stop = state.stops[0];
      throw new CliError(
        EXIT.unfinished,
        stop?.code ?? state.mode,
        stop?.detail ?? `The arm is ${state.mode}.`,
        stop?.hint ?? "See: kinevla status",
      );
    }
    if (options.json) {
      sayJson(state);
    } else {
      say("The arm stands at home.");
    }
    return EXIT.done;
  });
}
