import { projectPath } from "../ports/project-path.js";
import { type RealTimeCommand, realTimeCommand } from "./scheduling.js";

/** Above everything else on the machine but the kernel's own threads; the units in systemd/ use the same. */
const ARM_PRIORITY = 50;
const GUARDIAN_PRIORITY = 40;

/** How to start the arm process with a configuration file. */
export function armProcessCommand(configFile: string): RealTimeCommand {
  return realTimeCommand(projectPath("dist", "daemon", "arm", "main.js"), ["--config", configFile], ARM_PRIORITY);
}

/** How to start the guardian with a configuration file. */
export function guardianCommand(configFile: string): RealTimeCommand {
  const script = projectPath("dist", "daemon", "arm", "guardian.js");
  return realTimeCommand(script, ["--config", configFile], GUARDIAN_PRIORITY);
}
