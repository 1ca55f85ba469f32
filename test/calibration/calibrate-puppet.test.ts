import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { runCalibratePuppet } from "../../daemon/cli/calibrate/run-puppet.js";
import { CliError, EXIT } from "../../daemon/cli/exit-code.js";
import { loadPuppetCalibration } from "../../daemon/config/puppet-calibration.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import { NO_SIGNATURES_ASKED } from "../../daemon/ports/trust.js";
import type { PuppetKind } from "../../daemon/types/puppet.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { VirtualLeader } from "../../drivers/virtual-lab/puppet/virtual-leader.js";

const DEGREE = Math.PI / 180;
const SIGNS: JointVector = [1, -1, 1, 1, -1, 1, -1];
const ZEROS: JointVector = mapJoints([10, -25, 3.7, 60, -44, 90, 12.3], (angle) => angle * DEGREE);
const HOME: JointVector = mapJoints([0, 10, 0, 75, 0, 95, 0], (angle) => angle * DEGREE);
const NONE: JointVector = [0, 0, 0, 0, 0, 0, 0];
const KINDS: readonly PuppetKind[] = ["realman-leader", "dynamixel-leader"];

/** Readings of the handle, in each kind's own unit: thousandths, rad. */
interface Handle {
  readonly closed: number;
  readonly open: number;
}
const HANDLES: Readonly<Record<PuppetKind, Handle>> = {
  "realman-leader": { closed: 100, open: 900 },
  "dynamixel-leader": { closed: 0.1, open: 0.9 },
};

let folder = "";
let leader: VirtualLeader;

/** A configuration with the leader at hand; its calibration goes beside it. */
function configWith(kind: PuppetKind): string {
  const file = join(folder, "lab.yaml");
  const ids =
    kind === "realman-leader"
      ? ""
      : ", joint_ids: [1, 2, 3, 4, 5, 6, 7], gripper_id: 8, button: { id: 20, address: 128 }";
  const baud = kind === "realman-leader" ? 460_800 : 1_000_000;
  const section = `puppet: { kind: ${kind}, path: ${leader.path}, baud: ${baud}${ids}, calibration: puppet.json }`;
  const lab = readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8");
  writeFileSync(file, `${lab}\n${section}\n`);
  return file;
}

/** The leader as it stands when the arm would stand at `arm`. */
function stand(arm: JointVector, gripper: number): void {
  const angles = mapJoints(arm, (angle, joint) => jointAt(ZEROS, joint) + jointAt(SIGNS, joint) * angle);
  leader.place({ angles, gripper });
}

/** Somebody who does what is asked: the poses, each joint in turn, the handle. */
function operator(turn: (joint: number) => number, handle: Handle): (words: string) => Promise<boolean> {
  let arm = NONE;
  return async (words) => {
    const asked = words.startsWith("It moved.") ? "" : words;
    const joint = Number(/^Turn J(\d)/.exec(asked)?.[1] ?? 0) - 1;
    if (asked.includes("home pose")) {
      arm = HOME;
    }
    arm = mapJoints(arm, (angle, index) => angle + (index === joint ? turn(joint) : 0));
    stand(arm, words.includes("Open the handle") ? handle.open : handle.closed);
    return true;
  };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "calibrate-"));
});

afterEach(async () => {
  await leader.unplug();
  rmSync(folder, { recursive: true });
});

describe("kinevla calibrate puppet", () => {
  for (const kind of KINDS) {
    it(`finds the signs and, within 0.1 degrees, the zeros of a ${kind}`, async () => {
      leader = new VirtualLeader({ kind, path: join(folder, "leader") });
      await leader.plug();
      leader.fault({ noise: 0.001 });
      const config = configWith(kind);
      const handle = HANDLES[kind];
      const person = operator(() => 30 * DEGREE, handle);
      const code = await runCalibratePuppet({ config, arm: "75B1", by: "test" }, person);
      assert.equal(code, EXIT.done);
      const path = join(folder, "puppet.json");
      const { serial } = JSON.parse(readFileSync(path, "utf8")).calibration.puppet;
      const found = loadPuppetCalibration(path, { kind, serial, joints: 7 }, NO_SIGNATURES_ASKED);
      assert.ok(typeof found !== "string", String(found));
      found.joints.forEach(({ sign, zero, scale }, joint) => {
        assert.equal(sign, jointAt(SIGNS, joint));
        assert.ok(Math.abs(zero - jointAt(ZEROS, joint)) < 0.1 * DEGREE, `J${joint + 1}: ${zero / DEGREE} deg`);
        assert.ok(Math.abs(scale - 1) < 0.01, `J${joint + 1}: scale ${scale}`);
      });
      const slack = 0.01 * handle.open;
      assert.ok(Math.abs(found.gripper.open - handle.open) < slack);
      assert.ok(Math.abs(found.gripper.closed - handle.closed) < slack);
    });
  }

  it("refuses a joint that was turned the wrong way, says which, and writes nothing", async () => {
    leader = new VirtualLeader({ kind: "realman-leader", path: join(folder, "leader") });
    await leader.plug();
    const config = configWith("realman-leader");
    const wrong = operator((joint) => (joint === 3 ? -30 : 30) * DEGREE, HANDLES["realman-leader"]);
    await assert.rejects(runCalibratePuppet({ config, arm: "75B1", by: "test" }, wrong), (error: unknown) => {
      assert.ok(error instanceof CliError);
      assert.match(error.message, /^J4 is mirrored/);
      return true;
    });
    assert.ok(!existsSync(join(folder, "puppet.json")));
  });

  it("ends without a file when the operator leaves", async () => {
    leader = new VirtualLeader({ kind: "realman-leader", path: join(folder, "leader") });
    await leader.plug();
    const config = configWith("realman-leader");
    const gone = () => Promise.resolve(false);
    assert.equal(await runCalibratePuppet({ config, arm: "75B1", by: "test" }, gone), EXIT.unfinished);
    assert.ok(!existsSync(join(folder, "puppet.json")));
  });
});
