import { existsSync } from "node:fs";
import { OperatorStartError } from "../../operator/start-error.js";
import { readToken } from "../../operator/token.js";
import { type Check, ill, well } from "./check.js";

/** Can operators be let in? */
export function tokenCheck(path: string): Check {
  return {
    name: "token",
    run: async () => {
      if (!existsSync(path)) {
        return well(`${path} is not there yet; the daemon writes it at its first start`);
      }
      try {
        readToken(path);
        return well(`${path} is readable by you alone`);
      } catch (error) {
        if (error instanceof OperatorStartError) {
          return ill(error.message, error.hint);
        }
        throw error;
      }
    },
  };
}
