import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { need } from "../../daemon/cli/operator-link.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { startRig } from "./rig.js";

const INSTRUCTION = "pick up the bread and move it to the left front";
const FORCED = { coarse: "move the bread", fine: "Trajectory Shape - To the right front" };

describe("texts that are forced for an evaluation", () => {
  let folder: string;
  let file: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "kinevla-forced-"));
    file = join(folder, "texts.json");
    writeFileSync(file, JSON.stringify({ [INSTRUCTION]: [FORCED] }));
  });
  after(() => rmSync(folder, { recursive: true }));

  it("lead to the chunks in the place of the model's own, and operators see that they are not fresh", async () => {
    const rig = await startRig(["--forced-texts", file]);
    try {
      const understood = rig.next("reasoning");
      const chunk = rig.next("chunk", ({ accepted }) => accepted);
      const wish = { type: "instruct", instruction: INSTRUCTION, homeFirst: false } as const;
      await need(rig.client.requestInControl(wish), "accepted");
      const { coarse, fine, fresh } = await understood;
      assert.deepEqual({ coarse, fine, fresh }, { ...FORCED, fresh: false });
      assert.equal((await chunk).forced, true);
      await need(rig.client.stop("seen enough"), "accepted");
    } finally {
      await rig.close();
    }
  });

  it("are refused where the arm is not this machine's own virtual one", async () => {
    const config = join(folder, "real.yaml");
    const lab = projectPath("daemon", "config", "lab.yaml");
    const text = readFileSync(lab, "utf8")
      .replace("host: 127.0.0.1, port: 18080", "host: 192.0.2.1, port: 18080")
      .replace("limits-rm75b.yaml", projectPath("daemon", "config", "limits-rm75b.yaml"))
      .replace("../../models/bundles/", `${projectPath("models", "bundles")}/`)
      .replace("run_directory: ../../.run", `run_directory: ${folder}`);
    writeFileSync(config, text);
    const script = projectPath("dist", "daemon", "main.js");
    const { code, stderr } = await new Promise<{ code: unknown; stderr: string }>((resolve) => {
      execFile(process.execPath, [script, "--config", config, "--forced-texts", file], (error, _, said) =>
        resolve({ code: error?.code, stderr: said }),
      );
    });
    assert.equal(code, 78, stderr);
    assert.match(stderr, /in the virtual lab only/);
  });
});
