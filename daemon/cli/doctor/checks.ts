import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Config } from "../../config/config.js";
import { armCheck } from "./arm-check.js";
import { calibrationCheck } from "./calibration-check.js";
import { cameraCheck } from "./cameras-check.js";
import type { Check } from "./check.js";
import { diskCheck } from "./disk-check.js";
import { policyCheck } from "./policy-check.js";
import { portCheck } from "./port-check.js";
import { signatureCheck } from "./signature-check.js";
import { tokenCheck } from "./token-check.js";

/** Everything that `kinevla doctor` looks at once the configuration is right, in order. */
export function checksOf(config: Config): readonly Check[] {
  const { recording } = config;
  const recordings =
    recording === undefined
      ? []
      : // Without so much no episode begins.
        [diskCheck(nearestFolder(recording.directory), recording.least_free_gigabytes * 1e9, "recordings")];
  return [
    signatureCheck(config),
    diskCheck(nearestFolder(config.run_directory)),
    ...recordings,
    tokenCheck(config.operator.token_file),
    portCheck(config.operator.host, config.operator.port),
    armCheck(config),
    cameraCheck(config, "front"),
    cameraCheck(config, "wrist"),
    calibrationCheck(config),
    policyCheck(config),
  ];
}

/** The run directory is made at the first start; until then its disk is that of the folder above. */
function nearestFolder(path: string): string {
  let folder = path;
  while (!existsSync(folder) && dirname(folder) !== folder) {
    folder = dirname(folder);
  }
  return folder;
}
