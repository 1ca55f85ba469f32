import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Role } from "../../daemon/types/role.js";
import { type JointPosition, type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import type { ArmLimits } from "../../daemon/watch/watch-limits.js";
import { LIMITS } from "../limits.js";
import { LEASE, PERIOD, START, Supervised } from "./supervised.js";

const DEGREE = Math.PI / 180;
const RECOVER = { kind: "recover" } as const;
const ACKNOWLEDGE = { kind: "acknowledge", reason: "looked at it" } as const;
/** Planners turn round half a degree inside the soft limits. */
const INSET = 0.5 * DEGREE;

/** The start pose with these joints so many degrees beyond their soft limits, above or below as the sign says. */
function beyond(joints: Readonly<Record<number, number>>): JointPosition {
  return jointPosition(
    mapJoints(START, (angle, joint) => {
      const by = joints[joint];
      return by === undefined ? angle : Math.sign(by) * jointAt(LIMITS.policy.highest, joint) + by * DEGREE;
    }),
  );
}

/** The start pose with J7 at so many degrees. */
function turned(degrees: number): JointPosition {
  return jointPosition(mapJoints(START, (angle, joint) => (joint === 6 ? degrees * DEGREE : angle)));
}

/** A supervisor of an arm that stands there, stopped by somebody a while ago, hold-to-run pressed since. */
function stoppedAt(measured: JointPosition, role: Role = "supervisor", limits: ArmLimits = LIMITS): Supervised {
  const bench = new Supervised({ holdToRun: true, role, limits });
  bench.state = { ...bench.state, measured };
  bench.connected().supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
  bench.pass(1.2).beat(true);
  return bench;
}

/** One joint 3 degrees beyond its limit, on its way back at full speed. */
function comingBack(): Supervised {
  const bench = stoppedAt(beyond({ 6: 3 }));
  assert.deepEqual(bench.request(RECOVER).reason, "");
  bench.pass(0.6);
  assert.ok(bench.speed > 5 * DEGREE, `${bench.speed}`);
  return bench;
}

/** Fault, the arm told to come to rest with the last frame, nothing after that, the latch as it was. */
function assertBrokenOff(bench: Supervised, code: string, kind: "slow" | "quick" = "slow"): void {
  const sent = bench.wire.length;
  bench.pass(0.6);
  assert.equal(bench.latest.mode, "fault");
  assert.equal(bench.stops.at(-1)?.code, code);
  assert.deepEqual(bench.wire.at(-1), { kind: "stop", stop: kind });
  assert.equal(bench.wire.length, sent, "nothing follows the stop");
  assert.notEqual(bench.request(RECOVER).ok, true, "hold-to-run is to be pressed anew");
}

function outward(from: JointVector, to: JointVector): boolean {
  return to.some((angle, joint) => Math.abs(angle) > Math.abs(jointAt(from, joint)) + 1e-9);
}

describe("ML-02: an arm that stands outside its limits is brought back", () => {
  for (const [what, joints] of [
    ["one joint above", { 6: 3 }],
    ["one joint below", { 4: -2 }],
    ["two joints, one far", { 4: 1.5, 6: -12 }],
  ] as const) {
    it(`${what}: slowly, straight, no joint ever outward, the others standing`, () => {
      const from = beyond(joints);
      const bench = stoppedAt(from);
      const { epoch } = bench.latest;
      const { ok, reason, epoch: after } = bench.request(RECOVER);
      assert.deepEqual([ok, reason, after], [true, "", epoch + 1]);
      assert.equal(bench.latest.mode, "recovery");
      const stopsBefore = bench.stops.length;
      for (let tick = 0; bench.latest.mode === "recovery" && tick < 3000; tick++) {
        bench.pass(PERIOD);
      }
      assert.deepEqual([bench.latest.mode, bench.stops.length], ["fault", stopsBefore + 1]);
      const stop = bench.stops.at(-1);
      assert.deepEqual([stop?.code, stop?.latched], ["recovered", false]);
      assert.ok(bench.setpoints.every(({ source }) => source === "recover"));
      let last: JointVector = from;
      for (const [index, { q }] of bench.setpoints.entries()) {
        assert.ok(!outward(last, q), `setpoint ${index}`);
        const fastest = mapJoints(q, (angle, joint) => Math.abs(angle - jointAt(last, joint)) / PERIOD);
        assert.ok(fastest.every((speed, joint) => speed <= jointAt(LIMITS.recover.velocity, joint)));
        last = q;
      }
      for (const [joint, angle] of last.entries()) {
        const target = Object.hasOwn(joints, joint)
          ? Math.sign(jointAt(from, joint)) * (jointAt(LIMITS.recover.highest, joint) - INSET)
          : jointAt(from, joint);
        assert.ok(Math.abs(angle - target) < 1e-6, `J${joint + 1}`);
      }
      const standing = bench.setpoints.filter(({ q }) => q.every((angle, joint) => angle === jointAt(from, joint)));
      assert.ok(standing.length >= 29, "it stands for 0.3 s before it moves");
      assert.deepEqual(bench.wire.at(-1), { kind: "stop", stop: "slow" });
    });
  }

  it("and then, acknowledged, does what any arm does", () => {
    const bench = comingBack();
    assert.match(bench.request(ACKNOWLEDGE).reason, /possible in fault, and the mode is recovery/);
    bench.pass(4);
    assert.equal(bench.latest.mode, "fault");
    assert.equal(bench.request(ACKNOWLEDGE).ok, true);
    assert.deepEqual([bench.request({ kind: "engage" }).ok, bench.pass(0.4).latest.mode], [true, "hold"]);
    bench.beat(false);
    bench.beat(true);
    assert.equal(bench.request({ kind: "home" }).ok, true);
    bench.pass(20);
    assert.equal(bench.latest.mode, "hold");
  });

  it("out of the latch that standing outside its limits gives, which stays until it is inside", () => {
    const bench = new Supervised({ holdToRun: true });
    bench.state = { ...bench.state, measured: turned(-174.6) };
    bench.connected().request({ kind: "engage" });
    bench.pass(0.2).frozen = true;
    for (let tick = 0; tick < 10; tick++) {
      // Something turns it at 20 degrees a second.
      bench.state = { ...bench.state, measured: turned(-174.8 - 0.2 * tick) };
      bench.pass(PERIOD);
    }
    assert.deepEqual(
      bench.stops.map(({ code }) => code),
      ["outside-limits"],
    );
    assert.match(bench.stops[0]?.hint ?? "", /kinevla recover/);
    bench.pass(1.5);
    assert.match(bench.request(ACKNOWLEDGE).reason, /outside its soft limit/);
    bench.beat(true);
    const stopped = bench.setpoints.length;
    assert.equal(bench.request(RECOVER).reason, "");
    bench.pass(PERIOD).frozen = false;
    assert.equal(bench.setpoints.length, stopped + 1);
    bench.pass(5);
    assert.deepEqual(
      bench.stops.map(({ code }) => code),
      ["outside-limits", "recovered"],
    );
    assert.equal(bench.request(ACKNOWLEDGE).ok, true);
  });

  it("no control point faster than 50 mm/s, and at half pace while something asks for that", () => {
    // Stretched out to the back, in a cell that has room for it.
    const { box } = LIMITS.cell;
    const cell = { ...LIMITS.cell, box: { ...box, lowest: [-0.8, -0.65, 0] as const } };
    const bench = stoppedAt(beyond({ 0: 4 }), "supervisor", { ...LIMITS, cell });
    assert.equal(bench.request(RECOVER).reason, "");
    bench.pass(1.2);
    const fast = bench.speed;
    // J1 alone swings the whole arm: it goes slower than its own 5 degrees a second.
    assert.ok(fast > 0.5 * DEGREE && fast < 5 * DEGREE, `${fast / DEGREE}`);
    bench.lateShare = 0.01;
    bench.pass(0.6);
    assert.equal(bench.latest.mode, "recovery");
    assert.ok(bench.speed < 0.75 * fast, `${bench.speed} of ${fast}`);
    bench.pass(30);
    assert.equal(bench.stops.at(-1)?.code, "recovered");
  });

  it("is stopped by nothing that is well: arm, link and watch find nothing on the way", () => {
    const bench = comingBack();
    bench.pass(4);
    assert.deepEqual(
      bench.found.filter(({ code }) => code !== "outside-limits"),
      [],
    );
    assert.deepEqual(
      bench.stops.map(({ code }) => code),
      ["operator-stop", "recovered"],
    );
    assert.equal(bench.latest.stream.refusals, 0);
  });
});

describe("ML-02: recovery is refused", () => {
  const reasonOf = (bench: Supervised): string => {
    const before = bench.wire.length;
    const { ok, reason } = bench.request(RECOVER);
    assert.equal(ok, false);
    assert.equal(bench.latest.mode === "recovery" || bench.wire.length > before, false);
    return reason;
  };

  it("to an operator, and to a supervisor where a maintainer has to acknowledge", () => {
    assert.match(reasonOf(stoppedAt(beyond({ 6: 3 }), "operator")), /your role/);
    const bench = stoppedAt(beyond({ 6: 3 }));
    for (let time = 0; time < 3; time++) {
      assert.equal(bench.request(RECOVER).reason, "");
      bench.pass(0.1).report({ systemErrors: [0x1002] });
      bench.report({ systemErrors: [] });
      bench.pass(1.2);
      bench.beat(false);
      bench.beat(true);
    }
    assert.match(reasonOf(bench), /your role/);
    bench.beat(false, LEASE + 1, "maintainer");
    bench.beat(true, LEASE + 1, "maintainer");
    assert.equal(bench.request(RECOVER, LEASE + 1).reason, "");
  });

  it("to whoever is not in control, and without hold-to-run pressed anew, also where other motion may do without", () => {
    const bench = stoppedAt(beyond({ 6: 3 }));
    assert.match(bench.request(RECOVER, LEASE + 1).reason, /not in control/);
    bench.beat(false);
    bench.supervisor.handle({ kind: "allow-unattended", allowed: true, by: "Sue" }, bench.now);
    assert.match(reasonOf(bench), /hold-to-run is not pressed/);
    bench.beat(true);
    assert.equal(bench.request(RECOVER).ok, true);
  });

  it("while it stands by, holds, or stands inside its limits", () => {
    assert.match(reasonOf(new Supervised().connected()), /recover is possible in fault, and the mode is standby/);
    assert.match(reasonOf(new Supervised().engaged()), /the mode is hold/);
    assert.match(reasonOf(stoppedAt(START)), /nothing to bring back/);
    assert.match(reasonOf(new Supervised()), /the mode is disconnected/);
  });

  it("while the arm is at fault, for a second after, and while the cell is open", () => {
    const bench = stoppedAt(beyond({ 6: 3 }));
    bench.report({ systemErrors: [0x1002] });
    bench.beat(false);
    bench.beat(true);
    assert.match(reasonOf(bench), /system error 0x1002/);
    bench.report({ systemErrors: [] });
    assert.match(reasonOf(bench), /less than a second/);
    bench.pass(1.1).supervisor.cellSwitched(false, bench.now);
    assert.match(reasonOf(bench), /switch or guard of the cell is open/);
    bench.supervisor.cellSwitched(true, bench.now);
    bench.pass(1.1);
    assert.equal(bench.request(RECOVER).ok, true);
  });

  it("while more is found than that it stands outside its limits", () => {
    const bench = stoppedAt(beyond({ 6: 3 }));
    bench.state = { ...bench.state, link: { ...bench.state.link, tool: "it counts with no load" } };
    bench.pass(0.1);
    assert.match(reasonOf(bench), /more is wrong.*it counts with no load/);
  });

  it("without guardian or fresh state, and while the arm is still coming to rest", () => {
    const bench = stoppedAt(beyond({ 6: 3 }));
    assert.match(reasonOf(bench.pass(0.15, { guardian: true })), /guardian/);
    assert.match(reasonOf(bench.pass(0.05).pass(0.12, { state: true })), /fresh state/);
    const early = new Supervised();
    early.state = { ...early.state, measured: beyond({ 6: 3 }) };
    early.connected().supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, early.now);
    early.pass(0.3).beat(true);
    assert.match(reasonOf(early), /still coming to rest/);
  });

  it("without beats that come as often as motion under somebody's hand asks for", () => {
    const bench = stoppedAt(beyond({ 6: 3 })).pass(0.3, { operator: true });
    assert.match(reasonOf(bench), /beats .*(often|seldom)/);
  });

  it("where the way back is not free: the arm would come too near to itself", () => {
    const cell = { ...LIMITS.cell, clearance: 0.12 };
    const bench = new Supervised({ limits: { ...LIMITS, cell } });
    // Outstretched hand over the forearm: turning J6 back inside folds nothing, turning J2 back does.
    bench.state = { ...bench.state, measured: jointPosition([0.1, -0.2, 0.05, -2.35, -0.1, 1.1, 0.3]) };
    bench.connected().supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    bench.pass(1.2).beat(true);
    assert.match(reasonOf(bench), /not free .*: use the vendor's pendant/);
  });
});

describe("ML-02: recovery ends in fault, and the arm is told to come to rest", () => {
  it("hold-to-run let go", () => {
    const bench = comingBack();
    bench.beat(false);
    assertBrokenOff(bench, "deadman-released");
    bench.beat(true);
    assert.equal(bench.request(RECOVER).ok, true, "pressed anew it goes on");
    bench.pass(4);
    assert.equal(bench.stops.at(-1)?.code, "recovered");
  });

  it("hold-to-run let go also where other motion may do without", () => {
    const bench = comingBack();
    bench.supervisor.handle({ kind: "allow-unattended", allowed: true, by: "Sue" }, bench.now);
    bench.beat(false);
    assertBrokenOff(bench, "deadman-released");
  });

  it("operator silent for 200 ms", () => {
    const bench = comingBack();
    bench.pass(0.19, { operator: true });
    assert.equal(bench.latest.mode, "recovery");
    assertBrokenOff(bench.pass(0.03, { operator: true }), "operator-lost");
  });

  it("operator gone, daemon gone, another in control", () => {
    const gone = comingBack();
    gone.supervisor.handle({ kind: "operator-gone", reason: "released" }, gone.now);
    assertBrokenOff(gone, "operator-gone");
    const lost = comingBack();
    lost.supervisor.daemonLost(lost.now);
    assertBrokenOff(lost, "daemon-lost");
    const taken = comingBack();
    taken.beat(false, LEASE + 1);
    assertBrokenOff(taken, "operator-changed");
  });

  it("a request to hold, by anybody", () => {
    const bench = comingBack();
    assert.equal(bench.request({ kind: "hold" }, 99).ok, true);
    bench.pass(0.3);
    assert.deepEqual([bench.latest.mode, bench.wire.at(-1)], ["fault", { kind: "stop", stop: "slow" }]);
  });

  it("guardian gone, state stale", () => {
    assertBrokenOff(comingBack().pass(0.13, { guardian: true }), "guardian-lost");
    assertBrokenOff(comingBack().pass(0.13, { state: true }), "state-stale");
  });

  it("somebody's stop and a fault of the arm: at once, latched, the heavier of both", () => {
    const stopped = comingBack();
    stopped.supervisor.handle({ kind: "stop", reason: "button", by: "ben" }, stopped.now);
    assertBrokenOff(stopped, "operator-stop", "quick");
    const failing = comingBack();
    failing.report({ systemErrors: [0x100d] });
    failing.report({ systemErrors: [] });
    assertBrokenOff(failing, "arm-fault", "quick");
    assert.equal(failing.stops.at(-1)?.latched, true);
  });

  it("the cell opened: at once", () => {
    const bench = comingBack();
    bench.supervisor.cellSwitched(false, bench.now);
    assertBrokenOff(bench, "cell-open", "quick");
  });

  it("the arm goes further out than where it began, although it is told to come in", () => {
    const bench = comingBack();
    const begun = jointAt(beyond({ 6: 3 }), 6);
    bench.frozen = true;
    let angle = jointAt(bench.state.measured, 6);
    /** At no more than 30 deg/s: a joint that runs away is stopped sooner, for its speed (ML-04). */
    const goTo = (target: number): void => {
      while (angle !== target) {
        angle = Math.min(angle + 0.3 * DEGREE, target);
        const measured = mapJoints(bench.commanded, (q, j) => (j === 6 ? angle : q));
        bench.state = { ...bench.state, measured: jointPosition(measured) };
        bench.pass(PERIOD);
      }
    };
    goTo(begun + 0.4 * DEGREE);
    assert.equal(bench.latest.mode, "recovery", "half a degree is noise and settling");
    goTo(begun + 0.6 * DEGREE);
    assertBrokenOff(bench, "outside-limits");
    assert.equal(bench.stops.at(-1)?.latched, true);
  });

  it("another joint leaves its limits meanwhile", () => {
    const bench = comingBack();
    bench.frozen = true;
    for (const degrees of [-0.5, 0.3, 1.1]) {
      const out = beyond({ 4: degrees });
      bench.state = {
        ...bench.state,
        measured: jointPosition(mapJoints(bench.commanded, (q, joint) => (joint === 4 ? jointAt(out, 4) : q))),
      };
      bench.pass(0.11, { state: true }).pass(PERIOD);
    }
    assert.equal(bench.latest.mode, "fault");
    assert.ok(bench.setpoints.every(({ source }) => source === "recover"));
  });

  it("a ramp is no way out here: what would ramp elsewhere ends it", () => {
    const bench = comingBack();
    for (let step = 0; step < 4; step++) {
      bench.report({ measured: START });
      bench.now += 0.001;
    }
    bench.state = { ...bench.state, link: { ...bench.state.link, waitingSince: bench.now - 1 } };
    bench.pass(PERIOD);
    assertBrokenOff(bench, "arm-silent");
  });

  it("the arm does not follow: the link is reset, and the latch outlives it", () => {
    const bench = comingBack();
    bench.frozen = true;
    bench.pass(0.6);
    assert.ok(["link-stalled", "following-error", "state-frozen"].includes(bench.stops.at(-1)?.code ?? ""));
    assert.notEqual(bench.latest.mode, "recovery");
    assert.match(bench.request(ACKNOWLEDGE).reason, /./);
  });

  it("the link lost", () => {
    const bench = comingBack();
    const sent = bench.wire.length;
    bench.supervisor.linkLost("unplugged", bench.now);
    assert.deepEqual([bench.latest.mode, bench.stops.at(-1)?.code], ["fault", "link-lost"]);
    bench.supervisor.linkUp({ ...bench.state, receivedAt: bench.now }, bench.now);
    bench.pass(0.5);
    assert.deepEqual([bench.latest.mode, bench.wire.length], ["fault", sent]);
  });

  it("a pause of the machine that a stream does not outlive", () => {
    const bench = comingBack();
    bench.now += 0.15;
    bench.report();
    bench.beat();
    bench.supervisor.guardianBeat(bench.now);
    bench.supervisor.tick(bench.now, bench.now);
    assertBrokenOff(bench, "stalled");
  });

  it("the process told to end", () => {
    const bench = comingBack();
    bench.supervisor.shutDown(bench.now);
    assert.equal(bench.supervisor.engaged, false);
    assertBrokenOff(bench, "shut-down");
  });

  it("a setpoint that the guard refuses: at once", () => {
    const bench = comingBack();
    // The measured pose is elsewhere: nothing that is streamed is near it any more.
    bench.frozen = true;
    bench.state = { ...bench.state, measured: jointPosition(mapJoints(bench.commanded, (q) => q * 0.98)) };
    bench.pass(0.4);
    assert.equal(bench.latest.mode, "fault");
    const last = bench.wire.at(-1);
    assert.equal(last?.kind, "stop");
  });
});
