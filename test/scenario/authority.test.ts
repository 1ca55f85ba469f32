import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { parseDocument } from "yaml";
import { auditFiles, verifyAudit } from "../../daemon/audit/audit-files.js";
import { need } from "../../daemon/cli/operator-link.js";
import { loadConfig } from "../../daemon/config/config.js";
import { OperatorClient } from "../../daemon/operator/client.js";
import { TokenStore } from "../../daemon/operator/token-store.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { type Rig, startRig } from "./rig.js";

/** The lab's configuration, but with hold-to-run as on a real arm. */
function configWithHoldToRun(folder: string): string {
  const file = projectPath("daemon", "config", "lab.yaml");
  const config = loadConfig(file);
  const document = parseDocument(readFileSync(file, "utf8"));
  document.setIn(["limits"], config.limits);
  document.setIn(["policy", "bundle"], config.policy.bundle);
  document.setIn(["operator", "hold_to_run"], true);
  const copy = join(folder, "kinevla.yaml");
  writeFileSync(copy, document.toString());
  return copy;
}

describe("who may move the arm, and for how long", () => {
  const folder = mkdtempSync(join(tmpdir(), "kinevla-authority-"));
  let rig: Rig;
  before(async () => {
    rig = await startRig([], configWithHoldToRun(folder));
  });
  after(async () => {
    await rig.close();
    rmSync(folder, { recursive: true });
  });

  it("nothing moves before hold-to-run is pressed", async () => {
    const reply = await rig.client.requestInControl({ type: "home" });
    assert.ok(reply.type === "refused" && /hold-to-run is not pressed/.test(reply.message), JSON.stringify(reply));
  });

  it("letting go ends the policy's motion in a hold, and pressing again resumes nothing", async () => {
    rig.client.hold(true);
    await rig.next("state", ({ holdToRun }) => holdToRun === "pressed");
    await rig.startMoving();
    const held = rig.next("state", ({ mode }) => mode === "hold");
    const ended = rig.next("progress", ({ phase }) => phase === "stopped");
    rig.client.hold(false);
    assert.equal((await held).stops[0]?.code, "deadman-released");
    await ended;
    rig.client.hold(true);
    const later = await rig.next("state", ({ holdToRun }) => holdToRun === "pressed");
    assert.equal(later.mode, "hold");
  });

  it("a supervisor who takes over finds the arm at rest, and its former operator cannot go on", async () => {
    const store = new TokenStore(rig.system.config.operator.tokenStore);
    const { token } = store.make({ name: "Sue", role: "supervisor", hours: 1 });
    await need(rig.client.requestInControl({ type: "home" }), "accepted");
    await rig.next("state", ({ mode }) => mode === "homing");
    const sue = await OperatorClient.connect({ url: rig.system.operatorUrl, token, name: "Sue" });
    const held = rig.next("state", ({ mode }) => mode === "hold");
    await need(sue.takeOver(), "control-granted");
    assert.match((await held).stops[0]?.code ?? "", /^operator-/);
    const reply = await rig.client.requestInControl({ type: "home" });
    assert.equal(reply.type, "refused");
    await sue.close();
  });

  it("all of it stands in the audit log, whole", async () => {
    const log = rig.system.config.operator.audit_directory;
    const records = (): readonly string[] => auditFiles(log).map((file) => readFileSync(join(log, file), "utf8"));
    while (!records().join("").includes('"take-over"')) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const found = verifyAudit(log);
    assert.equal(found.kind, "whole", JSON.stringify(found));
    for (const words of ['"detail":"pressed"', '"detail":"let go"', "deadman-released", "took control from"]) {
      assert.ok(records().join("").includes(words), words);
    }
  });
});
