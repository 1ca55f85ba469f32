import { EXIT, type ExitCode } from "./exit-code.js";
import { goHome } from "./go-home.js";
import { whileHolding } from "./hold-key.js";
import { inControl } from "./in-control.js";
import type { OperatorOptions } from "./operator-options.js";
import { note, say, sayJson } from "./print.js";

/** Goes to the home pose and waits until the arm stands there. */
export function runHome(options: OperatorOptions): Promise<ExitCode> {
  return inControl(options, [], async ({ client }) => {
    const state = await whileHolding(client, () =>
      goHome(client, () => {
        if (!options.json) {
          note("Going to the home pose.");
        }
      }),
    );
    if (options.json) {
      sayJson(state);
    } else {
      say("The arm stands at home.");
    }
    return EXIT.done;
  });
}
