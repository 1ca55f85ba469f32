import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it, type TestContext } from "node:test";
import { expectedArm } from "../../daemon/composition/expected-arm.js";
import { parseConfig } from "../../daemon/config/config.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { ToolFrame } from "../../drivers/rm75/codec.js";
import { NO_LOAD, type ToolDescription, toolMismatch } from "../../drivers/rm75/tool-description.js";
import { RawClient } from "../virtual-lab/controller-client.js";
import { connected, type Rig, serialRig, tcpRig, until } from "./rig.js";

/** The hand of the vendor's example, which the virtual controller knows as `gripper`. */
const HAND: ToolDescription = { payload: 0.62, centre: [0, 0, 0.06], position: [0, 0, 0.15], angles: [0, 0, 0] };
const READ: ToolFrame = { name: "gripper", ...HAND };

describe("ML-18: a tool frame that is not the hand's", () => {
  const cases: readonly (readonly [what: string, found: Partial<ToolFrame>, words: RegExp])[] = [
    ["payload", { payload: 0 }, /a payload of 0 g .*tool frame gripper\), not 620 g/],
    ["payload by 1 g", { payload: 0.621 }, /621 g/],
    ["centre of mass, a thousandfold", { centre: [0, 0, 60] }, /centre of mass \[0\.0, 0\.0, 60000\.0\] mm/],
    ["centre of mass in y", { centre: [0, 0.002, 0.06] }, /centre of mass/],
    ["place", { position: [0, 0, 0.151] }, /a tool frame at \[0\.0, 0\.0, 151\.0\] mm/],
    ["turn", { angles: [0, 0, 0.003] }, /turned by \[0\.0, 0\.0, 0\.2\] deg/],
    ["a number that is none", { payload: Number.NaN }, /payload/],
    ["too few numbers", { centre: [0, 0] }, /centre of mass/],
  ];
  for (const [what, found, words] of cases) {
    it(`${what}: is named`, () => assert.match(toolMismatch(HAND, { ...READ, ...found }) ?? "", words));
  }

  it("is none that differs by the rounding of the wire, or by a whole turn", () => {
    assert.equal(toolMismatch(HAND, READ), null);
    const near = { payload: 0.6204, centre: [0, 0, 0.060_05], position: [0.000_05, 0, 0.15], angles: [0, 0.001, 0] };
    assert.equal(toolMismatch(HAND, { ...READ, ...near }), null);
    const half = { ...HAND, angles: [Math.PI, 0, 0] };
    assert.equal(toolMismatch(half, { ...READ, angles: [0.001 - Math.PI, 0, 0] }), null);
    assert.equal(toolMismatch(NO_LOAD, { name: "Arm_Tip", ...NO_LOAD }), null);
  });

  it("is looked for as the configuration says, in SI units", () => {
    const lab = readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8");
    assert.deepEqual(expectedArm(parseConfig(lab, "/etc/kinevla/cell.yaml").arm).tool, NO_LOAD);
    const text = lab.replace(
      /tool: .*/,
      "tool: { payload_g: 620, centre_mm: [0, 0, 60], frame_mm: [0, 0, 150], frame_deg: [0, 0, 180] }",
    );
    const { tool } = expectedArm(parseConfig(text, "/etc/kinevla/cell.yaml").arm);
    assert.deepEqual(tool, { ...HAND, angles: [0, 0, Math.PI] });
    const allowing = (list: string) =>
      parseConfig(text.replace("tool:", `allowed: ${list}\n  tool:`), "/cell.yaml").arm;
    assert.deepEqual(expectedArm(allowing('{ controllers: ["02:AB:00:00:00:18"] }')).expected.allowed, {
      firmware: null,
      controllers: ["02:ab:00:00:00:18"],
    });
    assert.deepEqual(expectedArm(allowing("{ firmware: [1.7.1] }")).expected.allowed.firmware, ["1.7.1"]);
    assert.throws(() => allowing("{ firmware: [] }"), /arm\.allowed\.firmware/);
    assert.throws(() => allowing("{ controllers: [75B1] }"), /six pairs/);
    assert.throws(() => parseConfig(text.replace("620", "6200"), "/etc/kinevla/cell.yaml"), /arm\.tool\.payload_g/);
    assert.throws(() => parseConfig(text.replace(/tool: .*/, ""), "/etc/kinevla/cell.yaml"), /arm\.tool/);
  });
});

describe("ML-18: what the controller counts with at its flange", () => {
  async function withHand(t: TestContext, rig: Rig) {
    const { arm, recorder } = await connected({ ...rig, options: { ...rig.options, tool: HAND } });
    t.after(async () => {
      await arm.close();
      await rig.close();
    });
    return recorder;
  }

  it("is read when the link is opened, when another frame is selected, and when its load changes", async (t) => {
    const rig = await tcpRig();
    const recorder = await withHand(t, rig);
    assert.match(recorder.states[0]?.link.tool ?? "", /payload of 0 g .*Arm_Tip/, "a controller boots with no load");
    const pendant = await RawClient.open(rig.controller);
    t.after(() => pendant.close());
    const select = { command: "set_change_tool_frame", tool_name: "gripper" };
    assert.equal((await pendant.ask({ ...select, tool_name: "no such" })).change_tool_frame, false);
    assert.equal((await pendant.ask(select)).change_tool_frame, true);
    await until(() => recorder.last.link.tool === null, "the hand's frame");
    rig.controller.inject({ kind: "payload", gram: 2000 });
    await until(() => recorder.last.link.tool !== null, "the fault");
    assert.match(recorder.last.link.tool ?? "", /2000 g/);
    rig.controller.inject({ kind: "clear" });
    await until(() => recorder.last.link.tool === null, "its end");
    assert.equal(recorder.last.link.changed, null);
    assert.equal(recorder.lost.length, 0);
  });

  it("is read on a serial line, too", async (t) => {
    const rig = await serialRig();
    const recorder = await withHand(t, rig);
    assert.match(recorder.last.link.tool ?? "", /payload of 0 g/);
    const pendant = await RawClient.open(rig.controller);
    t.after(() => pendant.close());
    await pendant.ask({ command: "set_change_tool_frame", tool_name: "gripper" });
    await until(() => recorder.last.link.tool === null, "the hand's frame");
    assert.equal(recorder.last.health, null);
  });

  it("cannot be set to what no arm carries, nor under a name that the vendor does not take", async (t) => {
    const rig = await tcpRig();
    t.after(() => rig.close());
    const pendant = await RawClient.open(rig.controller);
    t.after(() => pendant.close());
    const frame = { command: "set_manual_tool_frame", tool_name: "hand", tool_pose: [0, 0, 0, 0, 0, 0], payload: 500 };
    const accepted = async (changes: object): Promise<unknown> =>
      (await pendant.ask({ ...frame, position: [0, 0, 0], ...changes })).manual_tool_frame;
    assert.equal(await accepted({}), true);
    assert.equal(await accepted({ payload: 5001 }), false);
    assert.equal(await accepted({ tool_name: "elevenchars" }), false);
  });
});
