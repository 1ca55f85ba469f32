import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { STOP_HINT } from "../../daemon/arm/stop-codes.js";
import { QUIET_LINK } from "../../daemon/types/arm-state.js";
import type { Chunk } from "../../daemon/types/chunk.js";
import { jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { distance, HOME, LEASE, PERIOD, START, Supervised } from "./supervised.js";

/** Follows chunk after chunk at 0.15 rad/s until it really moves. */
function moving(): Supervised {
  const bench = new Supervised().following();
  for (let round = 0; round < 3; round++) {
    assert.equal(bench.give(bench.chunk(0.015)), "accepted");
    bench.pass(0.2);
  }
  assert.ok(bench.speed > 0.1);
  return bench;
}

function assertComesToRest(bench: Supervised, absent = {}): void {
  bench.pass(0.3, absent);
  assert.equal(bench.latest.mode, "hold");
  assert.equal(bench.speed, 0);
  const moved = bench.setpoints.findLast((setpoint) => setpoint.source === "policy");
  assert.ok((bench.setpoints.at(-1)?.epoch ?? 0) > (moved?.epoch ?? 0), "a new epoch");
  assert.ok(
    bench.wire.every((item) => item.kind === "setpoint"),
    "no stop frame for a ramp",
  );
}

describe("supervisor: engaging and holding", () => {
  it("streams nothing before it is engaged", () => {
    const bench = new Supervised().connected().pass(0.5);
    assert.equal(bench.latest.mode, "standby");
    assert.deepEqual(bench.wire, []);
    assert.deepEqual(bench.latest.commanded, START);
  });

  it("holds the measured pose at the stream's period, then ends the stream after the end-hold", () => {
    const bench = new Supervised().engaged();
    assert.equal(bench.setpoints.length, 40);
    assert.ok(bench.setpoints.every((setpoint) => setpoint.source === "hold" && distance(setpoint.q, START) === 0));
    assert.equal(bench.request({ kind: "disengage" }).ok, true);
    bench.pass(0.25);
    assert.equal(bench.latest.mode, "hold");
    bench.pass(0.1);
    assert.equal(bench.latest.mode, "standby");
    const count = bench.setpoints.length;
    assert.equal(bench.pass(0.2).setpoints.length, count);
    assert.equal(bench.latest.source, null);
  });

  it("waits for each setpoint's instant when it is permitted, and sends it then", () => {
    const bench = new Supervised().engaged();
    assert.equal(bench.waits.length, bench.setpoints.length);
    assert.ok(bench.waits.every(({ sent }, index) => sent === index));
    assert.ok(bench.waits.every(({ dueAt }, index) => index === 0 || dueAt > (bench.waits[index - 1]?.dueAt ?? 0)));
  });

  it("sends nothing that was permitted for a tick that is over: the guardian may have stopped the arm meanwhile", () => {
    const bench = new Supervised().engaged();
    assert.equal(bench.request({ kind: "home" }).ok, true);
    bench.pass(1);
    const count = bench.setpoints.length;
    bench.heldUp = 0.051;
    bench.pass(0.01);
    assert.equal(bench.setpoints.length, count);
    bench.heldUp = 0.049;
    bench.pass(0.01);
    assert.equal(bench.setpoints.length, count + 1);
    assert.deepEqual([bench.latest.mode, bench.stops], ["homing", []]);
    // The process comes back from more than a second: nothing goes on.
    bench.heldUp = 1.2;
    bench.pass(0.01);
    bench.heldUp = 0;
    bench.now += 1.2;
    bench.pass(0.05);
    assert.equal(bench.setpoints.length, count + 1);
    assert.deepEqual([bench.latest.mode, bench.latest.stops[0]?.code], ["fault", "stalled"]);
  });

  it("goes on from rest where tick after tick was held up so, as after a pause: the guard begins anew, too", () => {
    const bench = new Supervised().engaged();
    assert.equal(bench.request({ kind: "home" }).ok, true);
    bench.pass(1).heldUp = 0.06;
    const count = bench.setpoints.length;
    bench.pass(0.12);
    assert.equal(bench.setpoints.length, count);
    bench.heldUp = 0;
    bench.pass(0.2);
    assert.ok(bench.setpoints.length > count && bench.speed === 0);
    bench.pass(8);
    assert.deepEqual(
      [bench.latest.mode, bench.stops, distance(bench.setpoints.at(-1)?.q ?? START, HOME) < 1e-12],
      ["hold", [], true],
    );
  });

  it("refuses requests of whoever is not in control", () => {
    const bench = new Supervised().connected();
    assert.match(bench.request({ kind: "engage" }, LEASE + 1).reason, /not in control/);
    bench.pass(0.6, { operator: true });
    assert.match(bench.request({ kind: "engage" }).reason, /not in control/);
  });

  it("does not engage without a guardian, without fresh state, or outside the soft limits", () => {
    const bench = new Supervised().connected().pass(0.2, { guardian: true });
    assert.match(bench.request({ kind: "engage" }).reason, /guardian/);
    bench.pass(0.05).pass(0.15, { state: true });
    assert.match(bench.request({ kind: "engage" }).reason, /fresh state/);
    bench.state = { ...bench.state, measured: jointPosition([3.06, -0.2, 0.05, 1.2, -0.1, 1.1, 0.3]) };
    bench.pass(0.2);
    assert.match(bench.request({ kind: "engage" }).reason, /soft limits/);
  });
});

describe("supervisor: homing", () => {
  it("goes home along its own plan and holds there", () => {
    const bench = new Supervised().engaged();
    assert.equal(bench.request({ kind: "home" }).ok, true);
    bench.pass(0.2);
    assert.equal(bench.latest.mode, "homing");
    bench.pass(8);
    assert.equal(bench.latest.mode, "hold");
    assert.ok(distance(bench.setpoints.at(-1)?.q ?? START, HOME) < 1e-12);
    assert.deepEqual(bench.stops, []);
  });

  it("starts after the start-hold even when asked at once", () => {
    const bench = new Supervised().connected();
    bench.request({ kind: "engage" });
    bench.pass(0.02).request({ kind: "home" });
    bench.pass(0.27);
    assert.ok(bench.setpoints.every((setpoint) => distance(setpoint.q, START) === 0));
    bench.pass(0.5);
    assert.ok(bench.speed > 0);
  });
});

describe("supervisor: following the policy", () => {
  it("follows chunks along their targets, due instant by due instant", () => {
    const bench = new Supervised().following();
    const chunk = bench.chunk(0.004);
    assert.equal(bench.give(chunk), "accepted");
    bench.pass(0.45);
    for (const target of chunk.targets.slice(2, 4)) {
      const sent = bench.setpoints.find((setpoint) => Math.abs(setpoint.dueAt - target.dueAt) < PERIOD / 2);
      assert.ok(sent !== undefined && distance(sent.q, target.q) < 0.002, `${sent?.q} at ${target.dueAt}`);
    }
  });

  it("names the epoch of the policy in its answer and drops chunks of any other", () => {
    const bench = new Supervised().engaged();
    const { epoch } = bench.request({ kind: "follow-policy" });
    bench.pass(0.05);
    assert.match(bench.give(bench.chunk(0.01, { epoch: epoch - 1 })), /^old-epoch/);
    assert.match(bench.give(bench.chunk(0.01, { epoch: epoch + 1 })), /^old-epoch/);
    assert.equal(bench.give(bench.chunk(0.01, { epoch })), "accepted");
  });

  it("ramps down in the very tick in which the last target is past, and goes on with the next chunk", () => {
    const bench = moving();
    const before = bench.setpoints.length;
    bench.pass(0.48);
    assert.equal(bench.latest.mode, "policy");
    const sources = bench.setpoints.slice(before).map((setpoint) => setpoint.source);
    assert.deepEqual([...new Set(sources)].slice(-1), ["hold"]);
    assert.ok(bench.setpoints.length - before === 48, "a setpoint in every tick");
    assert.equal(bench.give(bench.chunk(0.015)), "accepted");
    bench.pass(0.2);
    assert.ok(bench.speed > 0);
  });

  it("leaves the policy when no chunk comes for 250 ms", () => {
    const bench = moving();
    bench.pass(0.8);
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.stops.at(-1)?.code, "policy-starved");
    assert.equal(bench.stops.at(-1)?.latched, false);
  });

  it("waits longer for the first chunk, but not for ever", () => {
    const bench = new Supervised().following().pass(9);
    assert.equal(bench.latest.mode, "policy");
    bench.pass(1.2);
    assert.equal(bench.latest.mode, "hold");
  });

  it("tells the gripper when the target is due, and not more often than its dwell", () => {
    const bench = new Supervised().following();
    const chunk = bench.chunk(0.001);
    const openings = [1, 0, 1, 0, 0];
    const targets = chunk.targets.map((target, index) => ({ ...target, gripper: openings[index] ?? 0 }));
    assert.equal(bench.give({ ...chunk, targets }), "accepted");
    assert.deepEqual(bench.gripper.openings, []);
    bench.pass(0.14);
    assert.deepEqual(bench.gripper.openings, [1], "how it stands is not known, so the first wish is told");
    bench.pass(0.2);
    assert.deepEqual(bench.gripper.openings, [1], "closing and opening again within the dwell");
    bench.pass(0.05);
    assert.deepEqual(bench.gripper.openings, [1, 0]);
  });

  it("answers a hold request by a ramp and drops chunks made before", () => {
    const bench = moving();
    const chunk = bench.chunk(0.015);
    assert.equal(bench.request({ kind: "hold" }).ok, true);
    assertComesToRest(bench);
    assert.match(bench.give(chunk), /^mode/);
    bench.request({ kind: "follow-policy" });
    bench.pass(0.02);
    assert.match(bench.give({ ...chunk, capturedAt: bench.now }), /^old-epoch/);
  });
});

/** A chunk that begins this many degrees away in each joint and goes on from there. */
function beginningAway(bench: Supervised, degrees: number): Chunk {
  const near = bench.chunk(0.001);
  const targets = near.targets.map((target) => ({
    ...target,
    q: jointPosition(mapJoints(target.q, (q) => q + (degrees * Math.PI) / 180)),
  }));
  return { ...near, targets };
}

describe("supervisor: chunks that are refused", () => {
  it("a first chunk may begin up to 10 degrees away, later ones up to 15", () => {
    const bench = new Supervised().following();
    assert.match(bench.give(beginningAway(bench, 10.5)), /^too-far/);
    assert.equal(bench.give(beginningAway(bench, 9.5)), "accepted");
    assert.equal(bench.give(beginningAway(bench, 14.5)), "accepted");
    bench.request({ kind: "hold" });
    bench.pass(0.5);
    bench.request({ kind: "follow-policy" });
    bench.pass(0.02);
    assert.match(bench.give(beginningAway(bench, 10.5)), /^too-far/);
  });

  const cases: readonly (readonly [string, RegExp, (bench: Supervised) => string])[] = [
    ["older than most of its length", /^too-old/, (bench) => bench.give(bench.chunk(0.01, {}, 0.41))],
    ["from the future", /^future/, (bench) => bench.give(bench.chunk(0.01, { capturedAt: bench.now + 0.1 }))],
    [
      "twice the same",
      /^out-of-order/,
      (bench) => {
        const chunk = bench.chunk(0.001);
        bench.give(chunk);
        return bench.give(chunk);
      },
    ],
    ["15 degrees away", /^too-far: J1/, (bench) => bench.give(beginningAway(bench, 15.5))],
    ["in degrees instead of radians", /^(too-far|too-fast|outside)/, (bench) => bench.give(bench.chunk(0.015 * 57.3))],
    ["faster than three times the limit", /^too-fast: J1/, (bench) => bench.give(bench.chunk(0.16))],
    [
      "outside the soft limits",
      /^outside: J2/,
      (bench) => {
        const wide = bench.chunk(0.001);
        const targets = wide.targets.map((target) => ({ ...target, q: jointPosition([0.1, 2.3, 0, 1, 0, 1, 0]) }));
        return bench.give({ ...wide, targets });
      },
    ],
    [
      "with targets at uneven instants",
      /^uneven/,
      (bench) => {
        const uneven = bench.chunk(0.001);
        const targets = uneven.targets.map((target, index) => ({ ...target, dueAt: target.dueAt - index * 0.08 }));
        return bench.give({ ...uneven, targets });
      },
    ],
    [
      "with nothing left",
      /^expired/,
      (bench) => {
        const past = bench.chunk(0.001);
        const targets = past.targets.map((target) => ({ ...target, dueAt: target.dueAt - 0.5 }));
        return bench.give({ ...past, targets });
      },
    ],
  ];
  for (const [name, reason, give] of cases) {
    it(`${name}: nothing moves`, () => {
      const bench = new Supervised().following();
      assert.match(give(bench), reason);
      if (name !== "twice the same") {
        bench.pass(0.5);
        assert.ok(bench.setpoints.every((setpoint) => distance(setpoint.q, START) === 0));
      }
    });
  }

  it("in every mode but policy", () => {
    const bench = new Supervised().engaged();
    assert.match(bench.give(bench.chunk(0.001)), /^mode/);
  });
});

describe("supervisor: what ends a motion by a ramp", () => {
  it("operator silent for 500 ms", () => {
    const bench = moving();
    bench.pass(0.49, { operator: true });
    assert.equal(bench.latest.mode, "policy");
    bench.pass(0.03, { operator: true });
    assert.equal(bench.stops.at(-1)?.code, "operator-lost");
    assertComesToRest(bench, { operator: true });
  });

  it("operator silent for 200 ms while it goes home, not before", () => {
    const bench = new Supervised().engaged();
    bench.request({ kind: "home" });
    bench.pass(0.5);
    for (let beat = 0; beat < 5; beat += 1) {
      bench.beat();
      bench.pass(0.2, { operator: true });
    }
    bench.beat();
    bench.pass(0.19, { operator: true });
    assert.equal(bench.latest.mode, "homing");
    bench.pass(0.03, { operator: true });
    assert.equal(bench.latest.mode, "hold");
    assert.deepEqual([bench.stops.at(-1)?.code, bench.stops.at(-1)?.latched], ["operator-lost", false]);
    assertComesToRest(bench, { operator: true });
  });

  it("operator back after that: nothing resumes by itself", () => {
    const bench = moving();
    bench.pass(0.6, { operator: true }).pass(0.3);
    assert.match(bench.give(bench.chunk(0.015)), /^mode/);
    assert.equal(bench.latest.mode, "hold");
  });

  it("operator gone by his own account", () => {
    const bench = moving();
    bench.supervisor.handle({ kind: "operator-gone", reason: "released" }, bench.now);
    assert.equal(bench.stops.at(-1)?.code, "operator-gone");
    assertComesToRest(bench);
  });

  it("another operator takes control; the former lease never comes back", () => {
    const bench = moving();
    bench.beat(false, LEASE + 1);
    assert.equal(bench.stops.at(-1)?.code, "operator-changed");
    assertComesToRest(bench);
    assert.match(bench.request({ kind: "follow-policy" }, LEASE).reason, /not in control/);
  });

  it("daemon gone", () => {
    const bench = moving();
    bench.supervisor.daemonLost(bench.now);
    assert.equal(bench.stops.at(-1)?.code, "daemon-lost");
    assertComesToRest(bench, { operator: true });
  });

  it("guardian silent for 100 ms", () => {
    const bench = moving();
    bench.pass(0.12, { guardian: true });
    assert.equal(bench.stops.at(-1)?.code, "guardian-lost");
    assertComesToRest(bench, { guardian: true });
  });

  it("arm state 100 ms old, and the link is reset at 500 ms", () => {
    const bench = moving();
    bench.pass(0.12, { state: true });
    assert.equal(bench.stops.at(-1)?.code, "state-stale");
    // The ramp ends far from the last pose that the arm reported; that is no following error.
    bench.frozen = true;
    bench.pass(0.3, { state: true });
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.speed, 0);
    bench.pass(0.1, { state: true });
    assert.equal(bench.latest.mode, "disconnected");
    assert.deepEqual(bench.wire.at(-1), { kind: "reset" });
    assert.equal(bench.linkDead, 1);
    const count = bench.wire.length;
    bench.pass(1, { state: true });
    assert.equal(bench.wire.length, count, "nothing is written to a dead link");
    bench.supervisor.linkUp({ ...bench.state, receivedAt: bench.now }, bench.now);
    bench.pass(0.5);
    assert.equal(bench.latest.mode, "standby", "never into motion");
    assert.equal(bench.wire.length, count);
  });

  it("setpoints that do not move the arm: stop, reset, standing by after the link is back", () => {
    const bench = moving();
    const { measured } = bench.state;
    for (let tick = 0; tick < 30 && bench.latest.mode === "policy"; tick++) {
      bench.now += PERIOD;
      bench.beat();
      bench.supervisor.guardianBeat(bench.now);
      // Its currents go on telling something new.
      const health = { temperature: [], voltage: [], current: [tick], controllerTemperature: null };
      bench.supervisor.armState({ ...bench.state, receivedAt: bench.now, measured, health }, bench.now);
      bench.supervisor.tick(bench.now, bench.now);
    }
    assert.equal(bench.latest.stops[0]?.code, "link-stalled");
    assert.equal(bench.latest.mode, "disconnected");
    assert.deepEqual(
      bench.wire.slice(-2).map(({ kind }) => kind),
      ["stop", "reset"],
    );
  });

  /** Lines of the arm that were no messages, since the link was opened. */
  const garbled = (bench: Supervised, count: number): void => {
    bench.state = { ...bench.state, link: { ...QUIET_LINK, garbled: count } };
  };

  it("garbled lines: comes to rest, stops the arm, latches, and opens the link anew once that stop is out", () => {
    const bench = moving();
    garbled(bench, 5);
    for (let tick = 0; tick < 30 && bench.latest.mode !== "fault"; tick++) {
      bench.pass(PERIOD);
    }
    assert.deepEqual(bench.wire.at(-1), { kind: "stop", stop: "slow" });
    bench.pass(0.09);
    assert.deepEqual(bench.wire.at(-1), { kind: "stop", stop: "slow" });
    bench.pass(0.02);
    assert.deepEqual(bench.wire.slice(-2), [{ kind: "stop", stop: "slow" }, { kind: "reset" }]);
    assert.equal(bench.linkDead, 1);
    const count = bench.wire.length;
    // Whoever waits for its end stops nothing more; the latch stays.
    bench.pass(2, { state: true });
    garbled(bench, 0);
    bench.supervisor.linkUp({ ...bench.state, receivedAt: bench.now }, bench.now);
    bench.pass(1.1);
    assert.equal(bench.latest.mode, "fault");
    assert.equal(bench.request({ kind: "acknowledge", reason: "looked" }).ok, true);
    assert.equal(bench.request({ kind: "engage" }).ok, true);
    bench.pass(2);
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.wire.slice(count).filter(({ kind }) => kind !== "setpoint").length, 0);
    assert.deepEqual(new Set(bench.stops.map(({ code }) => code)), new Set(["replies-garbled"]));
  });

  it("garbled lines while it stands by: the link is opened anew, and nothing is latched", () => {
    const bench = new Supervised().connected();
    garbled(bench, 4);
    bench.pass(1.1);
    assert.deepEqual(bench.wire, []);
    garbled(bench, 9);
    bench.pass(0.1);
    assert.deepEqual(bench.wire, [{ kind: "reset" }]);
    assert.equal(bench.latest.mode, "disconnected");
    assert.deepEqual(bench.stops, []);
  });

  it("link lost: standing by after it is back", () => {
    const bench = moving();
    const count = bench.wire.length;
    bench.supervisor.linkLost("the arm closed the connection", bench.now);
    bench.pass(0.3);
    assert.equal(bench.latest.mode, "disconnected");
    assert.equal(bench.stops.at(-1)?.code, "link-lost");
    assert.equal(bench.wire.length, count);
  });
});

describe("supervisor: pauses of the machine", () => {
  function assertSmooth(bench: Supervised): void {
    const frames = bench.setpoints;
    for (let index = 2; index < frames.length; index++) {
      const [before, last, next] = frames.slice(index - 2, index + 1);
      if (before !== undefined && last !== undefined && next !== undefined) {
        const gap = last.dueAt - before.dueAt > 0.1 || next.dueAt - last.dueAt > 0.1;
        const change = next.q.map((q, joint) => q - 2 * jointAt(last.q, joint) + jointAt(before.q, joint));
        assert.ok(gap || Math.max(...change.map(Math.abs)) <= (300 * Math.PI) / 180 / 1e4, `frame ${index}`);
      }
    }
  }

  it("of a few ticks delay homing and make nothing jump", () => {
    const bench = new Supervised().engaged();
    bench.request({ kind: "home" });
    for (const pause of [0.02, 0.05, 0.09]) {
      bench.pass(1);
      bench.now += pause;
    }
    bench.pass(8);
    assert.deepEqual(bench.stops, []);
    assert.equal(bench.latest.mode, "hold");
    assert.ok(distance(bench.setpoints.at(-1)?.q ?? START, HOME) < 1e-12);
    assertSmooth(bench);
  });

  it("after which the guardian may have stopped the arm send nothing before its word is read", () => {
    for (const pause of [0.085, 0.1, 0.115]) {
      const bench = moving();
      const before = bench.setpoints.length;
      bench.now += pause;
      bench.supervisor.tick(bench.now, bench.now);
      assert.equal(bench.setpoints.length, before, `${pause} s`);
      bench.supervisor.stop("guardian-fired", "it missed this process", bench.now);
      bench.pass(0.1);
      assert.equal(bench.setpoints.length, before);
    }
    const bench = moving();
    const before = bench.setpoints.length;
    bench.now += 0.07;
    bench.supervisor.tick(bench.now, bench.now);
    assert.equal(bench.setpoints.length, before + 1);
    bench.now += 0.09;
    bench.pass(0.12);
    assert.deepEqual(bench.stops, []);
    assertSmooth(bench);
  });

  it("of 200 ms are gone on from, from rest: homing and following", () => {
    const homing = new Supervised().engaged();
    homing.request({ kind: "home" });
    homing.pass(1);
    homing.now += 0.2;
    homing.pass(0.05);
    assert.equal(homing.speed, 0);
    homing.pass(9);
    assert.ok(distance(homing.setpoints.at(-1)?.q ?? START, HOME) < 1e-12);
    const bench = moving();
    bench.now += 0.2;
    bench.pass(0.25);
    assert.equal(bench.give(bench.chunk(0.015)), "accepted");
    bench.pass(0.2);
    assert.ok(bench.speed > 0);
    for (const one of [homing, bench]) {
      assert.deepEqual(one.stops, []);
      assertSmooth(one);
    }
  });

  it("of more than 250 ms end the motion in a hold", () => {
    const bench = moving();
    bench.now += 0.3;
    bench.pass(0.1);
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.speed, 0);
    assert.deepEqual(
      bench.stops.map(({ code, latched }) => [code, latched]),
      [["stalled", false]],
    );
  });
});

describe("supervisor: what stops at once and latches", () => {
  function assertLatched(bench: Supervised, code: string): void {
    const stopAt = bench.wire.findIndex((item) => item.kind === "stop");
    assert.deepEqual(bench.wire[stopAt], { kind: "stop", stop: "quick" });
    bench.pass(1);
    assert.ok(
      bench.wire.slice(stopAt).every((item) => item.kind === "stop"),
      "nothing follows the stop",
    );
    assert.equal(bench.latest.mode, "fault");
    assert.equal(bench.latest.stops[0]?.code, code);
    assert.equal(bench.latest.stops[0]?.latched, true);
    assert.equal(bench.latest.stops[0]?.hint, STOP_HINT[code as keyof typeof STOP_HINT]);
  }

  it("operator stop: the next thing on the wire, in every mode", () => {
    for (const prepare of [
      moving,
      () => new Supervised().engaged(),
      () => new Supervised().connected(),
      () => new Supervised(),
    ]) {
      const bench = prepare();
      const { epoch } = bench.latest;
      const count = bench.wire.length;
      bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
      assert.deepEqual(bench.wire[count], { kind: "stop", stop: "quick" });
      assert.ok(bench.latest.epoch > epoch);
      assertLatched(bench, "operator-stop");
    }
  });

  it("needs no control, and a second stop is sent again without a second report", () => {
    const bench = moving();
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "viewer" }, bench.now);
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "viewer" }, bench.now);
    assert.equal(bench.wire.filter((item) => item.kind === "stop").length, 2);
    assert.equal(bench.stops.length, 1);
  });

  it("arm fault in one single report, also while it stands by", () => {
    for (const prepare of [moving, () => new Supervised().connected()]) {
      const bench = prepare();
      bench.report({ systemErrors: [0x100d] });
      bench.report({ systemErrors: [] });
      assertLatched(bench, "arm-fault");
      assert.match(bench.latest.stops[0]?.detail ?? "", /0x100D/);
    }
  });

  it("an arm that no longer follows", () => {
    const bench = moving();
    bench.frozen = true;
    for (let round = 0; round < 8; round++) {
      bench.give(bench.chunk(0.04));
      bench.pass(0.2);
    }
    assertLatched(bench, "following-error");
  });

  it("a pause of more than a second", () => {
    const bench = moving();
    bench.now += 1.1;
    bench.pass(0.02);
    assertLatched(bench, "stalled");
  });

  it("a guardian that has fired", () => {
    const bench = moving();
    bench.supervisor.stop("guardian-fired", "it missed this process", bench.now);
    assertLatched(bench, "guardian-fired");
  });

  it("is left only by an acknowledgement of the operator in control, once the cause is gone", () => {
    const bench = moving();
    bench.report({ systemErrors: [0x100d] });
    bench.pass(0.1);
    const acknowledge = { kind: "acknowledge", reason: "looked at it" } as const;
    assert.match(bench.request(acknowledge).reason, /reports a fault \(system error 0x100D: collision\)/);
    for (const request of ["engage", "home", "follow-policy", "hold", "disengage"] as const) {
      assert.equal(bench.request({ kind: request }).ok, false);
    }
    bench.report({ systemErrors: [] });
    assert.match(bench.request(acknowledge, LEASE + 1).reason, /not in control/);
    bench.pass(0.98);
    assert.match(bench.request(acknowledge).reason, /less than a second/);
    bench.pass(0.04);
    assert.equal(bench.request(acknowledge).ok, true);
    assert.equal(bench.latest.mode, "standby");
    assert.deepEqual(bench.latest.stops, []);
    assert.equal(bench.request({ kind: "engage" }).ok, true);
    bench.pass(0.1);
    assert.equal(bench.wire.at(-1)?.kind, "setpoint");
  });

  it("outlives the link", () => {
    const bench = moving();
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    bench.supervisor.linkLost("gone", bench.now);
    assert.equal(bench.latest.mode, "fault");
    bench.pass(0.2, { state: true });
    assert.match(bench.request({ kind: "acknowledge", reason: "" }).reason, /fresh state/);
    bench.supervisor.linkUp({ ...bench.state, receivedAt: bench.now }, bench.now);
    assert.equal(bench.latest.mode, "fault");
  });

  it("an arm that is at fault when the link comes up is at fault", () => {
    const bench = new Supervised();
    bench.supervisor.linkUp({ ...bench.state, receivedAt: bench.now, jointErrors: [0, 0, 0, 8, 0, 0, 0] }, bench.now);
    assert.equal(bench.latest.mode, "fault");
  });
});

describe("supervisor: an arm that is pushed or slips after a stop (ML-15)", () => {
  it("is told to stop for as long as it moves; once it stands a supervisor acknowledges it where it is", () => {
    const bench = new Supervised().engaged();
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    bench.frozen = true;
    bench.pass(1);
    const sent = bench.wire.length;
    const measured = jointPosition(mapJoints(bench.state.measured, (angle, joint) => angle + (joint === 0 ? 0.03 : 0)));
    bench.state = { ...bench.state, measured };
    bench.pass(0.5);
    assert.match(bench.request({ kind: "acknowledge", reason: "at once" }).reason, /J1 is 1.7 deg from where it stood/);
    bench.pass(1);
    const told = bench.wire.slice(sent);
    assert.ok(told.length >= 5 && told.every(({ kind }) => kind === "stop"));
    assert.equal(bench.cuts, 0);
    bench.pass(2);
    assert.equal(bench.wire.length, sent + told.length, "it stands, and nothing is sent");
    assert.equal(bench.request({ kind: "acknowledge", reason: "looked at it" }).reason, "");
    assert.equal(bench.request({ kind: "engage" }).ok, true);
  });
});

describe("supervisor: the ladder of reactions", () => {
  const hot = (celsius: number): Supervised["state"]["health"] => ({
    temperature: [30, 30, celsius, 30, 30, 30, 30],
    voltage: [24, 24, 24, 24, 24, 24, 24],
    current: [0, 0, 0, 0, 0, 0, 0],
    controllerTemperature: null,
  });

  /** How far J1 goes in 0.3 s of a chunk, rad. */
  function progress(
    prepare: (bench: Supervised) => void,
    often: (bench: Supervised) => void = () => undefined,
  ): number {
    const bench = new Supervised().following();
    prepare(bench);
    const pass = (seconds: number): void => {
      for (let part = Math.round(seconds / 0.05); part > 0; part--) {
        often(bench);
        bench.pass(0.05);
      }
    };
    for (let round = 0; round < 3; round++) {
      assert.equal(bench.give(bench.chunk(0.015)), "accepted");
      pass(0.2);
    }
    const from = bench.setpoints.at(-1)?.q[0] ?? 0;
    bench.give(bench.chunk(0.015));
    pass(0.3);
    assert.equal(bench.latest.mode, "policy");
    return (bench.setpoints.at(-1)?.q[0] ?? 0) - from;
  }

  it("goes at half pace along the same path while anything asks for it", () => {
    const whole = progress(() => undefined);
    const half = progress((bench) => {
      bench.state = { ...bench.state, health: hot(76) };
      bench.pass(0.05);
      assert.deepEqual(
        bench.latest.notices.map(({ code }) => code),
        ["joint-hot", "joint-hot"],
      );
    });
    assert.ok(half > 0.35 * whole && half < 0.75 * whole, `${half} of ${whole}`);
  });

  it("goes at half pace while the policy's pictures are old, at full pace while new ones come", () => {
    const none = (): undefined => undefined;
    const seeing = (age: number) => (bench: Supervised) =>
      bench.supervisor.handle({ kind: "pictures", capturedAt: bench.now - age }, bench.now);
    const whole = progress(none);
    assert.equal(progress(none, seeing(0.05)), whole);
    const half = progress(none, seeing(0.12));
    assert.ok(half > 0.35 * whole && half < 0.75 * whole, `${half} of ${whole}`);
  });

  it("goes home at half pace, and gets there", () => {
    const bench = new Supervised().engaged();
    bench.lateShare = 0.01;
    bench.request({ kind: "home" });
    bench.pass(16);
    assert.equal(bench.latest.mode, "hold");
    assert.ok(distance(bench.setpoints.at(-1)?.q ?? START, HOME) < 1e-9);
    assert.deepEqual(bench.stops, []);
  });

  it("protective stop: a ramp, then the slow stop of the arm, then nothing; latched until the cause is gone", () => {
    const bench = moving();
    bench.state = { ...bench.state, health: hot(86) };
    bench.pass(0.02);
    assert.equal(bench.latest.mode, "hold");
    bench.pass(0.4);
    assert.equal(bench.latest.mode, "fault");
    const stopAt = bench.wire.findIndex((item) => item.kind === "stop");
    assert.deepEqual(bench.wire.slice(stopAt), [{ kind: "stop", stop: "slow" }]);
    const last = bench.setpoints.slice(-2).map(({ q }) => q);
    assert.deepEqual(last[0], last[1], "it stood by then");
    assert.equal(bench.latest.stops[0]?.code, "joint-hot");
    bench.state = { ...bench.state, health: hot(70) };
    bench.pass(1.2);
    assert.match(bench.request({ kind: "acknowledge", reason: "" }).reason, /70.0 degrees/);
    bench.state = { ...bench.state, health: hot(50) };
    bench.pass(1.2);
    assert.equal(bench.request({ kind: "acknowledge", reason: "" }).ok, true);
  });

  it("PO-10: a state that the policy does not know: a ramp, then the slow stop, latched; nothing is asked of the arm before it is acknowledged", () => {
    const strange = { kind: "unfamiliar", detail: "commanded 3 is 6.1 standard deviations away" } as const;
    for (const prepare of [moving, () => new Supervised({ role: "operator" }).engaged()]) {
      const bench = prepare();
      bench.supervisor.handle(strange, bench.now);
      assert.equal(bench.latest.mode, "hold");
      assert.equal(bench.request({ kind: "follow-policy" }).ok, false, "not even while it comes to rest");
      bench.pass(0.4);
      assert.deepEqual(
        bench.wire.filter(({ kind }) => kind === "stop"),
        [{ kind: "stop", stop: "slow" }],
      );
      assert.equal(bench.wire.at(-1)?.kind, "stop");
      assertMisfit(bench, strange.detail);
    }
  });

  it("PO-10: the same while the arm stands by, since the task is over by then", () => {
    const bench = new Supervised({ role: "operator" }).connected();
    bench.supervisor.handle({ kind: "unfamiliar", detail: "has-grasped 1 is 57.3" }, bench.now);
    assert.deepEqual(bench.wire, [{ kind: "stop", stop: "slow" }]);
    assertMisfit(bench, "has-grasped 1 is 57.3");
    bench.supervisor.stop("operator-stop", "button", bench.now);
    bench.supervisor.handle({ kind: "unfamiliar", detail: "has-grasped 1 is 57.3" }, bench.now);
    assert.equal(bench.latest.stops[0]?.code, "operator-stop", "what is latched already is not latched for it");
  });

  it("PO-10: nothing is latched while the policy knows its state", () => {
    const bench = moving();
    bench.supervisor.handle({ kind: "pictures", capturedAt: bench.now }, bench.now);
    bench.pass(0.2);
    assert.deepEqual(bench.stops, []);
  });

  it("PO-01: a policy that gives no chunk twice comes to rest and is latched, once is not", () => {
    const broken = { kind: "no-chunk", detail: "step 3 is not seven finite numbers" } as const;
    const bench = moving();
    bench.supervisor.handle(broken, bench.now);
    assert.equal(bench.latest.mode, "policy");
    bench.supervisor.handle(broken, bench.now);
    bench.pass(0.4);
    assert.equal(bench.latest.mode, "fault");
    assert.deepEqual([bench.latest.stops[0]?.code, bench.latest.stops[0]?.latched], ["policy-garbage", true]);
    assert.equal(bench.wire.at(-1)?.kind, "stop");
  });

  function assertMisfit(bench: Supervised, detail: string): void {
    assert.equal(bench.latest.mode, "fault");
    const [stop] = bench.latest.stops;
    assert.deepEqual([stop?.code, stop?.detail, stop?.latched], ["policy-unfamiliar", detail, true]);
    for (const kind of ["engage", "home", "follow-policy"] as const) {
      assert.equal(bench.request({ kind }).ok, false, kind);
    }
    assert.equal(bench.request({ kind: "acknowledge", reason: "another bundle" }).ok, true);
    assert.equal(bench.request({ kind: "engage" }).ok, true);
  }

  it("ramp: three chunks in a row beyond the limits end the motion", () => {
    const bench = moving();
    for (let round = 0; round < 3; round++) {
      const good = bench.chunk(0.001);
      const targets = good.targets.map((target) => ({ ...target, q: jointPosition([3.2, 0, 0, 0, 0, 0, 0]) }));
      assert.match(bench.give({ ...good, targets }), /^outside/);
    }
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.stops.at(-1)?.code, "policy-out-of-range");
    assertComesToRest(bench);
  });

  it("quick stop: something else drives the arm", () => {
    const bench = moving();
    bench.report({ status: "move_J" });
    assert.equal(bench.latest.mode, "fault");
    assert.deepEqual(bench.wire.at(-1), { kind: "stop", stop: "quick" });
    assert.equal(bench.stops.at(-1)?.code, "foreign-motion");
  });

  it("nothing is stopped while the arm stands by, but nothing engages either", () => {
    const bench = new Supervised().connected();
    bench.state = { ...bench.state, health: hot(86) };
    bench.pass(0.1);
    assert.equal(bench.latest.mode, "standby");
    assert.deepEqual(bench.wire, []);
    assert.match(bench.request({ kind: "engage" }).reason, /J3 has 86.0 degrees/);
  });

  it("nothing engages while the controller counts with another load, and it says what to do (ML-18)", () => {
    const bench = new Supervised().connected();
    bench.state = { ...bench.state, link: { ...QUIET_LINK, tool: "a payload of 0 g, not 620 g" } };
    bench.pass(0.1);
    const { ok, reason } = bench.request({ kind: "engage" });
    assert.equal(ok, false);
    assert.match(reason, /a payload of 0 g, not 620 g\. Select the hand's tool frame/);
    assert.deepEqual(
      bench.found.map(({ id, code }) => [id, code]),
      [["ML-18", "tool-wrong"]],
    );
    bench.state = { ...bench.state, link: QUIET_LINK };
    bench.pass(0.1);
    assert.equal(bench.request({ kind: "engage" }).ok, true);
    assert.deepEqual(bench.stops, []);
  });

  it("AR-07: nothing begins to move while nobody knows whether the arm looks out for collisions; what moves goes on", () => {
    const bench = new Supervised().engaged();
    const read = (age: number): void => {
      bench.state = { ...bench.state, link: { ...QUIET_LINK, collisionReadAt: bench.now - age } };
      bench.pass(0.02);
    };
    read(3.5);
    for (const kind of ["home", "follow-policy"] as const) {
      assert.match(bench.request({ kind }).reason, /detection of collisions was read back 35\d\d ms ago/);
    }
    bench.request({ kind: "disengage" });
    bench.pass(0.5);
    assert.match(bench.request({ kind: "engage" }).reason, /detection of collisions/);
    read(0.5);
    assert.equal(bench.request({ kind: "engage" }).ok, true);
    bench.pass(0.4);
    assert.equal(bench.request({ kind: "home" }).ok, true);
    bench.pass(0.2);
    read(3.5);
    assert.deepEqual([bench.latest.mode, bench.stops], ["homing", []]);
  });

  it("a controller that has restarted is looked at by somebody before anything engages (AR-17)", () => {
    const bench = new Supervised();
    bench.state = { ...bench.state, link: { ...QUIET_LINK, restarted: "it has run for 3 s" } };
    bench.connected();
    assert.equal(bench.latest.mode, "fault");
    assert.equal(bench.stops.at(-1)?.code, "controller-restarted");
    assert.match(bench.request({ kind: "engage" }).reason, /mode is fault/);
    bench.pass(1.1);
    assert.equal(bench.request({ kind: "acknowledge", reason: "looked at it" }).ok, true);
    bench.pass(0.1);
    assert.equal(bench.request({ kind: "engage" }).ok, true);
  });

  it("a load that somebody changes in motion is a ramp, then a slow stop, latched (ML-18)", () => {
    const bench = moving();
    bench.state = { ...bench.state, link: { ...QUIET_LINK, tool: "a payload of 2000 g, not 620 g" } };
    bench.pass(0.5);
    assert.equal(bench.latest.mode, "fault");
    assert.deepEqual(bench.wire.at(-1), { kind: "stop", stop: "slow" });
    assert.equal(bench.stops.at(-1)?.code, "tool-wrong");
  });

  it("an arm that goes on moving is told again, ten times a second, and its supply is opened", () => {
    const bench = moving();
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    let measured = bench.state.measured;
    for (let tick = 0; tick < 100; tick++) {
      measured = jointPosition(mapJoints(measured, (angle) => angle + 0.002));
      bench.now += PERIOD;
      bench.supervisor.armState({ ...bench.state, receivedAt: bench.now, measured }, bench.now);
      bench.supervisor.tick(bench.now, bench.now);
    }
    const stops = bench.wire.filter((item) => item.kind === "stop").length;
    assert.ok(stops >= 7 && stops <= 9, String(stops));
    assert.equal(bench.latest.stops[0]?.code, "stop-not-obeyed");
    assert.ok(bench.cuts > 0);
  });

  it("one that stops keeps its supply", () => {
    const bench = moving();
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    bench.pass(1);
    assert.equal(bench.cuts, 0);
  });
});

describe("supervisor: reports", () => {
  it("every 20 ms and at each change of mode", () => {
    const bench = new Supervised().engaged();
    const count = bench.told.filter((message) => message.kind === "state").length;
    bench.pass(1);
    assert.equal(bench.told.filter((message) => message.kind === "state").length - count, 50);
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    const last = bench.told.at(-1);
    assert.equal(last?.kind === "state" && last.state.mode, "fault");
  });

  it("comes to rest and ends the stream when the process is told to end", () => {
    const bench = moving();
    bench.supervisor.shutDown(bench.now);
    bench.pass(0.5);
    assert.equal(bench.latest.mode, "standby");
    assert.equal(bench.supervisor.engaged, false);
    assert.equal(bench.speed, 0);
  });
});
