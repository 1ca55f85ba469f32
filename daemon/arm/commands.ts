import { projectPath } from "../ports/project-path.js";
import { type RealTimeCommand, realTimeCommand } from "./scheduling.js";

/** Above everything else on the machine but the kernel's own threads; the units in systemd/ use the same. */
const ARM_PRIORITY = 50;
const GUARDIAN_PRIORITY = 40;
const PUPPET_PRIORITY = 30;

/** How to start the arm process with a configuration file; an ordinary process where real time is not wanted. */
export function armProcessCommand(configFile: string, realTime: boolean): RealTimeCommand {
  const script = projectPath("dist", "daemon", "arm", "main.js");
  return realTimeCommand(script, ["--config", configFile], realTime ? ARM_PRIORITY : null);
}

/** How to start the guardian with a configuration file; an ordinary process where real time is not wanted. */
export function guardianCommand(configFile: string, realTime: boolean): RealTimeCommand {
  const script = projectPath("dist", "daemon", "arm", "guardian.js");
  return realTimeCommand(script, ["--config", configFile], realTime ? GUARDIAN_PRIORITY : null);
}

/** How to start the puppet process with a configuration file: a reading that is late is a hand that has stopped. */
export function puppetCommand(configFile: string, realTime: boolean): RealTimeCommand {
  const script = projectPath("dist", "daemon", "puppet", "main.js");
  return realTimeCommand(script, ["--config", configFile], realTime ? PUPPET_PRIORITY : null);
}
