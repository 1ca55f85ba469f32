import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jointPosition, mapJoints } from "../../daemon/types/units.js";
import { LEASE, Supervised } from "./supervised.js";

const ACKNOWLEDGE = { kind: "acknowledge", reason: "looked at it" } as const;

/** Something else moves J1 at so many degrees a second, as the arm reports it. */
function driven(bench: Supervised, speed: number, seconds: number): Supervised {
  bench.frozen = true;
  for (let tick = Math.round(seconds / 0.01); tick > 0; tick--) {
    const step = (speed * 0.01 * Math.PI) / 180;
    const measured = jointPosition(mapJoints(bench.state.measured, (angle, joint) => angle + (joint === 0 ? step : 0)));
    bench.state = { ...bench.state, measured };
    bench.pass(0.01);
  }
  return bench;
}

/** Engaged, then a pendant's `movej`, and the stop that it got. */
function stoppedByPendant(): Supervised {
  const bench = new Supervised().engaged();
  bench.frozen = true;
  bench.report({ status: "move_J" });
  bench.state = { ...bench.state, status: "move_J" };
  assert.equal(bench.supervisor.mode, "fault");
  return bench;
}

const told = ({ stops }: Supervised): readonly string[] => stops.map(({ code }) => code);

const stopsSent = ({ wire }: Supervised): number => wire.filter(({ kind }) => kind === "stop").length;

/** Latched, and whoever was in control is so no longer: not by going on to beat, only by taking control anew. */
function assertLost(bench: Supervised): void {
  assert.equal(bench.supervisor.mode, "fault");
  assert.deepEqual(
    bench.stops.map(({ code, latched }) => [code, latched]),
    [["foreign-motion", true]],
  );
  assert.match(bench.request({ kind: "engage" }).reason, /the mode is fault/);
  bench.state = { ...bench.state, status: "idle" };
  bench.pass(1.2);
  assert.match(bench.request(ACKNOWLEDGE).reason, /not in control/);
  bench.beat(false, LEASE + 1, "operator");
  assert.match(bench.request(ACKNOWLEDGE, LEASE + 1).reason, /it takes a supervisor/);
  bench.beat(false, LEASE + 2, "supervisor");
  assert.deepEqual(bench.request(ACKNOWLEDGE, LEASE + 2).reason, "");
  assert.equal(bench.request({ kind: "engage" }, LEASE + 2).ok, true);
}

describe("OP-06: foreign motion", () => {
  for (const status of ["move_J", "move_through_pose", "pause", "tech_demonstration"]) {
    it(`while the arm stands by, ${status}: a quick stop, latched, control is lost`, () => {
      const bench = new Supervised().connected();
      bench.report({ status });
      assert.deepEqual(bench.wire, [{ kind: "stop", stop: "quick" }]);
      assertLost(bench);
    });
  }

  for (const status of ["current_drag", "sensor_drag"]) {
    it(`while the arm stands by and a person moves it by hand (${status}): latched, control is lost, and the hand is not braked`, () => {
      const bench = new Supervised().connected();
      bench.state = { ...bench.state, status };
      driven(bench, 20, 2);
      assert.deepEqual(bench.wire, []);
      assertLost(bench);
      assert.equal(stopsSent(bench), 0);
    });
  }

  it("while the arm stands by and moves without a word of it: a quick stop, latched, control is lost", () => {
    const bench = driven(new Supervised().connected(), 5, 0.3);
    assert.equal(stopsSent(bench), 1);
    assertLost(bench);
  });

  it("while a stop is latched already it is the way out: nothing is sent, nothing more is latched, control stays", () => {
    for (const status of ["current_drag", "move_J"]) {
      const bench = new Supervised().engaged();
      bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
      bench.pass(1);
      const sent = stopsSent(bench);
      bench.state = { ...bench.state, status };
      driven(bench, 20, 2);
      assert.equal(stopsSent(bench), sent, status);
      assert.deepEqual(
        bench.stops.map(({ code }) => code),
        ["operator-stop"],
      );
      bench.state = { ...bench.state, status: "idle" };
      bench.pass(0.2);
      assert.equal(bench.request(ACKNOWLEDGE).ok, true, "under the lease of before");
    }
  });

  it("before the arm has settled after a stop it is no way out: stopped again every 100 ms, and told once", () => {
    const bench = stoppedByPendant();
    const sent = stopsSent(bench);
    driven(bench, 20, 0.25);
    assert.equal(stopsSent(bench), sent + 2);
    bench.pass(0.1);
    driven(bench, 20, 0.25);
    assert.equal(stopsSent(bench), sent + 5, "stood in between, and commanded anew");
    assert.deepEqual([bench.cuts, told(bench)], [0, ["foreign-motion", "moves-unasked"]]);
    assert.match(bench.stops[1]?.detail ?? "", /^the arm moves \(move_J\) 1\d\d ms after it was stopped/);
    bench.pass(0.6);
    const settled = stopsSent(bench);
    driven(bench, 20, 2);
    assert.deepEqual([stopsSent(bench), bench.cuts], [settled, 0], "the way out");
  });

  it("that does not let the arm stand for 300 ms after a stop costs it its supply", () => {
    const bench = stoppedByPendant();
    driven(bench, 20, 0.28);
    assert.equal(bench.cuts, 0);
    driven(bench, 20, 0.2);
    assert.ok(bench.cuts >= 1);
    assert.equal(told(bench).at(-1), "stop-not-obeyed");
  });

  it("before the arm has settled after a stop a hand is not braked all the same", () => {
    const bench = stoppedByPendant();
    const sent = stopsSent(bench);
    bench.state = { ...bench.state, status: "current_drag" };
    driven(bench, 20, 2);
    assert.deepEqual([stopsSent(bench), bench.cuts, told(bench)], [sent, 0, ["foreign-motion"]]);
  });

  it("a word that stays without a motion is nothing to stop again for, and the arm settles", () => {
    const bench = stoppedByPendant();
    const sent = stopsSent(bench);
    bench.pass(0.6);
    driven(bench, 20, 1);
    assert.deepEqual([stopsSent(bench), bench.cuts, told(bench)], [sent, 0, ["foreign-motion"]]);
  });

  it("while this program has the arm: a quick stop also of a hand, latched, control is lost", () => {
    const bench = new Supervised().engaged();
    const count = bench.wire.length;
    bench.report({ status: "current_drag" });
    assert.deepEqual(bench.wire.slice(count), [{ kind: "stop", stop: "quick" }]);
    assertLost(bench);
  });

  it("is nothing that our own stream and stops are called, nor an arm that trembles less than 2 degrees a second", () => {
    const bench = new Supervised().connected();
    for (const status of ["idle", "move_through_joint", "stop", "slow_stop"]) {
      bench.state = { ...bench.state, status };
      bench.pass(0.2);
    }
    driven(bench, 1.5, 0.5);
    assert.deepEqual([bench.supervisor.mode, bench.stops, bench.wire], ["standby", [], []]);
    assert.equal(bench.request({ kind: "engage" }).ok, true);
  });
});
