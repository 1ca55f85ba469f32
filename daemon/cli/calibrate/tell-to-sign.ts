import type { Config } from "../../config/config.js";
import { NO_SIGNATURES_ASKED } from "../../ports/trust.js";
import { note } from "../print.js";

/** A calibration that was just written carries no signature yet. */
export function tellToSign(path: string, { trust }: Pick<Config, "trust">): void {
  if (trust !== NO_SIGNATURES_ASKED) {
    note(`It is used once the maintainer has signed it: kinevla sign ${path}`);
  }
}
