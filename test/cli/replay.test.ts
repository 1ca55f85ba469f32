import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { ReplayProgress } from "../../daemon/operator/backend.js";
import { mapJoints } from "../../daemon/types/units.js";
import { joints } from "../loop/samples.js";
import { type Rig, startRig } from "../operator/rig.js";
import { at, jsonLines, kinevla } from "./kinevla.js";

const EPISODE = "20261129T070341.123Z-demonstration-1a2b3c4d";
const DEGREE = Math.PI / 180;
const BEFORE: ReplayProgress = { episode: `${EPISODE}.mcap`, length: null, differences: null };
const AFTER: ReplayProgress = {
  ...BEFORE,
  length: 12.34,
  differences: {
    poses: 617,
    median: joints(0.0125 * DEGREE),
    p99: joints(0.1 * DEGREE),
    most: mapJoints(joints(0.25), (part, joint) => (part + joint) * DEGREE),
  },
};

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
});
afterEach(() => rig.close());

/** What the daemon says of the replay that is asked for. */
function tells(
  ...steps: readonly (readonly [Parameters<Rig["backend"]["replay"]>[0], string, ReplayProgress])[]
): void {
  rig.backend.onTask = async () => {
    rig.backend.startTask();
    for (const [phase, detail, replay] of steps) {
      rig.backend.replay(phase, detail, replay);
    }
    return { kind: "done", detail: "" };
  };
}

test("replay asks for the episode by name, tells how it goes and shows the differences joint by joint", async () => {
  const length = { ...BEFORE, length: 12.34 };
  tells(["thinking", "reading the recording", BEFORE], ["homing", "", length], ["acting", "2 of 12 s", length]);
  const acting = rig.backend.onTask;
  rig.backend.onTask = async (task) => {
    const outcome = await acting(task);
    rig.backend.replay("finished", "", AFTER);
    return outcome;
  };
  const { exitCode, stdout, stderr } = await kinevla("replay", ...at(rig), `/some/where/${EPISODE}.mcap`).ended;
  assert.equal(exitCode, 0, stderr);
  const order = ["Preparing", "To start", "Replaying   2 of 12 s", "Finished", "617 poses of 12.3 s", "median"];
  const places = order.map((text) => stdout.indexOf(text));
  assert.ok(
    places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1)),
    stdout,
  );
  assert.match(stdout, /J1 +0\.013 +0\.100 +0\.250\n/);
  assert.match(stdout, /J7 +0\.013 +0\.100 +6\.250\n/);
  const call = rig.backend.calls.find(({ kind }) => kind === "task");
  assert.deepEqual(call?.kind === "task" ? call.task : null, { kind: "replay", episode: `${EPISODE}.mcap` });
});

test("replay --json ends with the figures in degrees; the name may come without its ending", async () => {
  tells(["homing", "", BEFORE], ["finished", "", AFTER]);
  const { exitCode, stdout } = await kinevla("replay", ...at(rig), "--json", EPISODE).ended;
  assert.equal(exitCode, 0);
  const last = jsonLines(stdout).at(-1);
  assert.deepEqual(
    [last?.type, last?.phase, last?.episode, last?.seconds],
    ["replayed", "finished", `${EPISODE}.mcap`, 12.34],
  );
  const figures = JSON.stringify(last?.differencesDeg);
  assert.match(figures, /^\{"median":\[0\.0125[^\]]*\],"p99":\[0\.1[^\]]*\],"max":\[0\.25,.*6\.25\]\}$/);
});

test("replay has one exit code for what was refused and another for what ended on the way", async () => {
  tells(["thinking", "", BEFORE], ["failed", "not replayed: it was recorded on another arm", BEFORE]);
  const refused = await kinevla("replay", ...at(rig), EPISODE).ended;
  assert.equal(refused.exitCode, 4);
  assert.match(refused.stdout, /Failed {6}not replayed: it was recorded on another arm/);
  tells(["acting", "", BEFORE], ["stopped", "hold-to-run was let go", BEFORE]);
  const stopped = await kinevla("replay", ...at(rig), EPISODE).ended;
  assert.equal(stopped.exitCode, 5);
  const wrong = await kinevla("replay", ...at(rig), "no such name!").ended;
  assert.equal(wrong.exitCode, 4);
  assert.match(wrong.stderr, /a file name that ends in .mcap/);
});

test("Ctrl-C in replay stops the arm first", async () => {
  tells(["acting", "", BEFORE]);
  const run = kinevla("replay", ...at(rig), EPISODE);
  await run.printed("Replaying");
  run.child.kill("SIGINT");
  const { exitCode } = await run.ended;
  assert.equal(exitCode, 130);
  const kinds = rig.backend.calls.map(({ kind }) => kind);
  assert.ok(kinds.indexOf("stop") >= 0 && kinds.indexOf("stop") < kinds.indexOf("operator-gone"), kinds.join());
});
