import { runArmProcess } from "../../daemon/arm/run-arm-process.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { jointPosition } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { RecordingArm, RecordingGripper } from "./recording-arm.js";

// Executable for tests: an arm process with a bug that shows 50 ms after the first daemon has connected.

/** Says on standard output what goes to the wire. */
class SayingArm extends RecordingArm {
  override stop(kind: "quick" | "slow"): void {
    process.stdout.write(`${JSON.stringify({ wire: kind })}\n`);
  }
}

const say = (fields: object, message: string): void => {
  process.stdout.write(`${JSON.stringify({ ...fields, message })}\n`);
};
const home = jointPosition([0, 0, 0, 1, 0, 1, 0]);
const socketPath = process.argv[2] ?? "";
const log = {
  warn: say,
  error: say,
  info: (fields: object, message: string): void => {
    say(fields, message);
    if (message === "a daemon is connected") {
      setTimeout(() => {
        throw new Error("a bug");
      }, 50);
    }
  },
};
await runArmProcess(
  {
    ...{ socketPath, guardianPath: `${socketPath}.guardian`, puppetPath: `${socketPath}.puppet`, teleop: null },
    ...{ period: 0.01, home, limits: LIMITS, holdToRun: false },
  },
  { arm: new SayingArm(), gripper: new RecordingGripper(), cellSwitch: null, clock: hostClock, log },
);
