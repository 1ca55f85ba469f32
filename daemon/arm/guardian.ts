import { parseArgs } from "node:util";
import { createCellBoxPulse } from "../../drivers/cell-box/cell-box-pulse.js";
import { loadConfig } from "../config/config.js";
import { ConfigError } from "../config/yaml-file.js";
import { dieWithParent } from "../launch/die-with-parent.js";
import { PROCESS_EXIT } from "../launch/process-exit.js";
import { makeRunDirectory } from "../launch/run-directory.js";
import { projectPath } from "../ports/project-path.js";
import { processLog } from "../service/process-log.js";
import { serviceManager } from "../service/service-manager.js";
import { startGuardian } from "./guardian-watch.js";
import { RISE_OPTION, riseAsAsked } from "./scheduling.js";

// Executable: the guardian. Exit codes: PROCESS_EXIT.

const log = processLog({ name: "guardian" });

function refuse(code: number, message: string): never {
  process.stderr.write(`${message}\n`);
  process.exit(code);
}

const { values } = parseArgs({
  options: { config: { type: "string" }, "die-with-parent": { type: "boolean" }, ...RISE_OPTION },
});
riseAsAsked();
try {
  const config = loadConfig(values.config ?? projectPath("daemon", "config", "lab.yaml"));
  const { link } = config.arm;
  if (link.kind !== "tcp") {
    refuse(
      PROCESS_EXIT.configuration,
      `${config.file}: the guardian needs a TCP link to the arm; a serial line has room for one commander only`,
    );
  }
  makeRunDirectory(config.run_directory);
  const guardian = await startGuardian({
    socketPath: config.guardianSocket,
    arm: { host: link.host, port: link.port },
    relay: config.cell_box === undefined ? null : createCellBoxPulse(config.cell_box),
    log: (message) => log.info(message),
  });
  const manager = serviceManager();
  manager.ready(`guarding the arm at ${link.host}:${link.port}`);
  manager.feedWhile(() => guardian.checks());
  const end = (): void => {
    manager.stopping();
    guardian.close();
    process.exit(PROCESS_EXIT.ended);
  };
  process.on("SIGTERM", end);
  process.on("SIGINT", end);
  dieWithParent(end);
} catch (error) {
  refuse(
    error instanceof ConfigError ? PROCESS_EXIT.configuration : PROCESS_EXIT.busy,
    error instanceof Error ? error.message : String(error),
  );
}
