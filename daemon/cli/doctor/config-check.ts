import { type Config, ConfigError, loadConfig } from "../../config/config.js";
import { type Check, ill, well } from "./check.js";

/** Is the configuration file right? `onConfig` gets it when it is. */
export function configCheck(file: string, onConfig: (config: Config) => void): Check {
  return {
    name: "configuration",
    run: async () => {
      try {
        onConfig(loadConfig(file));
        return well(file);
      } catch (error) {
        if (error instanceof ConfigError) {
          return ill(error.message, "Correct the named lines; daemon/config/lab.yaml is a complete example.");
        }
        throw error;
      }
    },
  };
}
