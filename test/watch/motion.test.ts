import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { withTablePlane } from "../../daemon/motion/placement.js";
import { type JointVector, jointAt, mapJoints } from "../../daemon/types/units.js";
import { NO_HISTORY } from "../../daemon/watch/history.js";
import { stopIn, stopTold } from "../../daemon/watch/stop-conditions.js";
import { LIMITS } from "../limits.js";
import { pointByScrews } from "../motion/product-of-exponentials.js";
import { DEGREE, only, POSE, shifted, Watched } from "./watched.js";

const POLICY = LIMITS.policy.velocity;

describe("what is measured of a motion: nothing is found", () => {
  it("at nearly full speed of one joint after the other, in both directions, and at rest", () => {
    const bench = new Watched();
    for (const joint of [0, 2, 4, 5, 6]) {
      for (const sign of [1, -1]) {
        bench.speed = mapJoints(POSE, (_, index) => (index === joint ? 0.1 * sign : 0));
        bench.pass(0.3);
      }
    }
    bench.speed = only(6, 57);
    bench.pass(0.5);
    bench.speed = only(6, 0);
    bench.pass(0.6);
    assert.deepEqual(bench.codes, []);
  });

  it("when reports come late and together, and when some get lost", () => {
    const bench = new Watched();
    for (let burst = 0; burst < 20; burst++) {
      const rate = burst % 2 === 0 ? 50 : -50;
      bench.turnTo(6, rate);
      const { now } = bench;
      // 40 ms of silence, then eight reports within a millisecond.
      for (let count = 1; count <= 8; count++) {
        bench.commanded = shifted(bench.commanded, 6, rate * 0.005);
        bench.now = now + 0.04 + count * 1e-4;
        assert.equal(bench.report(), true);
        bench.note();
      }
    }
    assert.deepEqual([...bench.ids], []);
  });

  it("when an arm's report stands still for 60 ms and then jumps to where it is", () => {
    const bench = new Watched();
    bench.speed = only(4, 40);
    bench.pass(0.2);
    const held = bench.commanded;
    bench.measured = () => held;
    bench.pass(0.06);
    bench.measured = null;
    bench.pass(0.3);
    assert.deepEqual([...bench.ids], []);
  });
});

describe("ML-02: measured beyond the soft limits", () => {
  it("by more than a degree: protective stop; by less: nothing", () => {
    const bench = new Watched();
    bench.commanded = shifted(POSE, 0, 175.9);
    assert.deepEqual(bench.pass(0.2).codes, []);
    bench.commanded = shifted(POSE, 0, 176.1);
    assert.deepEqual(bench.pass(0.05).codes, ["outside-limits/protective-stop"]);
  });
});

describe("ML-02: an arm that is brought back inside its limits", () => {
  /** The hand far enough from the arm to be turned round. */
  const OPEN: JointVector = mapJoints([0, -11, 0, 69, 0, 63, 0], (angle) => angle * DEGREE);

  /** J7 three degrees outside, at the beginning of its way back. */
  function begun(): Watched {
    const bench = new Watched();
    bench.mode = "fault";
    bench.commanded = shifted(OPEN, 6, 178);
    bench.pass(0.1).mode = "recovery";
    bench.watch.recoveryBegins(bench.now);
    bench.found.clear();
    return bench;
  }

  it("is not stopped for what it was outside by, whole and on its way back at full speed", () => {
    const bench = begun();
    assert.deepEqual(bench.watch.findings, [], "at once, not only with the next report");
    bench.pass(0.3).speed = only(6, -10);
    bench.pass(0.35).speed = only(6, 0);
    assert.deepEqual(bench.pass(0.3).codes, []);
  });

  it("further out by more than half a degree than where it began: protective stop; by less: nothing", () => {
    const bench = begun();
    bench.commanded = shifted(OPEN, 6, 178.4);
    assert.deepEqual(bench.pass(0.1).codes, []);
    bench.commanded = shifted(OPEN, 6, 178.6);
    assert.deepEqual(bench.pass(0.05).codes, ["outside-limits/protective-stop"]);
    assert.match(bench.found.get("outside-limits/protective-stop")?.detail ?? "", /^J7 stands 3.6 deg outside/);
  });

  it("another joint more than a degree outside: protective stop", () => {
    const bench = begun();
    bench.commanded = shifted(shifted(OPEN, 6, 178), 0, 175.9);
    assert.deepEqual(bench.pass(0.3, { silent: 0.2 }).codes, []);
    bench.commanded = shifted(shifted(OPEN, 6, 178), 0, 176.1);
    assert.deepEqual(bench.pass(0.05).codes, ["outside-limits/protective-stop"]);
  });

  it("is found again in the fault in which it ends outside, and when it begins anew from nowhere", () => {
    const bench = begun();
    bench.mode = "fault";
    assert.deepEqual(bench.pass(0.05).codes, ["outside-limits/protective-stop"]);
    const nowhere = new Watched();
    nowhere.watch.recoveryBegins(nowhere.now);
    nowhere.mode = "recovery";
    nowhere.commanded = shifted(OPEN, 6, 176.1);
    assert.deepEqual(nowhere.pass(0.05).codes, ["outside-limits/protective-stop"]);
  });

  it("a part of it faster than 1.3 times 50 mm/s for 50 ms: protective stop; 1.2 times: nothing", () => {
    const reach = Math.hypot(...pointByScrews(OPEN, 7, [0.011, 0.049, 0.155]).slice(0, 2));
    const at = (part: number): Watched => {
      const bench = begun();
      bench.commanded = shifted(OPEN, 6, 170);
      bench.pass(0.1, { silent: 0.2 });
      bench.found.clear();
      bench.speed = only(0, (part * LIMITS.recoverSpeed) / reach / DEGREE);
      return bench.pass(0.2);
    };
    assert.deepEqual(at(1.1).codes, []);
    assert.deepEqual(at(1.5).codes, ["cartesian-overspeed/protective-stop"]);
  });
});

describe("ML-04: measured joint speed", () => {
  it("1.3 times the limit: quick stop after 30 ms; 1.15 times: nothing", () => {
    const slow = new Watched();
    slow.speed = mapJoints(POLICY, (most, joint) => (joint === 6 ? most * 1.15 : 0));
    assert.ok(!slow.pass(0.5).ids.has("ML-04"));
    const fast = new Watched();
    fast.speed = only(6, 0);
    fast.pass(0.1);
    fast.speed = mapJoints(POLICY, (most, joint) => (joint === 6 ? most * 1.3 : 0));
    assert.ok(!fast.pass(0.03).ids.has("ML-04"));
    assert.deepEqual(fast.pass(0.05).codes, ["overspeed/quick-stop"]);
  });

  it("1.6 times the limit: quick stop within 40 ms; twice: within 30 ms", () => {
    for (const [times, within] of [
      [1.6, 0.04],
      [2, 0.03],
    ] as const) {
      const bench = new Watched();
      bench.pass(0.1).speed = mapJoints(POLICY, (most, joint) => (joint === 6 ? -most * times : 0));
      assert.ok(bench.pass(within).ids.has("ML-04"));
    }
  });

  it("1.6 times the limit and told to stand, or to go at a third of that: quick stop within 15 ms", () => {
    for (const part of [0, 0.5]) {
      const bench = new Watched();
      bench.speed = mapJoints(POLICY, (most, joint) => (joint === 2 ? part * most : 0));
      bench.pass(0.1);
      let away = 0;
      bench.measured = (commanded) => {
        away += 0.005 * (1.6 - part) * jointAt(POLICY, 2);
        return mapJoints(commanded, (angle, joint) => (joint === 2 ? angle + away : angle));
      };
      assert.deepEqual(bench.pass(0.015).codes, ["overspeed/quick-stop"]);
      assert.match(bench.found.get("overspeed/quick-stop")?.detail ?? "", /^J3 .* told nothing like it$/);
    }
  });

  it("at 0.55 of the limit, two setpoints a tick late and caught up at once: nothing", () => {
    const bench = new Watched();
    const some = mapJoints(POLICY, (most, joint) => (joint === 6 ? 0.55 * most : 0));
    bench.speed = some;
    bench.pass(0.2).speed = mapJoints(some, () => 0);
    bench.pass(0.02).speed = mapJoints(some, (most) => 3 * most);
    bench.pass(0.01).speed = some;
    bench.pass(0.2);
    assert.deepEqual([...bench.ids], []);
  });

  it("at the limit, one setpoint a tick late and caught up: nothing", () => {
    const bench = new Watched();
    const full = mapJoints(POLICY, (most, joint) => (joint === 6 ? most : 0));
    bench.speed = full;
    bench.pass(0.2).speed = mapJoints(full, () => 0);
    bench.pass(0.01).speed = mapJoints(full, (most) => 2 * most);
    bench.pass(0.01).speed = full;
    bench.pass(0.2);
    assert.deepEqual([...bench.ids], []);
  });
});

describe("ML-04: reports that arrive late", () => {
  it("are no speed, however late and however many at once, while none is lost", () => {
    const delay = fc.oneof(fc.constant(0), fc.double({ min: 0, max: 0.05, noNaN: true }));
    fc.assert(
      fc.property(fc.array(delay, { minLength: 40, maxLength: 80 }), (delays) => {
        const bench = new Watched();
        const begun = bench.now;
        delays.forEach((late, index) => {
          const measuredAt = 0.005 * (index + 1);
          bench.commanded = shifted(POSE, 6, 57 * measuredAt);
          // Datagrams on one wire do not overtake each other.
          bench.now = Math.max(bench.now + 1e-5, begun + measuredAt + late);
          bench.report();
          bench.note();
        });
        assert.ok(!bench.ids.has("ML-04"));
      }),
      { numRuns: 100 },
    );
  });

  it("hide no arm that is twice as fast: quick stop within 30 ms of a late report", () => {
    const bench = new Watched();
    bench.pass(0.1).speed = mapJoints(POLICY, (most, joint) => (joint === 6 ? most * 2 : 0));
    bench.commanded = mapJoints(bench.commanded, (angle, joint) => angle + jointAt(bench.speed, joint) * 0.015);
    bench.now += 0.015;
    bench.report();
    assert.ok(bench.pass(0.03).ids.has("ML-04"));
  });
});

describe("ML-08: measured speed of a part", () => {
  it("1.4 times the cell's speed for 50 ms: protective stop; 1.2 times: nothing", () => {
    // The fingertips are 0.42 m from the axis of J1 in this pose.
    const slow = new Watched();
    slow.speed = only(0, 30);
    assert.ok(!slow.pass(0.5).ids.has("ML-08"));
    const stretched: JointVector = mapJoints([0, 60, 0, 20, 0, 0, 0], (angle) => angle * DEGREE);
    const fast = new Watched();
    fast.commanded = stretched;
    fast.pass(0.1).speed = only(0, 29);
    assert.deepEqual(fast.pass(0.2).codes, ["cartesian-overspeed/protective-stop"]);
  });
});

describe("ML-10, ML-11: measured pose", () => {
  it("a fingertip in the table: protective stop; on it: nothing", () => {
    const bench = new Watched();
    bench.commanded = mapJoints([0, 42, 0, 75, 0, 63, 0], (angle) => angle * DEGREE);
    assert.deepEqual(bench.pass(0.05).codes, []);
    bench.speed = only(1, 10);
    assert.ok(bench.pass(1.5).ids.has("ML-10"));
  });

  it("a fingertip in the table as it was measured: protective stop; on it: nothing", () => {
    const pose = mapJoints([0, 30, 0, 75, 0, 75, 0], (angle) => angle * DEGREE);
    const tips = LIMITS.cell.body.points.filter(({ fingertip }) => fingertip);
    const low = Math.min(...tips.map(({ frame, at }) => pointByScrews(pose, frame, at)[2]));
    const found = (height: number): readonly string[] => {
      const cell = withTablePlane(LIMITS.cell, { normal: [0, 0, 1], height });
      const bench = new Watched({ ...LIMITS, cell });
      bench.commanded = pose;
      return bench.pass(0.05).codes;
    };
    assert.deepEqual(found(low), []);
    assert.deepEqual(found(low + LIMITS.watch.underTable + 0.001), ["below-table/protective-stop"]);
  });

  it("parts less than 10 mm apart: quick stop; more: nothing", () => {
    const bench = new Watched();
    bench.commanded = mapJoints([0, 0, 0, 100, 0, 100, 0], (angle) => angle * DEGREE);
    assert.deepEqual(bench.pass(0.05).codes, []);
    bench.speed = mapJoints(POSE, (_, joint) => (joint === 3 || joint === 5 ? 8 * DEGREE : 0));
    assert.ok(bench.pass(2.5).codes.includes("too-near/quick-stop"));
  });
});

describe("ML-13: behind all that was commanded lately", () => {
  it("is told beyond 3 degrees, not for the lag of a fast motion", () => {
    const bench = new Watched();
    bench.speed = only(6, 57);
    bench.measured = (q) => shifted(q, 6, -57 * 0.04);
    assert.deepEqual(bench.pass(0.4).codes, []);
    bench.measured = (q) => shifted(q, 6, -57 * 0.04 - 4);
    bench.pass(0.2);
    assert.ok(bench.codes.includes("falls-behind/note"));
  });
});

describe("ML-14: one joint stands while the others move", () => {
  const both: JointVector = mapJoints(POSE, (_, joint) => (joint === 4 || joint === 6 ? 15 * DEGREE : 0));

  it("protective stop", () => {
    const bench = new Watched();
    bench.pass(0.4).speed = both;
    const at = bench.commanded;
    bench.measured = (q) => mapJoints(q, (angle, joint) => (joint === 4 ? (at[4] ?? 0) : angle));
    bench.pass(0.35);
    assert.deepEqual(
      [...bench.ids],
      ["ML-14", "ML-13"].filter((id) => bench.ids.has(id)),
    );
    assert.ok(bench.codes.includes("joint-stuck/protective-stop"));
  });

  it("is not found of an arm whose reports stand still as a whole, nor of one that lags", () => {
    const bench = new Watched();
    bench.pass(0.4).speed = both;
    const at = bench.commanded;
    bench.measured = () => at;
    bench.pass(0.25).measured = null;
    bench.pass(0.3).measured = (q) => mapJoints(q, (angle, joint) => (joint === 4 ? angle - 0.7 * DEGREE : angle));
    bench.pass(0.5);
    assert.ok(!bench.ids.has("ML-14"));
  });
});

describe("ML-15: an arm that should stand", () => {
  function standing(): Watched {
    const bench = new Watched();
    bench.mode = "hold";
    bench.facts = { stands: true };
    return bench.pass(0.8);
  }

  it("may tremble and settle", () => {
    const bench = standing();
    for (let count = 0; count < 50; count++) {
      bench.measured = (q) => shifted(q, 3, count % 2 === 0 ? 0.03 : -0.03);
      bench.pass(0.01);
    }
    bench.measured = (q) => shifted(q, 3, 0.5);
    assert.deepEqual(bench.pass(0.5).codes, []);
  });

  it("drifts by more than a degree: quick stop", () => {
    const bench = standing();
    for (let count = 1; count <= 60; count++) {
      bench.measured = (q) => shifted(q, 3, count * 0.019);
      bench.pass(0.01);
    }
    assert.deepEqual(bench.codes, ["moves-unasked/quick-stop"]);
  });

  it("drifts as soon as it rests: from the pose that it was told, not from where it is once it should have settled", () => {
    const bench = new Watched();
    bench.mode = "hold";
    bench.facts = { stands: true, toldToStand: bench.commanded };
    for (let count = 1; count <= 53; count++) {
      bench.measured = (q) => shifted(q, 3, count * 0.0195);
      bench.pass(0.01);
    }
    assert.deepEqual(bench.codes, ["moves-unasked/quick-stop"]);
  });

  it("a little off the pose that it was told is as well as on it", () => {
    const bench = new Watched();
    bench.mode = "hold";
    bench.facts = { stands: true, toldToStand: shifted(bench.commanded, 3, 0.9) };
    assert.deepEqual(bench.pass(2).codes, []);
  });

  it("moves at more than 2 degrees a second: quick stop before it has gone a degree", () => {
    const bench = standing();
    for (let count = 1; count <= 13; count++) {
      bench.measured = (q) => shifted(q, 3, count * 0.07);
      bench.pass(0.01);
    }
    assert.deepEqual(bench.codes, ["moves-unasked/quick-stop"]);
  });
});

describe("ML-15: an arm that has left where it stood after a stop", () => {
  function slipped(degrees: number): Watched {
    const bench = new Watched();
    bench.pass(0.2).watch.stopped(bench.now);
    bench.mode = "fault";
    bench.facts = { stands: true };
    bench.pass(1).measured = (q) => shifted(q, 3, degrees);
    return bench;
  }

  it("is found for as long as it moves, and once more a degree further; calm for a second it stands there", () => {
    const bench = slipped(1.5).pass(0.9);
    assert.deepEqual(
      bench.watch.findings.map(({ code }) => code),
      ["moves-unasked"],
    );
    assert.deepEqual(bench.pass(0.2).watch.findings, []);
    bench.measured = (q) => shifted(q, 3, 2.3);
    assert.deepEqual(bench.pass(2).watch.findings, []);
    bench.measured = (q) => shifted(q, 3, 2.7);
    assert.deepEqual(
      bench.pass(0.5).watch.findings.map(({ code }) => code),
      ["moves-unasked"],
    );
  });

  it("is found without a pause while it goes on at half a degree a second", () => {
    const bench = slipped(0);
    for (let count = 1; count <= 800; count++) {
      bench.measured = (q) => shifted(q, 3, count * 0.005);
      bench.pass(0.01);
      const found = bench.watch.findings.some(({ code }) => code === "moves-unasked");
      assert.ok(found || count <= 201, `${count}`);
    }
  });

  it("is found again and again while it creeps", () => {
    const bench = slipped(0);
    for (let count = 1; count <= 3750; count++) {
      bench.measured = (q) => shifted(q, 3, count * 0.001);
      bench.pass(0.01);
      if (count % 1250 === 0) {
        assert.ok(bench.codes.includes("moves-unasked/quick-stop"), `${count}`);
        bench.found.clear();
      }
    }
  });
});

describe("ML-15: an arm that something else commands right after a stop", () => {
  function pressed(status: string): Watched {
    const bench = new Watched();
    bench.pass(0.2).watch.stopped(bench.now);
    bench.mode = "fault";
    bench.facts = { stands: true };
    bench.pass(0.2).state = { status };
    bench.speed = only(0, 20);
    return bench;
  }

  it("is told to stop again from 100 ms on after the last time", () => {
    const bench = pressed("move_J").pass(0.06);
    assert.deepEqual(bench.codes, ["foreign-motion/quick-stop", "moves-unasked/quick-stop"]);
    bench.watch.stoppedAgain(bench.now);
    bench.found.clear();
    assert.deepEqual(bench.pass(0.08).codes, ["foreign-motion/quick-stop"]);
    assert.deepEqual(bench.pass(0.03).codes, ["foreign-motion/quick-stop", "moves-unasked/quick-stop"]);
  });

  it("has 300 ms to stand anew where it stood in between, and no more where it did not", () => {
    const bench = pressed("move_J").pass(0.05);
    bench.watch.stoppedAgain(bench.now);
    bench.pass(0.15).watch.stoppedAgain(bench.now);
    bench.pass(0.13);
    assert.ok(!bench.codes.includes("stop-not-obeyed/cut-supply"));
    bench.pass(0.04);
    assert.ok(bench.codes.includes("stop-not-obeyed/cut-supply"));
  });

  it("is not taken to have stood where nothing is known of its speed", () => {
    assert.equal(stopIn(stopTold(null, 100), NO_HISTORY, 101, LIMITS.watch).stood, false);
  });

  it("is left alone where a hand moves it, or where it has settled, even if its stop is told again for something else", () => {
    assert.deepEqual(pressed("current_drag").pass(1).codes, ["foreign-motion/quick-stop"]);
    const bench = pressed("move_J");
    bench.speed = only(0, 0);
    bench.pass(0.4).watch.stoppedAgain(bench.now);
    bench.speed = only(0, 20);
    assert.deepEqual(bench.pass(1).codes, ["foreign-motion/quick-stop"]);
  });
});

describe("OP-06: something else drives the arm", () => {
  it("by its own word: quick stop; the words of our own stream and stops: nothing", () => {
    for (const status of ["idle", "move_through_joint", "stop", "slow_stop"]) {
      const bench = new Watched();
      bench.state = { status };
      assert.deepEqual(bench.pass(0.2).codes, [], status);
    }
    for (const status of ["move_J", "current_drag", "move_through_pose", "pause"]) {
      const bench = new Watched();
      bench.state = { status };
      assert.deepEqual(bench.pass(0.02).codes, ["foreign-motion/quick-stop"], status);
    }
  });

  it("that moves while it stands by bars engaging", () => {
    const bench = new Watched();
    bench.mode = "standby";
    bench.state = { status: "idle" };
    assert.deepEqual(bench.pass(0.3).codes, []);
    bench.speed = only(0, 5);
    assert.ok(bench.pass(0.3).codes.includes("foreign-motion/quick-stop"));
  });
});

describe("AR-16: a stop that is not obeyed", () => {
  it("is found while the arm still moves 300 ms after it, and not of an arm that stands by then", () => {
    const bench = new Watched();
    bench.speed = only(4, 20);
    bench.pass(0.2).watch.stopped(bench.now);
    bench.mode = "fault";
    bench.facts = { stands: true };
    bench.pass(0.28);
    assert.deepEqual(bench.codes, []);
    bench.pass(0.1);
    assert.deepEqual(bench.codes, ["stop-not-obeyed/cut-supply"]);
    const obeying = new Watched();
    obeying.speed = only(4, 20);
    obeying.pass(0.2).watch.stopped(obeying.now);
    obeying.mode = "fault";
    obeying.facts = { stands: true };
    obeying.pass(0.1).speed = only(4, 0);
    assert.deepEqual(obeying.pass(2).codes, []);
  });

  it("is forgotten once the stop is acknowledged", () => {
    const bench = new Watched();
    bench.watch.stopped(bench.now);
    bench.mode = "fault";
    bench.facts = { stands: true };
    bench.pass(0.1).mode = "standby";
    bench.facts = {};
    bench.pass(0.02).mode = "policy";
    bench.speed = only(4, 20);
    assert.deepEqual(bench.pass(1).codes, []);
  });

  it("whoever moves the arm out of a fault by its pendant is left alone", () => {
    const bench = new Watched();
    bench.watch.stopped(bench.now);
    bench.mode = "fault";
    bench.facts = { stands: true };
    bench.pass(1).state = { status: "current_drag" };
    bench.pass(0.1).speed = only(4, 20);
    bench.pass(1);
    assert.deepEqual(bench.codes, ["foreign-motion/quick-stop"]);
  });
});
