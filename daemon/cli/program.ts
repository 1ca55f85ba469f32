import { Command } from "commander";
import { register as registerAcknowledge } from "./acknowledge.js";
import { register as registerAudit } from "./audit.js";
import { register as registerBench } from "./bench.js";
import { register as registerCalibrate } from "./calibrate.js";
import { register as registerDataset } from "./dataset.js";
import { register as registerDoctor } from "./doctor.js";
import { register as registerEvaluate } from "./evaluate.js";
import { EXIT_HELP } from "./exit-code.js";
import { register as registerFault } from "./fault.js";
import { register as registerHome } from "./home.js";
import { register as registerInstruct } from "./instruct.js";
import { register as registerKey } from "./key.js";
import { register as registerLab } from "./lab.js";
import { register as registerMeasure } from "./measure.js";
import { register as registerPuppet } from "./puppet.js";
import { register as registerRecord } from "./record.js";
import { register as registerRecover } from "./recover.js";
import { register as registerReplay } from "./replay.js";
import { register as registerService } from "./service.js";
import { register as registerSign } from "./sign.js";
import { register as registerStart } from "./start.js";
import { register as registerStatus } from "./status.js";
import { register as registerStop } from "./stop.js";
import { register as registerTeleop } from "./teleop.js";
import { register as registerToken } from "./token.js";
import { register as registerUnattended } from "./unattended.js";
import { register as registerWatch } from "./watch.js";

/** Every command; a command file says how it is called and loads what it needs only when it runs. */
const COMMANDS: readonly ((program: Command) => void)[] = [
  registerInstruct,
  registerWatch,
  registerStop,
  registerHome,
  registerTeleop,
  registerAcknowledge,
  registerRecover,
  registerStatus,
  registerUnattended,
  registerToken,
  registerAudit,
  registerDoctor,
  registerStart,
  registerEvaluate,
  registerBench,
  registerFault,
  registerLab,
  registerDataset,
  registerRecord,
  registerReplay,
  registerMeasure,
  registerPuppet,
  registerCalibrate,
  registerKey,
  registerSign,
  registerService,
];

/** The command line program. */
export function buildProgram(version: string): Command {
  const program = new Command("kinevla")
    .description("Runs a KineVLA policy on a RealMan RM75 arm.")
    .version(version)
    .exitOverride()
    .addHelpText(
      "after",
      `\nExample:\n  kinevla instruct "pick up the bread and move it to the left front"\n${EXIT_HELP}`,
    );
  for (const register of COMMANDS) {
    register(program);
  }
  // After them, so that none inherits it: what stands behind a command's name is that command's (`record.ts` needs it).
  return program.enablePositionalOptions();
}
