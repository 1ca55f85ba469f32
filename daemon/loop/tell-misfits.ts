import { defer, type MonoTypeOperatorFunction, tap } from "rxjs";
import type { ArmLink } from "./arm-link.js";
import type { InferenceFault, Inferred } from "./infer.js";

// Interlocks: PO-01, PO-10.

/** So many observations in a row are no accident (reference/safety.md, PO-10). */
const IN_ROW = 5;

/**
 * Tells the arm process of a state that is unlike all that the policy was trained on, observation after observation, and of
 * everything that came from the policy as a chunk and is none.
 */
export function tellMisfits(link: ArmLink): MonoTypeOperatorFunction<Inferred | InferenceFault> {
  return (results) =>
    defer(() => {
      let inRow = 0;
      return results.pipe(
        tap((result) => {
          if (result.kind === "fault" && result.flaw === "no-chunk") {
            link.send({ kind: "no-chunk", detail: result.fault.detail });
          }
          const isUnfamiliar = result.kind === "fault" && result.flaw === "unfamiliar";
          inRow = isUnfamiliar ? inRow + 1 : 0;
          if (isUnfamiliar && inRow === IN_ROW) {
            link.send({ kind: "unfamiliar", detail: result.fault.detail });
          }
        }),
      );
    });
}
