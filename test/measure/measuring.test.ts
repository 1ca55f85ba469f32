import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Config, loadConfig } from "../../daemon/config/config.js";
import { configApart } from "../../daemon/launch/config-apart.js";
import { catalogue } from "../../daemon/measure/catalogue.js";
import type { Finding } from "../../daemon/measure/measurement.js";
import { type ArmAddress, MeasuringCell } from "../../daemon/measure/measuring-cell.js";
import type { Pace } from "../../daemon/measure/pace.js";
import { pause, Questions } from "../../daemon/measure/questions.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { jointPosition } from "../../daemon/types/units.js";
import type { FromController, ToController } from "../arm/controller-process.js";

/** The home pose of the lab. */
const START = jointPosition([0, 10, 0, 75, 0, 95, 0].map((angle) => (angle * Math.PI) / 180));
/** As short as it shows. */
const PACE: Pace = {
  ...{ listen: 0.6, watch: 0.5, longWatch: 0.5, swing: 2.5 },
  turns: [{ joint: 7, speed: 60 }],
};

describe("everything that can be measured without hands, on the virtual controller", () => {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-measuring-"));
  let controller: ChildProcess;
  let arm: ArmAddress;
  let cell: MeasuringCell | null = null;
  let config: Config;

  before(async () => {
    controller = fork(projectPath("dist", "test", "arm", "controller-process.js"));
    const start: ToController = { kind: "start", q: START };
    controller.send(start);
    const [started]: FromController[] = await once(controller, "message");
    assert.ok(started?.kind === "started");
    arm = { host: "127.0.0.1", port: started.port, push: { host: "127.0.0.1", port: 0 } };
    // As at a real arm: motion needs hold-to-run, or a supervisor's leave, which whoever measures gives.
    const file = join(folder, "lab.yaml");
    await configApart(projectPath("daemon", "config", "lab.yaml"), file, folder);
    writeFileSync(file, readFileSync(file, "utf8").replace("hold_to_run: false", "hold_to_run: true"));
    config = loadConfig(file);
    assert.equal(config.operator.hold_to_run, true);
  });
  after(async () => {
    await cell?.close();
    controller.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  });

  async function measure(id: string): Promise<Finding> {
    const measurement = catalogue(arm, PACE).find((one) => one.id === id);
    switch (measurement?.kind) {
      case "asking":
        return measurement.perform(arm);
      case "moving": {
        cell ??= await MeasuringCell.start({ config, arm, realTime: true, folder });
        return measurement.perform(cell);
      }
      default:
        throw new Error(`${id} needs hands`);
    }
  }

  const figure = (finding: Finding, name: string): unknown => finding.figures.find((one) => one.name === name)?.value;

  it("the catalogue has H-1 to H-20 once each, those that move nothing first", () => {
    const all = catalogue(arm);
    assert.deepEqual(
      all.map(({ id }) => Number(id.slice(2))).sort((a, b) => a - b),
      Array.from({ length: 20 }, (_, index) => index + 1),
    );
    const kinds = all.map(({ kind }) => kind);
    assert.ok(kinds.lastIndexOf("asking") < kinds.indexOf("moving"));
  });

  it("H-7, H-9: the state push, and where it went before is where it goes afterwards", async () => {
    const push = async (): Promise<unknown> => {
      const questions = await Questions.open(arm.host, arm.port);
      const reply = await questions.ask("get_realtime_push");
      questions.close();
      return reply?.fields;
    };
    const former = await push();
    const [evenness, after] = [await measure("H-7"), await measure("H-9")];
    assert.ok(Number(figure(evenness, "datagrams")) > 30, JSON.stringify(evenness));
    assert.equal(figure(evenness, "a number or time in it"), false);
    assert.equal(after.words, "It goes on.");
    assert.deepEqual(await push(), former);
  });

  it("H-13, H-16, H-17: how it comes up, lines in pieces, kinds of numbers", async () => {
    assert.equal((await measure("H-13")).outcome, "as-assumed");
    assert.equal((await measure("H-16")).outcome, "as-assumed");
    assert.equal((await measure("H-17")).words, "Integers alone.");
  });

  for (const [id, names] of [
    ["H-1", ["J7 at 60 deg/s"]],
    ["H-2", ["J7 at 60 deg/s"]],
    ["H-3", ["set_arm_slow_stop", "set_arm_pause"]],
    ["H-4", ["stopped by another"]],
    ["H-5", ["in-order", "reset"]],
  ] as const) {
    it(`${id}: it comes to rest, through arm process and guard`, async () => {
      const finding = await measure(id);
      for (const name of names) {
        assert.equal(figure(finding, `${name}: stands at the end`), true, JSON.stringify(finding));
        assert.ok(Number(figure(finding, `${name}: distance`)) < 10, JSON.stringify(finding));
      }
    });
  }

  it("H-15: setpoints that were held back are carried out when they arrive at once", async () => {
    const finding = await measure("H-15");
    assert.ok(Number(figure(finding, "setpoints kept back")) > 20, JSON.stringify(finding));
  });

  it("H-18: the lag behind the stream", async () => {
    const finding = await measure("H-18");
    assert.ok(Number(figure(finding, "setpoints")) > 100, JSON.stringify(finding));
    assert.ok(Number(figure(finding, "lag")) >= 0);
  });

  it("stopped by whoever measures: that measurement fails, and nothing moves again", async () => {
    cell ??= await MeasuringCell.start({ config, arm, realTime: true, folder });
    const before = cell.line.frames.length;
    const under = assert.rejects(measure("H-2"), /it was stopped/);
    for (let tries = 0; tries < 1000 && cell.line.frames.length < before + 20; tries++) {
      await pause(5);
    }
    cell.abandon("test");
    await under;
    await assert.rejects(measure("H-4"), /it was stopped/);
    await assert.rejects(cell.until(["homing"], 60_000), /it was stopped/);
    const { length } = cell.line.frames;
    await pause(300);
    assert.equal(cell.line.frames.length, length);
    assert.equal(cell.mode, "fault", "nobody but a person acknowledges it");
  });
});
