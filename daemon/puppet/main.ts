import { parseArgs } from "node:util";
import { startPuppetProcess } from "../../drivers/puppet/process.js";
import { createPuppet } from "../../drivers/puppet/serial-puppet.js";
import { RISE_OPTION, riseAsAsked } from "../arm/scheduling.js";
import { loadConfig } from "../config/config.js";
import { ConfigError } from "../config/yaml-file.js";
import { dieWithParent } from "../launch/die-with-parent.js";
import { PROCESS_EXIT } from "../launch/process-exit.js";
import { hostClock } from "../ports/clock.js";
import { projectPath } from "../ports/project-path.js";
import { processLog } from "../service/process-log.js";
import { serviceManager } from "../service/service-manager.js";
import { OPERATOR_HINT } from "../types/driver-error.js";
import { puppetOptions } from "./puppet-options.js";

// Executable: the puppet process. Exit codes: PROCESS_EXIT.

const { values } = parseArgs({
  options: {
    config: { type: "string" },
    "die-with-parent": { type: "boolean" },
    "is-configured": { type: "boolean" },
    ...RISE_OPTION,
  },
});
riseAsAsked();
try {
  const config = loadConfig(values.config ?? projectPath("daemon", "config", "lab.yaml"));
  if (values["is-configured"]) {
    // Asked by the service manager, which skips the unit on 1.
    process.exit(config.puppet === undefined ? 1 : 0);
  }
  if (config.puppet === undefined) {
    throw new ConfigError(
      `${config.file} has no section puppet: there is no leader arm to read. Add one, or do not start this.`,
    );
  }
  const log = processLog({ name: "puppet", level: config.log.level });
  const manager = serviceManager();
  const running = startPuppetProcess(createPuppet(puppetOptions(config.puppet), hostClock), config.puppetSocket, {
    found: (identity) => log.info({ identity }, "the leader arm is read"),
    away: ({ code, context, message }) => log.warn({ code, context, hint: OPERATOR_HINT[code] }, message),
    refused: (reason) => log.warn({}, `the arm process does not take the leader's readings: ${reason}`),
  });
  manager.ready("it looks for the leader arm");
  manager.feedWhile(() => running.progress());
  const end = async (): Promise<void> => {
    manager.stopping();
    await running.close();
    process.exit(PROCESS_EXIT.ended);
  };
  process.once("SIGTERM", end);
  process.once("SIGINT", end);
  dieWithParent(end);
  await running.ended;
} catch (error) {
  if (!(error instanceof ConfigError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exit(PROCESS_EXIT.configuration);
}
