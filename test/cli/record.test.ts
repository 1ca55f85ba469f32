import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import type { TaskRequest } from "../../daemon/operator/backend.js";
import { hostClock } from "../../daemon/ports/clock.js";
import { Recorder } from "../../daemon/recorder/recorder.js";
import type { TeleopReport } from "../../daemon/types/teleop.js";
import { calmReport, INSTRUCTIONS } from "../operator/fake-backend.js";
import { type Rig, startRig } from "../operator/rig.js";
import { closing, folderApart, opening, picture } from "../recorder/samples.js";
import { at, jsonLines, kinevla, kinevlaAsking } from "./kinevla.js";

const TASK = "show it";
const READY = "Enter begins";
const RECORDING = "s = success";

let rig: Rig;
/** What was asked of the recorder, in words. */
let asked: string[];
beforeEach(async () => {
  rig = await startRig();
  asked = [];
  rig.backend.picture = jpeg("red");
  rig.backend.onTask = async (task) => {
    asked.push(words(task));
    return { kind: "done", detail: "" };
  };
});
afterEach(() => rig.close());

function words(task: TaskRequest): string {
  return task.kind === "record" ? `${task.action}${task.success === null ? "" : ` ${task.success}`}` : task.kind;
}

/** A picture of one colour. */
function jpeg(colour: string): Buffer {
  const source = ["-f", "lavfi", "-i", `color=${colour}:size=64x64`, "-frames:v", "1"];
  return ffmpeg(source, ["-f", "mjpeg", "pipe:1"]);
}

/** The mean colour of a picture, RGB. */
function colourOf(path: string): readonly number[] {
  return [...ffmpeg(["-i", path, "-vf", "scale=1:1:flags=area"], ["-f", "rawvideo", "-pix_fmt", "rgb24", "pipe:1"])];
}

function ffmpeg(input: readonly string[], output: readonly string[]): Buffer {
  return execFileSync("ffmpeg", ["-hide_banner", "-loglevel", "error", "-nostdin", ...input, ...output]);
}

function overlayIn(text: string): string {
  return /over the present one: (\S+\.jpg)/.exec(text)?.[1] ?? "";
}

/** Standard error so far, and what waits for more of it. */
function following(run: ReturnType<typeof kinevlaAsking>) {
  let said = "";
  run.child.stderr.on("data", (bytes: Buffer) => {
    said += bytes.toString();
  });
  let seen = 0;
  return async (text: string): Promise<string> => {
    for (;;) {
      const found = said.indexOf(text, seen);
      if (found >= 0) {
        const passed = said.slice(seen, found + text.length);
        seen = found + text.length;
        return passed;
      }
      await new Promise((resolve) => run.child.stderr.once("data", resolve));
    }
  };
}

test("a session shows the table as it was at the first demonstration over the present one, until it is laid alike", async () => {
  const run = kinevlaAsking("record", ...at(rig), "--task", TASK, "--episodes", "2");
  const until = following(run);
  const first = await until(READY);
  assert.match(first, /the first picture becomes the reference/);
  run.type("");
  await until(RECORDING);
  run.type("s");
  rig.backend.picture = jpeg("blue");
  const second = await until(READY);
  const path = overlayIn(second);
  const [red = 0, green = 255, blue = 0] = colourOf(path);
  assert.ok(Math.abs(red - 127) < 12 && green < 12 && Math.abs(blue - 127) < 12, `${red} ${green} ${blue}`);
  rig.backend.picture = jpeg("red");
  run.type("o");
  assert.equal(overlayIn(await until(READY)), path);
  const [again = 0, , little = 255] = colourOf(path);
  assert.ok(again > 240 && little < 12, `${again} ${little}`);
  run.type("");
  await until(RECORDING);
  run.type("f");
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 0, stderr);
  assert.match(stderr, /All 2 are kept: 1 success, 1 failure; 0 thrown away/);
  assert.deepEqual(asked, ["begin", "keep true", "begin", "keep false"]);
  assert.equal(existsSync(path), false, "it is removed with the session");
});

test("a demonstration that is done again does not become the reference", async () => {
  const run = kinevlaAsking("record", ...at(rig), "--task", TASK, "--episodes", "1");
  const until = following(run);
  await until(READY);
  run.type("");
  await until(RECORDING);
  run.type("r");
  assert.match(await until(READY), /becomes the reference/);
  run.type("q");
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 5, stderr);
  assert.match(stderr, /Ended with 0 of 1 kept: 0 success, 0 failure; 1 thrown away/);
  assert.deepEqual(asked, ["begin", "discard"]);
});

test("a recording of another day is the reference where it is named; one that has no picture is refused", async () => {
  const { folder, remove } = folderApart();
  const recorder = new Recorder({ folder, mostBytes: 1e9, leastFreeBytes: 0 }, () => undefined);
  for (const bytes of [jpeg("lime"), null]) {
    const name = bytes === null ? "without" : "with";
    await recorder.handle(opening({ instruction: name }));
    if (bytes !== null) {
      await recorder.handle({ ...picture("front", 1, 1), jpeg: bytes });
    }
    await recorder.handle(closing());
  }
  const { stdout } = await kinevla("record", "list", "--folder", folder, "--json").ended;
  const episodes: unknown = jsonLines(stdout)[0];
  assert.ok(Array.isArray(episodes));
  const path = (wanted: string): string =>
    join(folder, `${episodes.find(({ instruction }) => instruction === wanted)?.name}.mcap`);

  const run = kinevlaAsking("record", ...at(rig), "--task", TASK, "--reference", path("with"));
  const until = following(run);
  const [red = 0, green = 0] = colourOf(overlayIn(await until(READY)));
  assert.ok(Math.abs(red - 127) < 12 && Math.abs(green - 127) < 12, `${red} ${green}`);
  run.type("q");
  await run.ended;

  const refused = await kinevla("record", ...at(rig), "--task", TASK, "--reference", path("without")).ended;
  assert.equal(refused.exitCode, 2);
  assert.match(refused.stderr, /has no picture of the front camera/);
  remove();
});

test("a camera without a picture holds up no session", async () => {
  rig.backend.picture = null;
  const run = kinevlaAsking("record", ...at(rig), "--task", TASK, "--episodes", "1", "--json");
  const until = following(run);
  await until(READY);
  run.type("");
  await until(RECORDING);
  run.type("s");
  const { exitCode, stdout } = await run.ended;
  assert.equal(exitCode, 0);
  assert.deepEqual(jsonLines(stdout), [{ type: "demonstration", kept: 1, episodes: 1, task: TASK, end: "success" }]);
});

test("a disk that gets full is told at once; the demonstration is thrown away and may be begun again", async () => {
  const run = kinevlaAsking("record", ...at(rig), "--task", TASK, "--episodes", "1");
  const until = following(run);
  await until(READY);
  run.type("");
  await until(RECORDING);
  const fault = { code: "not-recording", part: "recorder", since: hostClock.now(), latched: false };
  rig.backend.faults.next([{ ...fault, detail: "no space left", hint: "Make room." }]);
  assert.match(await until(READY), /It is not recorded: no space left Make room\./);
  run.type("");
  await until(RECORDING);
  rig.backend.faults.next([]);
  run.type("s");
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(asked, ["begin", "discard", "begin", "keep true"]);
});

test("lets the arm go home in between, and a leader without a button take over; a refusal ends nothing", async () => {
  const teleop: TeleopReport = {
    ...{ enabling: "operator", leader: null, phase: "ready", detail: "Ready.", age: 0.01, differences: null },
    ...{ offset: [0, 0, 0, 0, 0, 0, 0], button: false, latencyP99Ms: null },
  };
  rig.backend.arm.next(calmReport({ teleop }));
  const requests: string[] = [];
  rig.backend.onRequest = async ({ kind }) => {
    requests.push(kind);
    if (kind === "home") {
      rig.backend.arm.next(calmReport({ mode: "homing", teleop }));
    }
    return kind === "teleop"
      ? { kind: "refused", reason: "not aligned", hint: "Bring it closer." }
      : { kind: "done", detail: "" };
  };
  const run = kinevlaAsking("record", ...at(rig), "--task", TASK, "--episodes", "1");
  const until = following(run);
  assert.match(await until(READY), /Puppet: Ready\./);
  run.type("h");
  await until("Going home.");
  rig.backend.arm.next(calmReport({ teleop }));
  await until(READY);
  run.type("");
  await until(RECORDING);
  run.type("t");
  assert.match(await until(RECORDING), /not aligned Bring it closer\./);
  run.type("e");
  await until(RECORDING);
  run.type("s");
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 0, stderr);
  assert.deepEqual(requests, ["home", "teleop", "hold"]);
});

test("says how the puppet stands whenever that changes, also while it waits for an answer", async (context) => {
  const standing = (words: string): TeleopReport => ({
    ...{ enabling: "button", leader: null, phase: "sign-test", detail: words, age: 0.01, differences: null },
    ...{ offset: [0, 0, 0, 0, 0, 0, 0], button: false, latencyP99Ms: null },
  });
  let detail = "Turn joint 1 to plus.";
  // As the arm process does: reports go on when nothing changes.
  const reports = setInterval(() => rig.backend.arm.next(calmReport({ teleop: standing(detail) })), 50);
  context.after(() => clearInterval(reports));
  rig.backend.arm.next(calmReport({ teleop: standing(detail) }));
  const run = kinevlaAsking("record", ...at(rig), "--task", TASK, "--episodes", "1");
  const until = following(run);
  assert.match(await until(READY), /Puppet: Turn joint 1 to plus\./);
  detail = "Turn joint 2 to plus.";
  await until("Puppet: Turn joint 2 to plus.");
  run.type("");
  await until(RECORDING);
  detail = "Press its button.";
  await until("Puppet: Press its button.");
  run.type("s");
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 0, stderr);
  assert.equal(stderr.split("Puppet: Turn joint 2").length, 2, "once for each change");
});

test("Ctrl-C in the middle of a demonstration stops the arm and ends the session, with a terminal still there", async () => {
  const run = kinevlaAsking("record", ...at(rig), "--task", TASK);
  const until = following(run);
  await until(READY);
  run.type("");
  await until(RECORDING);
  run.child.kill("SIGINT");
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 130, stderr);
  assert.match(stderr, /Stopped and latched/);
  // The daemon closes what there is of the demonstration when nobody is in control.
  assert.equal(rig.backend.calls.at(-1)?.kind, "operator-gone");
});

test("without anybody to ask, a recorder that fails ends the session with the reason", async () => {
  rig.backend.onTask = async (task) => {
    asked.push(words(task));
    if (task.kind === "instruct") {
      rig.backend.startTask();
      rig.backend.task("acting", "", 1);
      const fault = { code: "not-recording", part: "recorder", since: hostClock.now(), latched: false };
      rig.backend.faults.next([{ ...fault, detail: "no space left", hint: "Make room." }]);
    }
    return { kind: "done", detail: "" };
  };
  const { exitCode, stderr } = await kinevla("record", ...at(rig), "--task", INSTRUCTIONS[0] ?? "", "--policy", "--yes")
    .ended;
  assert.equal(exitCode, 4, stderr);
  assert.match(stderr, /no space left/);
  assert.deepEqual(asked, ["begin", "instruct", "discard"]);
});
