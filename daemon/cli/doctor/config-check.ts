import { type Config, loadConfig } from "../../config/config.js";
import { lastGoodOf } from "../../config/last-good.js";
import { loadLimits } from "../../config/limits-file.js";
import { ConfigError } from "../../config/yaml-file.js";
import { type Check, ill, well } from "./check.js";

/** Is the configuration file right? `onConfig` gets it when it is. */
export function configCheck(file: string, onConfig: (config: Config) => void): Check {
  return {
    name: "configuration",
    run: async () => {
      try {
        const config = loadConfig(file);
        loadLimits(config);
        onConfig(config);
        return well(file);
      } catch (error) {
        if (error instanceof ConfigError) {
          const good = lastGoodOf(file);
          const compare = good === null ? "" : ` It last worked as it is in ${good}; compare them with diff.`;
          return ill(error.message, `Correct the named lines; daemon/config/lab.yaml is a complete example.${compare}`);
        }
        throw error;
      }
    },
  };
}
