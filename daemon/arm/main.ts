import { dirname } from "node:path";
import { parseArgs } from "node:util";
import { readCalibration } from "../../calibration/files.js";
import { createCellBoxSwitch } from "../../drivers/cell-box/cell-box-switch.js";
import { createEg2Gripper } from "../../drivers/gripper/eg2-gripper.js";
import { createRm75Arm } from "../../drivers/rm75/rm75-arm.js";
import { armLimits } from "../composition/arm-limits.js";
import { expectedArm } from "../composition/expected-arm.js";
import { expectedCalibrations } from "../composition/expected-calibrations.js";
import { type Config, loadConfig } from "../config/config.js";
import { loadPuppetCalibration } from "../config/puppet-calibration.js";
import { ConfigError } from "../config/yaml-file.js";
import { PROCESS_EXIT } from "../launch/process-exit.js";
import { makeRunDirectory } from "../launch/run-directory.js";
import { hostClock } from "../ports/clock.js";
import { projectPath } from "../ports/project-path.js";
import { processLog } from "../service/process-log.js";
import { runArmProcess } from "./run-arm-process.js";
import { RISE_OPTION, riseAsAsked } from "./scheduling.js";

// Executable: the arm process. Exit codes: PROCESS_EXIT.

const { values } = parseArgs({
  options: { config: { type: "string" }, "die-with-parent": { type: "boolean" }, ...RISE_OPTION },
});
riseAsAsked();
try {
  const config = loadConfig(values.config ?? projectPath("daemon", "config", "lab.yaml"));
  const { link, push } = config.arm;
  const { puppet } = config;
  const gripper = createEg2Gripper(hostClock);
  const arm = createRm75Arm({
    link: link.kind === "tcp" ? link : { kind: "serial", path: link.path, baudRate: link.baud },
    push: { host: push.host, port: push.port, period: push.period_ms / 1000 },
    ...expectedArm(config.arm),
    tools: [gripper],
    clock: hostClock,
  });
  makeRunDirectory(config.run_directory);
  const log = processLog({ name: "arm", level: config.log.level });
  const { limits, unused } = armLimits(config, Date.now());
  if (unused !== null) {
    log.warn({}, `the table counts as the limits have it: ${unused}`);
  }
  await runArmProcess(
    {
      socketPath: config.armSocket,
      guardianPath: config.guardianSocket,
      puppetPath: config.puppetSocket,
      teleop:
        puppet === undefined
          ? null
          : {
              enabling: config.teleopEnabling,
              calibrationFor: (leader) =>
                refusedLeader(config) ?? loadPuppetCalibration(puppet.calibration, leader, config.trust),
            },
      period: config.stream.period_ms / 1000,
      home: config.home,
      limits,
      holdToRun: config.operator.hold_to_run,
    },
    {
      arm,
      gripper,
      cellSwitch: config.cell_box === undefined ? null : createCellBoxSwitch(config.cell_box),
      clock: hostClock,
      log,
    },
  );
} catch (error) {
  if (!(error instanceof ConfigError)) {
    throw error;
  }
  process.stderr.write(`${error.message}\n`);
  process.exit(PROCESS_EXIT.configuration);
}

/** Why the leader's calibration must not be used: another arm's, or too old (OP-10); null where nobody asks for that. */
function refusedLeader(config: Config): string | null {
  const { calibration, puppet } = config;
  if (calibration === undefined || puppet === undefined) {
    return null;
  }
  const expected = expectedCalibrations(config, calibration, Date.now());
  const read = readCalibration(dirname(puppet.calibration), "puppet", expected);
  return read.kind === "good" ? null : `${read.reason}. ${read.hint}`;
}
