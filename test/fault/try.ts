import { projectPath } from "../../daemon/ports/project-path.js";
import { PROCESS_CASES } from "./cases/a-process.js";
import { ARM_LINE_CASES } from "./cases/b-arm-line.js";
import { ARM_STATE_CASES } from "./cases/c-arm-state.js";
import { FaultRig } from "./rig/fault-rig.js";
import { runTrial } from "./run-trial.js";

const ids = (process.argv[2] ?? "1").split(",").map(Number);
const options = { configFile: projectPath("daemon", "config", "lab.yaml"), realTime: true, wallClock: null };
let rig = await FaultRig.start(options);
process.stderr.write("started\n");
for (const row of [...PROCESS_CASES, ...ARM_LINE_CASES, ...ARM_STATE_CASES].filter(({ id }) => ids.includes(id))) {
  for (const trial of row.trials)
    for (const mode of trial.modes) {
      try {
        const r = await runTrial(rig, row, trial, mode, 5, 0);
        process.stdout.write(`${JSON.stringify(r)}\n`);
        if (trial.fresh) throw new Error("fresh");
        await rig.recover();
      } catch (error) {
        process.stderr.write(`${row.id} ${mode} ${String(error)}\n`);
        await rig.close();
        rig = await FaultRig.start(options);
      }
    }
}
await rig.close();
