import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import type { ArmReport } from "../../daemon/types/arm-link.js";
import { jointPosition } from "../../daemon/types/units.js";
import { calmReport, INSTRUCTIONS } from "../operator/fake-backend.js";
import { type Rig, startRig } from "../operator/rig.js";
import { at, jsonLines, kinevla, kinevlaAtTerminal, kinevlaInTerminal } from "./kinevla.js";

const INSTRUCTION = INSTRUCTIONS[0] ?? "";

let rig: Rig;
beforeEach(async () => {
  rig = await startRig();
  rig.backend.onTask = async () => {
    void rig.backend.playTask();
    return { kind: "done", detail: "under way" };
  };
});
afterEach(() => rig.close());

test("instruct tells what was understood, chunk by chunk, and whether it finished", async () => {
  rig.backend.startTask();
  rig.backend.task("failed", "an earlier task", 0);
  rig.backend.chunk(99);
  const { exitCode, stdout, stderr } = await kinevla("instruct", ...at(rig), INSTRUCTION).ended;
  assert.equal(exitCode, 0, stderr);
  const order = [
    "Going home",
    "Understood  move the bread",
    "To the left front",
    "Chunk 1",
    "Chunk 2",
    "Chunk 3",
    "not taken: older epoch",
    "Finished",
  ];
  const places = order.map((text) => stdout.indexOf(text));
  assert.ok(
    places.every((place, index) => place >= 0 && place > (places[index - 1] ?? -1)),
    stdout,
  );
  assert.doesNotMatch(stdout, /Chunk 99|earlier task/);
  assert.equal(stdout.match(/Understood/g)?.length, 1, "the same text is told once");
  assert.deepEqual(
    rig.backend.calls.filter(({ kind }) => kind !== "beat").map(({ kind }) => kind),
    ["task", "operator-gone"],
  );
  const call = rig.backend.calls.find(({ kind }) => kind === "task");
  assert.ok(call?.kind === "task" && call.task.kind === "instruct" && call.task.homeFirst);
});

test("instruct --json prints one object a line; a failed task has an exit code of its own", async () => {
  rig.backend.onTask = async () => {
    rig.backend.startTask();
    rig.backend.task("failed", "the carrot is not there", 4);
    return { kind: "done", detail: "" };
  };
  const { exitCode, stdout } = await kinevla("instruct", ...at(rig), "--json", "--no-home", ...INSTRUCTION.split(" "))
    .ended;
  assert.equal(exitCode, 5);
  const last = jsonLines(stdout).at(-1);
  assert.deepEqual([last?.type, last?.phase, last?.detail], ["progress", "failed", "the carrot is not there"]);
  const call = rig.backend.calls.find(({ kind }) => kind === "task");
  assert.ok(call?.kind === "task" && call.task.kind === "instruct" && !call.task.homeFirst);
});

test("Ctrl-C in instruct stops the arm first, then ends", async () => {
  rig.backend.onTask = async () => {
    rig.backend.startTask();
    rig.backend.task("acting", "", 1);
    return { kind: "done", detail: "" };
  };
  const run = kinevla("instruct", ...at(rig), INSTRUCTION);
  await run.printed("Acting");
  run.child.kill("SIGINT");
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 130);
  assert.match(stderr, /Stopped and latched/);
  const kinds = rig.backend.calls.map(({ kind }) => kind);
  assert.ok(kinds.indexOf("stop") >= 0 && kinds.indexOf("stop") < kinds.indexOf("operator-gone"), kinds.join());
});

test("instruct says what to do when it is refused", async () => {
  const unknown = await kinevla("instruct", ...at(rig), "put the bread to the left front").ended;
  assert.equal(unknown.exitCode, 4);
  assert.match(unknown.stderr, /nearest is "pick up the bread and move it to the left front"/);
  const ada = await rig.connect("Ada");
  await ada.subscribe(["state"]);
  await ada.takeControl();
  const held = await kinevla("instruct", ...at(rig), "--json", INSTRUCTION).ended;
  assert.equal(held.exitCode, 4);
  const error = jsonLines(held.stdout).at(-1);
  assert.deepEqual([error?.type, error?.code, error?.message], ["error", "control-held", "Ada is in control"]);
  assert.equal(rig.backend.count("task"), 0);
});

test("instruct asks at a terminal what to do about an untrained wording", async () => {
  const words = ["instruct", "put", "the", "banana", "to", "the", "left", "front"];
  const asked = (): unknown[] =>
    rig.backend.calls.flatMap((call) =>
      call.kind === "task" && call.task.kind === "instruct" ? [call.task.instruction] : [],
    );
  const nothing = await kinevlaAtTerminal(rig, "", ...words).ended;
  assert.match(nothing.stdout, /object "banana" instead of "bread"/);
  assert.deepEqual(asked(), []);
  const nearest = await kinevlaAtTerminal(rig, "n", ...words).ended;
  assert.match(nearest.stdout, /Finished/);
  assert.deepEqual(asked(), [INSTRUCTION]);
  await kinevlaAtTerminal(rig, "a", ...words).ended;
  assert.deepEqual(asked(), [INSTRUCTION, words.slice(1).join(" ")]);
});

test("instruct ends when the daemon goes away", async () => {
  rig.backend.onTask = async () => {
    rig.backend.startTask();
    rig.backend.task("acting", "", 1);
    return { kind: "done", detail: "" };
  };
  const run = kinevla("instruct", ...at(rig), INSTRUCTION);
  await run.printed("Acting");
  await rig.server.close();
  const { exitCode, stderr } = await run.ended;
  assert.equal(exitCode, 6);
  assert.match(stderr, /the daemon is stopping|Control is lost/);
});

test("stop works while another client is in control", async () => {
  const ada = await rig.connect("Ada");
  await ada.subscribe(["state"]);
  await ada.takeControl();
  const { exitCode, stdout } = await kinevla("stop", ...at(rig), "hand", "in", "the", "way").ended;
  assert.equal(exitCode, 0);
  assert.match(stdout, /Stopped and latched/);
  const stop = rig.backend.calls.find(({ kind }) => kind === "stop");
  assert.ok(stop?.kind === "stop" && stop.reason === "hand in the way");
});

test("home waits until the arm stands there, and says so when it was stopped on the way", async () => {
  rig.backend.onRequest = async () => {
    setImmediate(() => rig.backend.arm.next(calmReport({ mode: "homing", source: "home" })));
    return { kind: "done", detail: "homing" };
  };
  const run = kinevla("home", ...at(rig));
  await run.printed("Going to the home pose");
  rig.backend.arm.next(calmReport());
  assert.deepEqual(await run.ended, {
    exitCode: 0,
    stdout: "The arm stands at home.\n",
    stderr: "Going to the home pose.\n",
  });
  const second = kinevla("home", ...at(rig));
  await second.printed("Going to the home pose");
  const stops = [{ code: "operator-stop", detail: "Ada pressed stop", hint: "Acknowledge.", at: 0, latched: true }];
  rig.backend.arm.next(calmReport({ mode: "fault", source: null, stops }));
  const { exitCode, stderr } = await second.ended;
  assert.equal(exitCode, 5);
  assert.match(stderr, /Ada pressed stop/);
});

test("home does not say that the arm stands there when it came to rest on the way", async () => {
  rig.backend.onRequest = async () => {
    setImmediate(() => rig.backend.arm.next(calmReport({ mode: "homing", source: "home" })));
    return { kind: "done", detail: "homing" };
  };
  const run = kinevla("home", ...at(rig));
  await run.printed("Going to the home pose");
  const stops = [{ code: "state-frozen", detail: "the same for 200 ms", hint: "Look.", at: 0, latched: false }];
  rig.backend.arm.next(calmReport({ mode: "hold", stops }));
  const { exitCode, stdout, stderr } = await run.ended;
  assert.equal(exitCode, 5);
  assert.equal(stdout, "");
  assert.match(stderr, /the same for 200 ms/);
});

test("home without a terminal is refused where motion needs hold-to-run, and says what to do", async () => {
  rig.backend.arm.next(calmReport({ holdToRun: "released" }));
  const { exitCode, stderr } = await kinevla("home", ...at(rig)).ended;
  assert.equal(exitCode, 4);
  assert.match(stderr, /needs hold-to-run[\s\S]*kinevla unattended on/);
  assert.equal(rig.backend.count("request"), 0);
});

const DEGREE = Math.PI / 180;

/** The arm with J7 at so many degrees, latched unless said otherwise. */
function turned(degrees: number, change: Partial<ArmReport> = {}): ArmReport {
  const latched = { code: "outside-limits", detail: "J7 stands outside", hint: "Bring it back.", at: 0, latched: true };
  const measured = jointPosition([0, -0.35, 0, 1.66, 0, 1.83, degrees * DEGREE]);
  return calmReport({ mode: "fault", source: null, measured, stops: [latched], ...change });
}

test("recover says what it will move and how far, and needs a key to be held, also where other motion does not", async () => {
  rig.backend.arm.next(turned(-178));
  const { exitCode, stderr } = await kinevla("recover", ...at(rig)).ended;
  assert.equal(exitCode, 4);
  assert.match(stderr, /J7 stands at -178\.0 deg, 3\.[23] beyond its limit of -175: it goes back just inside\./);
  assert.match(stderr, /this is no terminal/);
  assert.doesNotMatch(stderr, /unattended/);
  assert.equal(rig.backend.count("request"), 0);
});

test("recover moves nothing where nothing stands outside, and stops an arm that stands by first", async () => {
  rig.backend.arm.next(turned(170));
  const inside = await kinevla("recover", ...at(rig)).ended;
  assert.equal(inside.exitCode, 4);
  assert.match(inside.stderr, /inside its limits: there is nothing to bring back/);
  assert.equal(rig.backend.count("stop"), 0);
  rig.backend.arm.next(turned(178, { mode: "standby", stops: [] }));
  rig.backend.onCall = (call) => {
    if (call.kind === "stop") {
      rig.backend.arm.next(turned(178));
    }
  };
  const { exitCode, stderr } = await kinevla("recover", ...at(rig)).ended;
  assert.equal(exitCode, 4);
  assert.match(stderr, /stopped and latched first/);
  assert.equal(rig.backend.count("stop"), 1);
});

for (const [how, code, words] of [
  ["until the arm stands inside", "recovered", "It is still latched: look at it, then kinevla ack"],
  ["until it was let go on the way", "deadman-released", "hold-to-run was let go"],
] as const) {
  test(`recover tells how far it has come, ${how}`, async (t) => {
    let report = turned(178);
    const reports = setInterval(() => rig.backend.arm.next({ ...report, at: hostClock.now() }), 20);
    t.after(() => clearInterval(reports));
    rig.backend.onRequest = async (request) => {
      assert.deepEqual(request, { kind: "recover" });
      report = turned(177.5, { mode: "recovery", source: "recover" });
      return { kind: "done", detail: "" };
    };
    const run = kinevlaInTerminal(rig, "recover");
    await run.printed("Hold the SPACE bar");
    const keys = setInterval(() => run.child.stdin?.write(" "), 40);
    t.after(() => clearInterval(keys));
    await run.printed("Coming back: J7 177.5 deg.");
    const ended = { code, detail: "hold-to-run was let go", hint: "Press it anew.", at: 1, latched: false };
    report = turned(174.5, { stops: [ended] });
    await run.printed(words);
    clearInterval(keys);
    const { exitCode, stdout } = await run.ended;
    // socat makes 1 of every failure.
    assert.equal(exitCode, code === "recovered" ? 0 : 1, stdout);
    const beats = rig.backend.calls.flatMap((call) => (call.kind === "beat" ? [call.held] : []));
    assert.ok(beats.includes(true), "the key was held");
  });
}

test("unattended passes a supervisor's leave on", async () => {
  assert.equal((await kinevla("unattended", "on", ...at(rig)).ended).exitCode, 0);
  assert.equal((await kinevla("unattended", "off", ...at(rig)).ended).exitCode, 0);
  assert.deepEqual(
    rig.backend.calls.map((call) => call.kind === "allow-unattended" && call.allowed),
    [true, false],
  );
});

test("--take-over takes control from whoever has it", async () => {
  const ada = await rig.connect("Ada");
  await ada.subscribe(["state"]);
  await ada.takeControl();
  rig.backend.arm.next(calmReport({ mode: "fault", source: null }));
  assert.equal((await kinevla("ack", ...at(rig)).ended).exitCode, 4);
  assert.equal((await kinevla("ack", ...at(rig), "--take-over").ended).exitCode, 0);
  assert.equal(ada.isInControl, false);
});

test("ack passes the reason on, and a refusal back", async () => {
  rig.backend.arm.next(calmReport({ mode: "fault", source: null }));
  assert.equal((await kinevla("ack", ...at(rig), "cup", "removed").ended).exitCode, 0);
  const call = rig.backend.calls.find(({ kind }) => kind === "request");
  assert.ok(call?.kind === "request");
  assert.deepEqual(call.request, { kind: "acknowledge", reason: "cup removed" });
  rig.backend.onRequest = async () => ({ kind: "refused", reason: "the cause is still there", hint: "Remove it." });
  const refused = await kinevla("ack", ...at(rig)).ended;
  assert.equal(refused.exitCode, 4);
  assert.match(refused.stderr, /the cause is still there\n {2}Remove it/);
});

test("status in words and as JSON; not ready has an exit code of its own", async () => {
  const words = await kinevla("status", ...at(rig)).ended;
  assert.equal(words.exitCode, 0);
  assert.match(words.stdout, /Policy {6}table7-v3 on cpu/);
  assert.match(words.stdout, /Mode {8}hold/);
  rig.backend.ready = false;
  rig.backend.reasons = ["the front camera is absent"];
  const json = await kinevla("status", ...at(rig), "--json").ended;
  assert.equal(json.exitCode, 7);
  assert.deepEqual(jsonLines(json.stdout)[0]?.reasons, ["the front camera is absent"]);
});

test("watch shows what happens, stops nothing, and ends on Ctrl-C", async () => {
  const run = kinevla("watch", ...at(rig));
  await run.printed("hold");
  rig.backend.understood();
  rig.backend.chunk(1);
  rig.backend.faults.next([
    {
      code: "camera-absent",
      part: "front camera",
      detail: "it does not open",
      hint: "Check its cable.",
      since: 0,
      latched: false,
    },
  ]);
  rig.backend.arm.next(calmReport({ mode: "disconnected" }));
  await Promise.all(["move the bread", "Chunk 1", "Check its cable", "disconnected"].map((text) => run.printed(text)));
  run.child.kill("SIGINT");
  assert.equal((await run.ended).exitCode, 0);
  assert.deepEqual(rig.backend.calls, []);
});

test("what a model writes cannot reach the terminal's controls", async () => {
  const run = kinevla("watch", ...at(rig));
  await run.printed("hold");
  rig.backend.understood("\u001b[2Jgone");
  rig.backend.reasoning.next({ instruction: "", coarse: "\u001b[2Jgone", fine: "x", generatedAt: 0, fresh: true });
  await run.printed("gone");
  run.child.kill("SIGINT");
  assert.ok(!(await run.ended).stdout.includes("\u001b"));
});

test("without a daemon, a token or a right command line there is one clear message", async () => {
  const absent = await kinevla("status", "--url", "ws://127.0.0.1:1", "--token-file", rig.tokenFile).ended;
  assert.equal(absent.exitCode, 3);
  assert.match(absent.stderr, /No daemon answers at ws:\/\/127\.0\.0\.1:1/);
  const tokenless = await kinevla("stop", "--url", `ws://${rig.address}`, "--token-file", "/nowhere/token").ended;
  assert.equal(tokenless.exitCode, 3);
  assert.match(tokenless.stderr, /--token-file/);
  const wrong = await kinevla("instruct").ended;
  assert.equal(wrong.exitCode, 2);
  assert.match(wrong.stderr, /missing required argument/);
  assert.equal((await kinevla("dance").ended).exitCode, 2);
  const help = await kinevla("instruct", "--help").ended;
  assert.equal(help.exitCode, 0);
  assert.match(help.stdout, /Examples:[\s\S]*Exit codes:/);
});
