import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { hostClock } from "../../daemon/ports/clock.js";
import type { ArmReport, StopReport } from "../../daemon/types/arm-link.js";
import type { TeleopReport } from "../../daemon/types/teleop.js";
import { type JointVector, mapJoints } from "../../daemon/types/units.js";
import { calmReport } from "../operator/fake-backend.js";
import { type Rig, startRig } from "../operator/rig.js";
import { at, kinevla, kinevlaInTerminal } from "./kinevla.js";

const NONE: JointVector = [0, 0, 0, 0, 0, 0, 0];
const RELEASED: StopReport = {
  ...{
    code: "leader-released",
    detail: "the puppet's button was let go",
    hint: "Press it anew.",
    at: 1,
    latched: false,
  },
};

let rig: Rig;
let reports: NodeJS.Timeout;
beforeEach(async () => {
  rig = await startRig();
  says({});
  // The arm process reports all the time.
  reports = setInterval(() => rig.backend.arm.next({ ...rig.backend.arm.value, at: hostClock.now() }), 50);
});
afterEach(async () => {
  clearInterval(reports);
  await rig.close();
});

/** The arm process says how the leader stands; differences in degrees. */
function says(
  teleop: Partial<TeleopReport>,
  arm: Partial<ArmReport> = {},
  differences: JointVector | null = NONE,
): void {
  const radians = differences === null ? null : mapJoints(differences, (angle) => (angle * Math.PI) / 180);
  const report: TeleopReport = {
    ...{ enabling: "button", leader: { kind: "dynamixel-leader", serial: "FT7", joints: 7 }, phase: "ready" },
    ...{ detail: "press its button and keep it pressed", differences: radians, offset: NONE, button: false },
    ...{ age: 0.004, latencyP99Ms: null, ...teleop },
  };
  rig.backend.arm.next(calmReport({ teleop: report, ...arm }));
}

/** What the arm process was asked for. */
function asked(): readonly string[] {
  return rig.backend.calls.flatMap((call) =>
    call.kind === "request"
      ? [`${call.request.kind}${"clutch" in call.request && call.request.clutch ? ", clutch" : ""}`]
      : [],
  );
}

describe("kinevla teleop without a terminal", () => {
  it("says what to do to be followed, and ends when the puppet lets go", async () => {
    rig.backend.onRequest = async () => {
      const detail = "joint 4 is farthest: turn it 20.0 degrees to minus, then hold the puppet still";
      says({ phase: "misaligned", detail }, { mode: "align" }, [0, 0, 0, 20, 0, 0, 0]);
      return { kind: "done", detail: "" };
    };
    const run = kinevla("teleop", ...at(rig));
    await run.printed("farthest joint 20.0 deg; joint 4 is farthest: turn it 20.0 degrees to minus");
    says({ phase: "leading", detail: "the puppet moves the arm", button: true }, { mode: "teleop", source: "teleop" });
    await run.printed("the puppet moves the arm");
    says({}, { stops: [RELEASED] });
    const { exitCode, stdout, stderr } = await run.ended;
    assert.equal(exitCode, 0, stderr);
    assert.match(stdout, /The puppet has let go; the arm holds\./);
    assert.deepEqual(asked(), ["teleop"]);
  });

  it("ends with the reason and an exit code of its own when the arm stops for another", async () => {
    rig.backend.onRequest = async () => {
      says({ phase: "leading" }, { mode: "teleop" });
      return { kind: "done", detail: "" };
    };
    const run = kinevla("teleop", ...at(rig));
    await run.printed("leading");
    says({}, { stops: [{ ...RELEASED, code: "leader-lost", detail: "the USB adapter is gone", hint: "Plug it in." }] });
    const { exitCode, stderr } = await run.ended;
    assert.equal(exitCode, 5);
    assert.match(stderr, /the USB adapter is gone[\s\S]*Plug it in/);
  });

  it("is refused with the reason in a cell without a puppet", async () => {
    rig.backend.arm.next(calmReport());
    rig.backend.onRequest = async () => ({
      ...{ kind: "refused", reason: "this cell has no puppet: name one under puppet: in the configuration", hint: "" },
    });
    const { exitCode, stderr } = await kinevla("teleop", ...at(rig)).ended;
    assert.equal(exitCode, 4);
    assert.match(stderr, /name one under puppet:/);
  });

  it("--end takes the arm from the puppet", async () => {
    says({ phase: "leading" }, { mode: "teleop" });
    const { exitCode, stdout } = await kinevla("teleop", "--end", ...at(rig)).ended;
    assert.deepEqual([exitCode, stdout], [0, "The arm holds.\n"]);
    assert.deepEqual(asked(), ["hold"]);
  });

  it("does not wait for a key that nobody can hold, where the operator enables it", async () => {
    says({ enabling: "operator" }, { holdToRun: "released" });
    const { exitCode, stderr } = await kinevla("teleop", ...at(rig)).ended;
    assert.equal(exitCode, 4);
    assert.match(stderr, /no terminal/);
    assert.deepEqual(asked(), []);
  });
});

describe("kinevla teleop at a terminal", () => {
  it("draws a bar for each joint, engages by the clutch on c, goes on after a release, and ends on Enter", async () => {
    says({ phase: "misaligned", detail: "joint 4 is farthest" }, {}, [1, 0, 0, 20, 0, -50, 0]);
    const run = kinevlaInTerminal(rig, "teleop");
    await run.printed("J4 [...............|######.........]   20.0 deg  turn it to minus");
    await run.printed("J6 [###############|...............]  -50.0 deg  turn it to plus");
    await run.printed("J1 [...............|...............]    1.0 deg  ok");
    run.child.stdin?.write("c");
    await asks("teleop, clutch");
    says({ phase: "leading", detail: "the puppet moves the arm", button: true }, { mode: "teleop" });
    await run.printed("LEADING: the puppet moves the arm");
    says({}, { stops: [RELEASED] });
    await run.printed("Last stop: the puppet's button was let go. Press it anew.");
    run.child.stdin?.write("\r");
    const { exitCode, stdout } = await run.ended;
    assert.equal(exitCode, 0, stdout);
    assert.deepEqual(asked(), ["teleop", "teleop, clutch", "hold"]);
  });

  it("the space bar is hold-to-run where the operator enables it", async () => {
    says({ enabling: "operator" }, { holdToRun: "released" });
    const run = kinevlaInTerminal(rig, "teleop");
    await run.printed("SPACE (held): hold-to-run");
    assert.deepEqual(
      asked(),
      ["teleop"],
      "it is asked for at once: both hands are at the leader while it is brought near",
    );
    const keys = setInterval(() => run.child.stdin?.write(" "), 40);
    await held(true);
    clearInterval(keys);
    await held(false);
    run.child.stdin?.write("\r");
    assert.equal((await run.ended).exitCode, 0);
  });

  it("ends with the reason when a stop latches", async () => {
    const run = kinevlaInTerminal(rig, "teleop");
    await run.printed("READY");
    const stop = { ...RELEASED, code: "operator-stop", detail: "anna: hand", hint: "Acknowledge it.", latched: true };
    says({}, { mode: "fault", stops: [stop] });
    const { exitCode, stdout } = await run.ended;
    // socat makes 1 of every failure.
    assert.equal(exitCode, 1, stdout);
    assert.match(stdout, /anna: hand/);
  });
});

/** Resolves once the arm process was asked for this. */
function asks(request: string): Promise<void> {
  return called(() => asked().includes(request));
}

/** Resolves once a beat says that hold-to-run is so. */
function held(pressed: boolean): Promise<void> {
  return called(() => rig.backend.calls.findLast((call) => call.kind === "beat")?.held === pressed);
}

function called(holds: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    rig.backend.onCall = () => {
      if (holds()) {
        resolve();
      }
    };
  });
}
