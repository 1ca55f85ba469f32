import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Teleoperation } from "../../daemon/arm/teleoperation.js";
import type { Takeover } from "../../daemon/types/teleop.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { LIMITS } from "../limits.js";
import { apart, CALIBRATION, DEGREE, LEADER, reading, turned } from "../teleop/leader.js";
import { distance, LEASE, PERIOD, Supervised, type Supervision } from "./supervised.js";

const NOWHERE: JointVector = [0, 0, 0, 0, 0, 0, 0];

/** Held, with a leader at the arm's pose that was tested and has been still for long enough. */
function beside(options: Supervision = {}): Supervised {
  return new Supervised(options).engaged().withLeader().pass(0.6);
}

/** Teleoperating by the leader's button. */
function leading(options: Supervision = {}): Supervised {
  const bench = beside(options);
  bench.button = true;
  return bench.pass(0.02);
}

/** Following a policy that goes `step` rad in 0.1 s, with a leader that is `offset` off, degrees in each joint. */
function underPolicy(offset: number, options: Supervision = {}, step = 0.015): Supervised {
  const bench = new Supervised(options)
    .engaged()
    .withLeader(mapJoints(NOWHERE, () => offset * DEGREE))
    .pass(0.6);
  bench.request({ kind: "follow-policy" });
  bench.pass(0.02);
  for (let round = 0; round < 3; round++) {
    assert.equal(bench.give(bench.chunk(step)), "accepted");
    bench.pass(0.2);
  }
  assert.equal(bench.latest.source, "policy");
  return bench;
}

function takeovers(bench: Supervised): readonly Takeover[] {
  return bench.told.flatMap((message) => (message.kind === "takeover" ? [message.takeover] : []));
}

function assertHolds(bench: Supervised, code: string): void {
  assert.equal(bench.stops.at(-1)?.code, code);
  const before = bench.setpoints.length;
  bench.pass(0.01);
  assert.notEqual(bench.setpoints[before]?.source, "teleop");
  bench.pass(0.6);
  assert.equal(bench.latest.mode, "hold");
  assert.equal(bench.speed, 0);
  assert.ok(
    bench.wire.every((item) => item.kind === "setpoint"),
    "no stop frame for a ramp",
  );
}

describe("OP-07: engaging a leader", () => {
  it("press while aligned: the arm follows from the next tick, and without a step", () => {
    const bench = leading();
    assert.equal(bench.latest.mode, "teleop");
    assert.equal(bench.latest.teleop?.phase, "leading");
    bench.leads(3, 20, 15).pass(0.5);
    assert.ok(apart(bench.commanded, bench.leader ?? NOWHERE) < 0.2 * DEGREE);
    assert.deepEqual(bench.stops, []);
  });

  it("never goes farther than the leader has been", () => {
    const bench = leading();
    const from = jointAt(bench.commanded, 4);
    bench.leads(4, 25, 90).pass(1);
    const most = Math.max(...bench.setpoints.map(({ q }) => jointAt(q, 4)));
    assert.ok(most <= from + 25 * DEGREE + 1e-9, `${(most - from) / DEGREE}`);
  });

  it("20 degrees off in one joint: the arm stands and waits, each joint's difference is told", () => {
    const bench = new Supervised()
      .engaged()
      .withLeader([0, 0, 0, 20 * DEGREE, 0, 0, 0])
      .pass(0.6);
    bench.button = true;
    bench.pass(0.5);
    assert.equal(bench.latest.mode, "align");
    assert.equal(bench.latest.teleop?.phase, "misaligned");
    assert.ok(Math.abs(jointAt(bench.latest.teleop?.differences ?? NOWHERE, 3) / DEGREE - 20) < 0.01);
    assert.match(bench.latest.teleop?.detail ?? "", /joint 4 is farthest: turn it 20.0 degrees to minus/);
    assert.equal(bench.speed, 0);
    bench.leads(3, -20, 10).pass(0.1);
    assert.match(bench.latest.teleop?.detail ?? "", /near enough: hold the puppet still/);
    bench.pass(0.6);
    assert.equal(bench.latest.mode, "teleop");
  });

  it("by the clutch it engages at the offset there is, and lets it decay slowly while the leader moves", () => {
    const bench = new Supervised()
      .engaged()
      .withLeader([0, 0, 0, 20 * DEGREE, 0, 0, 0])
      .pass(0.6);
    assert.equal(bench.request({ kind: "teleop", clutch: true }).ok, true);
    assert.equal(bench.latest.mode, "align");
    const from = bench.commanded;
    bench.button = true;
    bench.pass(0.3);
    assert.equal(bench.latest.mode, "teleop");
    assert.ok(apart(bench.commanded, from) < 2 * DEGREE, "a leader that rests moves nothing");
    for (let swing = 0; swing < 10; swing++) {
      const before = jointAt(bench.commanded, 3);
      bench.leads(6, swing % 2 === 0 ? 4 : -4, 15);
      const took = Math.ceil(4 / 15 / PERIOD) * PERIOD;
      assert.ok(Math.abs(jointAt(bench.commanded, 3) - before) <= (10 * took + 2.5) * DEGREE);
    }
    bench.pass(0.5);
    assert.ok(apart(bench.commanded, bench.leader ?? NOWHERE) < 3 * DEGREE);
  });

  it("45 degrees off nothing engages, not even by the clutch", () => {
    const bench = new Supervised()
      .engaged()
      .withLeader([0, 0, 0, 0, 46 * DEGREE, 0, 0])
      .pass(0.6);
    bench.request({ kind: "teleop", clutch: true });
    bench.button = true;
    bench.pass(0.5);
    assert.equal(bench.latest.mode, "align");
    assert.equal(bench.speed, 0);
  });

  it("while it stands by, the button starts the stream, holds the pose first, and then follows", () => {
    const bench = new Supervised().connected().withLeader().pass(0.6, { operator: true });
    assert.equal(bench.latest.mode, "standby");
    bench.button = true;
    bench.pass(0.1, { operator: true });
    assert.equal(bench.latest.mode, "align");
    bench.pass(0.3, { operator: true });
    assert.equal(bench.latest.mode, "teleop");
  });

  it("a latched stop is not undone by the button; it needs its acknowledgement, and the button a new press", () => {
    const bench = leading();
    bench.supervisor.handle({ kind: "stop", reason: "hand", by: "anna" }, bench.now);
    bench.pass(1);
    assert.equal(bench.latest.mode, "fault");
    assert.equal(bench.request({ kind: "acknowledge", reason: "gone" }).ok, true);
    bench.pass(1);
    assert.equal(bench.latest.mode, "standby");
    bench.button = false;
    bench.pass(0.6);
    bench.button = true;
    bench.pass(0.5);
    assert.equal(bench.latest.mode, "teleop");
  });

  it("is not there in a cell without a leader's calibration, which says why", () => {
    const bench = new Supervised().engaged();
    bench.calibration = "there is no calibration of this puppet: run kinevla calibrate puppet";
    bench.supervisor.leaderHello(LEADER, bench.now);
    bench.leader = bench.commanded;
    bench.button = true;
    bench.pass(1);
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.latest.teleop?.phase, "refused");
    assert.match(bench.latest.teleop?.detail ?? "", /kinevla calibrate puppet/);
  });
});

describe("OP-10: a mirrored joint, another leader", () => {
  it("is found by the sign test at the first engagement, and nothing engages", () => {
    const bench = new Supervised().engaged();
    bench.calibration = {
      ...CALIBRATION,
      joints: CALIBRATION.joints.map((joint, index) => (index === 2 ? { ...joint, sign: -1 } : joint)),
    };
    bench.withLeader().pass(0.6);
    assert.equal(bench.latest.teleop?.phase, "refused");
    assert.match(bench.latest.teleop?.detail ?? "", /joint 3 of the puppet turned the other way/);
    bench.button = true;
    bench.pass(0.5);
    assert.notEqual(bench.latest.mode, "teleop");
  });

  it("another serial number than the calibration's is refused", () => {
    const bench = new Supervised().engaged();
    bench.supervisor.leaderHello({ ...LEADER, serial: "OTHER" }, bench.now);
    bench.leader = bench.commanded;
    bench.pass(0.1);
    assert.equal(bench.latest.teleop?.phase, "refused");
  });

  it("a leader that was tested within the day is not asked again when it is plugged in anew", () => {
    const bench = leading();
    bench.supervisor.leaderGone("unplugged", bench.now);
    bench.supervisor.leaderHello(LEADER, bench.now);
    bench.button = false;
    bench.pass(1.5);
    assert.equal(bench.latest.teleop?.phase, "ready");
  });
});

describe("OP-10: a leader that stays plugged in", () => {
  const DAY = 86_400;
  it("is asked for the sign test again after a day, not before, and never while the arm follows it", () => {
    const teleoperation = new Teleoperation({ enabling: "button", calibrationFor: () => CALIBRATION }, LIMITS, PERIOD);
    const phase = (now: number): string | undefined => teleoperation.report(false, now)?.phase;
    let now = 0;
    const stand = (q: JointVector, readings: number, leads = false): void => {
      for (let count = 0; count < readings; count++) {
        now += PERIOD;
        teleoperation.read(reading(q, now), NOWHERE, now);
        teleoperation.look(q, leads, now);
      }
    };
    teleoperation.hello(LEADER, now);
    stand(NOWHERE, 80);
    for (let joint = 0; joint < 7; joint++) {
      for (const degrees of [0.8, 1.6, 2.4, 3.2, 2.4, 1.6, 0.8, 0]) {
        stand(turned(NOWHERE, joint, degrees), 1);
      }
      stand(NOWHERE, 30);
    }
    stand(NOWHERE, 80);
    assert.equal(phase(now), "ready");
    now += DAY / 2;
    stand(NOWHERE, 80);
    assert.equal(phase(now), "ready");
    stand(NOWHERE, 1, true);
    now += DAY;
    stand(NOWHERE, 80, true);
    assert.equal(phase(now), "leading");
    stand(NOWHERE, 80);
    assert.equal(phase(now), "sign-test");
  });
});

describe("teleoperation: what ends it", () => {
  it("OP-02: the button let go: ramp in the next tick; pressed again while aligned it goes on", () => {
    const bench = leading().leads(3, 10, 25);
    bench.button = false;
    bench.pass(PERIOD);
    assertHolds(bench, "leader-released");
    bench.leader = bench.commanded;
    bench.pass(0.8);
    bench.button = true;
    bench.pass(0.1);
    assert.equal(bench.latest.mode, "teleop");
  });

  it("case 75: OP-08: a glitch of 30 degrees in one reading: ramp, and the leader has to be aligned anew", () => {
    const bench = leading().leads(3, 10, 25);
    const good = bench.leader ?? NOWHERE;
    const before = bench.commanded;
    bench.leader = turned(good, 5, 30);
    bench.pass(PERIOD);
    assert.ok(Math.abs(jointAt(bench.commanded, 5) - jointAt(before, 5)) < 1e-9, "the glitch is not followed");
    bench.leader = good;
    assertHolds(bench, "leader-jump");
    bench.pass(1);
    assert.equal(bench.latest.mode, "hold", "a button that stays pressed resumes nothing");
  });

  it("takes over in the middle of the ramp of a policy that has fallen silent, at every tick of it", () => {
    let ramping = 0;
    for (let ticks = 25; ticks < 50; ticks++) {
      const bench = underPolicy(0, {}, 0.03).pass(0.1 + ticks * PERIOD);
      if (bench.latest.mode === "policy" && bench.latest.source === "stop") {
        ramping += 1;
        bench.button = true;
        bench.leads(0, -10, 40).pass(0.2);
        assert.deepEqual([bench.latest.mode, bench.stops, bench.latest.stream.refusals], ["teleop", [], 0], `${ticks}`);
      }
    }
    assert.ok(ramping >= 3, `${ramping} times`);
  });

  it("OP-08: no false find at 60 degrees a second", () => {
    const bench = leading().leads(5, 40, 60).leads(5, -40, 60);
    assert.equal(bench.latest.mode, "teleop");
    assert.deepEqual(bench.stops, []);
  });

  it("case 74: OP-09: no reading for 60 ms: slow; for 95 ms: ramp; a gap of 10 s ends the same", () => {
    const bench = leading().leads(3, 10, 25);
    const held = bench.leader;
    bench.leader = null;
    bench.pass(0.08);
    assert.equal(bench.latest.mode, "teleop");
    assert.ok(bench.latest.notices.some(({ code }) => code === "leader-late"));
    bench.pass(0.03);
    assertHolds(bench, "leader-lost");
    bench.pass(10);
    bench.leader = held;
    bench.pass(1);
    assert.equal(bench.latest.mode, "hold");
  });

  it("case 74: OP-09: unplugged: ramp at once", () => {
    const bench = leading().leads(3, 10, 25);
    bench.supervisor.leaderGone("the USB adapter is gone", bench.now);
    bench.leader = null;
    assertHolds(bench, "leader-lost");
  });

  it("case 74: OP-09: readings that freeze in motion: ramp after half a second", () => {
    const bench = leading().leads(4, 30, 60);
    const frozenAt = bench.now;
    bench.pass(0.47);
    assert.equal(bench.latest.mode, "teleop");
    bench.pass(0.06);
    assert.ok(bench.now - frozenAt < 0.55);
    assertHolds(bench, "leader-frozen");
  });

  it("a hand that comes to rest is no frozen leader", () => {
    const bench = leading();
    for (const speed of [30, 20, 12, 8, 5, 3, 2, 1]) {
      bench.leads(4, speed * 0.06, speed);
    }
    bench.pass(3);
    assert.equal(bench.latest.mode, "teleop");
  });

  it("readings out of order are not used", () => {
    const bench = leading();
    const sample = { seq: 1, at: bench.now, angles: NOWHERE, gripper: 0, button: false };
    bench.supervisor.leaderSample(sample, bench.now);
    bench.pass(0.1);
    assert.equal(bench.latest.mode, "teleop");
  });

  it("a guardian that is gone, and arm state that is stale", () => {
    const bench = leading().leads(3, 10, 25);
    bench.pass(0.15, { guardian: true });
    assertHolds(bench, "guardian-lost");
  });

  it("a request to hold", () => {
    const bench = leading().leads(3, 10, 25);
    assert.equal(bench.request({ kind: "hold" }).ok, true);
    bench.pass(0.6);
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.speed, 0);
  });

  it("not a daemon that dies, comes back and gives another the control, where the button enables it", () => {
    // Slowly: a leader that stops dead from 25 degrees a second would count as frozen after half a second.
    const bench = leading().leads(3, 10, 12);
    bench.supervisor.daemonLost(bench.now);
    bench.pass(1, { operator: true }).leads(3, 5, 12);
    bench.beat(false, LEASE + 5);
    bench.pass(0.5, { operator: true });
    assert.equal(bench.latest.mode, "teleop");
    assert.deepEqual(bench.stops, []);
  });
});

describe("OP-01: where the operator enables it", () => {
  function byOperator(): Supervised {
    const bench = beside({ enabling: "operator", holdToRun: true });
    bench.beat(true);
    assert.equal(bench.request({ kind: "teleop", clutch: false }).ok, true);
    return bench.pass(0.02);
  }

  it("hold-to-run and beats every 200 ms keep it going, the leader's button is nothing", () => {
    const bench = byOperator().leads(3, 10, 25);
    assert.equal(bench.latest.mode, "teleop");
    bench.pass(0.15, { operator: true });
    assert.equal(bench.latest.mode, "teleop");
    bench.pass(0.1, { operator: true });
    assertHolds(bench, "operator-lost");
  });

  it("hold-to-run let go ends it", () => {
    const bench = byOperator().leads(3, 10, 25);
    bench.beat(false);
    assertHolds(bench, "deadman-released");
  });

  it("a daemon that is gone ends it", () => {
    const bench = byOperator().leads(3, 10, 25);
    bench.supervisor.daemonLost(bench.now);
    assertHolds(bench, "daemon-lost");
  });
});

describe("takeover from a policy", () => {
  it("drops its chunk in the same tick and goes on from where the arm is", () => {
    const bench = underPolicy(8);
    const { epoch } = bench.latest;
    const old = bench.chunk(0.015);
    bench.button = true;
    bench.pass(PERIOD);
    assert.equal(bench.latest.source, "teleop");
    assert.equal(bench.latest.mode, "teleop");
    assert.deepEqual(
      takeovers(bench).map(({ from, epochBefore, by }) => [from, epochBefore, by]),
      [["policy", epoch, "button"]],
    );
    assert.match(bench.give(old), /^mode/);
    const told = bench.told.findIndex((message) => message.kind === "takeover");
    const shown = bench.told.findIndex((message) => message.kind === "state" && message.state.mode === "teleop");
    assert.ok(told < shown, "it is told before it shows");
    bench.pass(1);
    assert.equal(bench.latest.mode, "teleop");
    assert.deepEqual(bench.stops, []);
  });

  it("brakes with a leader that is held still: the way to rest is no sign of frozen readings", () => {
    const { leader } = LIMITS;
    const frozen = { ...leader.frozen, commanded: 0.2 * DEGREE };
    const bench = underPolicy(8, { limits: { ...LIMITS, leader: { ...leader, frozen } } });
    const before = bench.commanded;
    bench.button = true;
    bench.pass(1);
    assert.ok(apart(bench.commanded, before) > frozen.commanded, "it stands at once");
    assert.equal(bench.latest.mode, "teleop");
    assert.deepEqual(bench.stops, []);
  });

  it("by command, where the operator enables it, is the same", () => {
    const bench = new Supervised({ enabling: "operator" }).engaged().withLeader().pass(0.6);
    bench.request({ kind: "follow-policy" });
    bench.pass(0.02);
    bench.give(bench.chunk(0.01));
    bench.pass(0.2);
    assert.equal(bench.request({ kind: "teleop", clutch: true }).ok, true);
    bench.pass(PERIOD);
    assert.equal(bench.latest.source, "teleop");
    assert.deepEqual(
      takeovers(bench).map(({ by }) => by),
      ["request"],
    );
  });

  it("a leader that is 50 degrees off takes the arm from the policy all the same, and the arm waits for it", () => {
    const bench = underPolicy(50);
    bench.button = true;
    bench.pass(0.6);
    assert.equal(bench.latest.mode, "align");
    assert.equal(bench.stops.at(-1)?.code, "taken-over");
    assert.equal(bench.speed, 0);
  });

  it("and back: the policy goes on from the commanded pose, with a new epoch", () => {
    const bench = underPolicy(8);
    bench.button = true;
    bench.pass(0.5);
    const { epoch } = bench.latest;
    assert.equal(bench.request({ kind: "hold" }).ok, true);
    bench.pass(0.8);
    const from = bench.commanded;
    const again = bench.request({ kind: "follow-policy" });
    assert.ok(again.ok && again.epoch > epoch);
    bench.pass(0.02);
    assert.equal(bench.give(bench.chunk(0.002)), "accepted");
    bench.pass(PERIOD);
    assert.ok(apart(bench.commanded, from) < 0.1 * DEGREE);
  });

  it("leaves the gripper what it holds until the handle says otherwise", () => {
    const bench = underPolicy(0);
    const told = bench.gripper.openings.length;
    bench.opening = 0.9;
    bench.button = true;
    bench.pass(0.5);
    assert.equal(bench.gripper.openings.length, told);
    bench.opening = 0.1;
    bench.pass(0.5);
    assert.deepEqual(bench.gripper.openings.slice(told), [0]);
  });

  it("200 at random: within two ticks, no step beyond one tick's limit, no stop", (context) => {
    const most = { ticks: 0, part: 0 };
    let seed = 75;
    const random = (): number => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed / 2147483648;
    };
    const bench = new Supervised().engaged().withLeader().pass(0.6);
    for (let round = 0; round < 200; round++) {
      bench.button = false;
      bench.pass(0.02);
      bench.request({ kind: "hold" });
      // Somewhere within 40 degrees, as a hand holds it.
      const off = mapJoints(NOWHERE, () => (random() - 0.5) * 80 * DEGREE);
      bench.leader = null;
      bench.pass(0.3);
      bench.leader = mapJoints(bench.commanded, (angle, joint) => angle + jointAt(off, joint));
      bench.pass(0.6);
      assert.ok(bench.request({ kind: "follow-policy" }).ok, `round ${round}: ${bench.latest.mode}`);
      bench.pass(0.02);
      const way = round % 2 === 0 ? 1 : -1;
      bench.give(bench.chunk(way * 0.03 * random()));
      bench.pass(0.1 + Math.round(random() * 30) * PERIOD);
      const before = bench.setpoints.length;
      bench.button = true;
      bench.leads(Math.floor(random() * 7), (random() - 0.5) * 10, 40);
      const row = bench.setpoints.slice(before - 1);
      const last = row.findLastIndex(({ source }) => source === "policy");
      const first = row.findIndex(({ source }) => source === "teleop");
      assert.ok(first > 0, `round ${round}: ${bench.latest.mode} ${bench.stops.at(-1)?.detail}`);
      most.ticks = Math.max(most.ticks, first - last);
      for (const [index, { q }] of row.entries()) {
        const next = row[index + 1];
        for (let joint = 0; next !== undefined && joint < 7; joint++) {
          const step = Math.abs(jointAt(next.q, joint) - jointAt(q, joint));
          most.part = Math.max(most.part, step / (jointAt(LIMITS.teleop.velocity, joint) * PERIOD));
        }
      }
    }
    context.diagnostic(`at most ${most.ticks} ticks, at most ${(most.part * 100).toFixed(0)} % of one tick's limit`);
    assert.ok(most.ticks <= 2 && most.part <= 1);
    assert.equal(takeovers(bench).length, 200);
    assert.ok(bench.wire.every((item) => item.kind === "setpoint"));
    assert.ok(distance(bench.state.measured, bench.latest.commanded ?? bench.state.measured) < DEGREE);
  });
});
