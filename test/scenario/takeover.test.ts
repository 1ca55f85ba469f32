import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { goHome } from "../../daemon/cli/go-home.js";
import { need } from "../../daemon/cli/operator-link.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { PuppetKind } from "../../daemon/types/puppet.js";
import type { TeleopEnabling } from "../../daemon/types/teleop.js";
import { isJointVector, type JointVector, mapJoints } from "../../daemon/types/units.js";
import type { Arrival } from "../../drivers/virtual-lab/controller/arrivals.js";
import { LIMITS } from "../limits.js";
import { configWithHand } from "../puppet/config-with-hand.js";
import { Hand } from "../puppet/hand.js";
import { correctionsIn, largestStep, measureTakeover, setpointsOf } from "../puppet/measured-takeover.js";
import { DEGREE } from "../teleop/leader.js";
import { descendants, largestDifference, openRig, type Rig, watchFor } from "./rig.js";

const HOME: JointVector = mapJoints([0, 10, 0, 75, 0, 95, 0], (angle) => angle * DEGREE);
const PERIOD = 0.01;

/** A whole system with a leader arm in a hand; the leader is sign-tested. */
async function withHand(kind: PuppetKind, enabling: TeleopEnabling) {
  const folder = mkdtempSync(join(tmpdir(), "takeover-"));
  const hand = await Hand.take(kind, join(folder, "leader"), HOME);
  const configFile = configWithHand(projectPath("daemon", "config", "lab.yaml"), folder, hand, enabling);
  const rig = await openRig(configFile).catch(async (error: unknown) => {
    await hand.close();
    throw error;
  });
  const close = async (): Promise<void> => {
    await rig.close();
    await hand.close();
    rmSync(folder, { recursive: true });
  };
  try {
    await untilPhase(rig, ["sign-test"]);
    await hand.turnEachJoint();
    await untilPhase(rig, ["misaligned", "ready"]);
    return { rig, hand, close };
  } catch (error) {
    await close();
    throw error;
  }
}

type WithHand = Awaited<ReturnType<typeof withHand>>;

async function untilPhase(rig: Rig, phases: readonly string[]): Promise<void> {
  await rig.next("state", ({ teleop }) => phases.includes(teleop?.phase ?? ""));
}

/** The leader stands like the arm, but for `degrees` in each joint, and has been still for long enough to be followed. */
async function standBeside({ rig, hand }: WithHand, degrees: number): Promise<void> {
  const { commanded } = await rig.next("state");
  assert.ok(commanded !== null && isJointVector(commanded));
  await hand.stand(mapJoints(commanded, (angle) => angle + degrees * DEGREE));
  // A leader that was put elsewhere jumps: it has to be steady for a while again.
  await rig.next("state", ({ teleop }) => teleop?.phase !== "ready");
  await untilPhase(rig, ["ready"]);
}

/** What the controller's setpoints show of motion since the last clear. */
async function frames(rig: Rig): Promise<readonly Arrival[]> {
  return (await rig.arrivals()).filter(({ command }) => command === "movej_canfd");
}

/** How far any joint went over the setpoints, rad. */
function way(row: readonly Arrival[]): number {
  const from = row[0]?.q ?? [];
  return Math.max(0, ...row.map(({ q }) => largestDifference(q ?? [], from)));
}

/** Resolves once the stream has moved a joint by 2 degrees from now on. */
async function untilMoved(rig: Rig): Promise<void> {
  const deadline = Date.now() + 10_000;
  await rig.lab.clearArrivals();
  while (way(await frames(rig)) < 2 * DEGREE) {
    assert.ok(Date.now() < deadline, "nothing moves");
    await watchFor(20);
  }
}

/** Resolves once nothing has moved over 0.3 s. */
async function untilStill(rig: Rig): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    await rig.lab.clearArrivals();
    await watchFor(300);
    if (way(await frames(rig)) < 1e-4) {
      return;
    }
    assert.ok(Date.now() < deadline, "it does not come to rest");
  }
}

/** Waits until a correction is on the disk, and holds it against what arrived. */
async function assertSmooth({ rig }: WithHand): Promise<void> {
  const folder = rig.system.config.recording?.directory ?? "";
  const deadline = Date.now() + 10_000;
  let [name] = correctionsIn(folder);
  for (; name === undefined; [name] = correctionsIn(folder)) {
    assert.ok(Date.now() < deadline, "no correction was recorded");
    await watchFor(50);
  }
  const sent = await setpointsOf(folder, name);
  const arrived = await rig.arrivals();
  const measured = measureTakeover(sent, arrived, LIMITS.teleop.velocity, PERIOD);
  assert.ok(measured.ticks <= 2, `${measured.ticks} ticks`);
  assert.ok(measured.largestStep <= 1, `${measured.largestStep} of one tick's limit`);
  // The 10 s before show what went wrong, as far as there was something.
  assert.ok(sent.filter(({ source }) => source === "policy").length > 20);
}

/** Resumes the task and holds its first motion against where the arm was and when it was looked. */
async function assertGoesOn({ rig }: WithHand): Promise<void> {
  await rig.next("state", ({ mode, source }) => mode === "hold" && source !== "stop");
  await untilStill(rig);
  const { commanded } = await rig.next("state");
  await rig.lab.clearArrivals();
  const askedAt = hostClock.now();
  const taken = rig.next("chunk", ({ accepted }) => accepted);
  const acting = rig.next("state", ({ source }) => source === "policy");
  await need(rig.client.requestInControl({ type: "resume" }), "accepted");
  assert.ok((await taken).capturedAt > askedAt, "it acts on what it saw before");
  await acting;
  const row = await frames(rig);
  assert.ok(largestDifference(row[0]?.q ?? [], commanded ?? []) < 0.01 * DEGREE, "it begins elsewhere");
  assert.ok(largestStep(row, LIMITS.policy.velocity, PERIOD) <= 1);
}

describe("takeover by the puppet's button, in the whole system", () => {
  let system: WithHand;
  before(async () => {
    system = await withHand("dynamixel-leader", "button");
  });
  after(() => system.close());

  it("the puppet's setpoints follow the policy's within two ticks, without a step; resumed, the policy looks anew", async () => {
    const { rig, hand } = system;
    await rig.fit();
    await rig.lab.clearArrivals();
    await rig.startMoving();
    await standBeside(system, 15);
    assert.equal((await rig.next("state")).source, "policy");
    const leading = rig.next("state", ({ mode }) => mode === "teleop");
    await hand.button(true);
    await leading;
    await hand.swing([6], 8, 20);
    await watchFor(500);
    await hand.button(false);
    await assertSmooth(system);
    await assertGoesOn(system);
  });

  it("goes on while policy, cameras and daemon are killed, ends with the button, and begins again without them", async () => {
    const { rig, hand } = system;
    const daemon = rig.system.children.find(({ name }) => name === "daemon");
    await goHome(rig.client, () => undefined);
    await standBeside(system, 0);
    const leading = rig.next("state", ({ mode }) => mode === "teleop");
    await hand.button(true);
    await leading;
    await hand.swing([6], 8, 20);
    await untilMoved(rig);

    for (const part of ["models/policy/process.js", "drivers/camera/process.js"]) {
      const pids = descendants(daemon?.pid ?? 0, part);
      assert.ok(pids.length > 0, part);
      for (const pid of pids) {
        process.kill(pid, "SIGKILL");
      }
      await untilMoved(rig);
    }
    daemon?.kill("SIGKILL");
    await daemon?.ended;
    await untilMoved(rig);
    const moving = await frames(rig);
    assert.ok(largestStep(moving, LIMITS.teleop.velocity, PERIOD) <= 1);

    // The button is the hold-to-run control at the arm process itself.
    await hand.button(false);
    await untilStill(rig);
    const rest = (await frames(rig)).at(-1)?.q ?? [];
    assert.ok(isJointVector(rest));
    await hand.stand(rest);
    await watchFor(700);
    await hand.button(true);
    await hand.goTo(
      mapJoints(rest, (angle, joint) => angle + (joint === 6 ? 5 * DEGREE : 0)),
      10,
    );
    await untilMoved(rig);
    const stops = (await rig.arrivals()).filter(({ command }) => command !== "movej_canfd");
    assert.deepEqual(stops, [], "a ramp needs no stop command");
    await hand.button(false);
    await untilStill(rig);
  });
});

describe("takeover by command, in the whole system", () => {
  let system: WithHand;
  before(async () => {
    system = await withHand("realman-leader", "operator");
  });
  after(() => system.close());

  it("is as smooth, and the way back is the same", async () => {
    const { rig, hand } = system;
    await rig.fit();
    await rig.lab.clearArrivals();
    await rig.startMoving();
    await standBeside(system, -10);
    assert.equal((await rig.next("state")).source, "policy");
    const leading = rig.next("state", ({ mode }) => mode === "teleop");
    await need(rig.client.requestInControl({ type: "teleop", clutch: true }), "accepted");
    await leading;
    await hand.swing([6], 8, 20);
    await watchFor(500);
    await need(rig.client.requestInControl({ type: "end-teleop" }), "accepted");
    await assertSmooth(system);
    await assertGoesOn(system);
  });
});
