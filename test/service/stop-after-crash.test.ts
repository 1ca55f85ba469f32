import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { startController } from "../../drivers/virtual-lab/controller/controller.js";
import { LagPlant } from "../../drivers/virtual-lab/controller/lag-plant.js";
import { START } from "../rm75/rig.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-after-"));
after(() => rmSync(folder, { recursive: true }));

/** Runs what the unit runs when the arm process has ended; `result` is the service manager's word for how. */
function afterEnd(port: number, result: string): Promise<{ readonly code: number; readonly said: string }> {
  const config = join(folder, "cell.yaml");
  writeFileSync(
    config,
    readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8").replace("18080", String(port)),
  );
  const script = projectPath("dist", "daemon", "arm", "stop-after-crash.js");
  return new Promise((resolve) => {
    const env = { ...process.env, SERVICE_RESULT: result };
    const child = execFile(process.execPath, [script, "--config", config], { env }, (_error, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: `${stdout}${stderr}` }),
    );
  });
}

describe("after the end of the arm process", () => {
  it("the arm is told to stop when it was a crash, and is left alone when it was none", async () => {
    const plant = new LagPlant(hostClock, START);
    const controller = await startController({ plant, host: "127.0.0.1", port: 0 });
    const commands = () => controller.arrivals().records.map(({ command }) => command);
    try {
      assert.deepEqual(await afterEnd(controller.address.port, "success"), { code: 0, said: "" });
      assert.deepEqual(commands(), []);
      const { code, said } = await afterEnd(controller.address.port, "watchdog");
      assert.equal(code, 0, said);
      assert.match(said, /the arm was told to stop and answered .*arm_stop/);
      assert.deepEqual(commands(), ["set_arm_stop"]);
    } finally {
      await controller.close();
    }
    const { code, said } = await afterEnd(controller.address.port, "core-dump");
    assert.equal(code, 69);
    assert.match(said, /could not be told to stop: .*ECONNREFUSED/);
  });
});
