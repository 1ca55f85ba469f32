import type { Config } from "../../config/config.js";
import { KeyError } from "../../signing/keys.js";
import { keyPlace, mayReplaceKey, namedSignatures } from "../../signing/named-signatures.js";
import { type Check, ill, well } from "./check.js";

/** Does the maintainer vouch for the files that decide how the arm moves? */
export function signatureCheck(config: Config): Check {
  return {
    name: "signatures",
    run: async () => {
      try {
        const found = namedSignatures(config);
        if (found === null) {
          return well(`none are asked for: there is no ${keyPlace(config)}, so every file is used as it is`);
        }
        const refused = found.filter(({ state }) => state === "refused");
        if (refused.length > 0) {
          const reasons = refused.map(({ path, detail }) => `${path}: ${detail}`);
          return ill(reasons.join("; "), `Look at what each says, then sign it: kinevla sign --of ${config.file}`);
        }
        const count = found.filter(({ state }) => state === "signed").length;
        const open = mayReplaceKey(config)
          ? "; whoever runs this may replace the key, so they only keep mistakes out"
          : "";
        return well(`${count} files are signed${open}`);
      } catch (error) {
        if (error instanceof KeyError) {
          return ill(error.message, error.hint);
        }
        throw error;
      }
    },
  };
}
