import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LEASE, Supervised } from "./supervised.js";

const ACKNOWLEDGE = { kind: "acknowledge", reason: "looked at it" } as const;

/** A supervisor that needs hold-to-run, engaged, with the control pressed after that. */
function pressed(): Supervised {
  const bench = new Supervised({ holdToRun: true }).engaged();
  bench.beat(true);
  return bench;
}

describe("supervisor: hold-to-run", () => {
  it("no motion without it; engaging is none", () => {
    const bench = new Supervised({ holdToRun: true }).engaged();
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.latest.holdToRun, "released");
    for (const kind of ["home", "follow-policy"] as const) {
      assert.match(bench.request({ kind }).reason, /hold-to-run is not pressed/);
    }
    bench.beat(true);
    assert.equal(bench.latest.holdToRun, "pressed");
    assert.equal(bench.request({ kind: "home" }).ok, true);
    bench.pass(8);
    assert.equal(bench.latest.mode, "hold");
    assert.deepEqual(bench.stops, []);
  });

  it("let go: the ramp begins in the next tick, and pressing again resumes nothing", () => {
    const bench = pressed();
    bench.request({ kind: "home" });
    bench.pass(1);
    assert.ok(bench.speed > 0.1);
    bench.beat(false);
    assert.equal(bench.stops.at(-1)?.code, "deadman-released");
    const before = bench.setpoints.length;
    bench.pass(0.01);
    assert.equal(bench.setpoints[before]?.source, "stop");
    bench.beat(true);
    bench.pass(1);
    assert.equal(bench.latest.mode, "hold");
    assert.equal(bench.speed, 0);
  });

  it("held through the loss of something else counts again only once it is pressed anew", () => {
    const bench = pressed();
    bench.request({ kind: "follow-policy" });
    bench.pass(0.2, { guardian: true }).pass(0.6);
    assert.equal(bench.stops.at(-1)?.code, "guardian-lost");
    assert.equal(bench.latest.holdToRun, "stale");
    assert.match(bench.request({ kind: "home" }).reason, /press it anew/);
    bench.beat(false);
    bench.beat(true);
    assert.equal(bench.request({ kind: "home" }).ok, true);
  });

  it("is not needed while a supervisor allows it; that ends at his word, with the daemon and after two hours", () => {
    const bench = new Supervised({ holdToRun: true }).engaged();
    const allow = (allowed: boolean): void =>
      bench.supervisor.handle({ kind: "allow-unattended", allowed, by: "Sue" }, bench.now);
    allow(true);
    assert.equal(bench.latest.holdToRun, "waived");
    assert.equal(bench.request({ kind: "home" }).ok, true);
    bench.pass(1);
    allow(false);
    bench.pass(0.02);
    assert.equal(bench.stops.at(-1)?.code, "deadman-released");
    allow(true);
    bench.supervisor.daemonLost(bench.now);
    assert.equal(bench.latest.holdToRun, "released");
    allow(true);
    bench.now += 7200;
    assert.equal(bench.latest.holdToRun, "released");
  });

  it("a latched stop ends such a permission", () => {
    const bench = new Supervised({ holdToRun: true }).engaged();
    bench.supervisor.handle({ kind: "allow-unattended", allowed: true, by: "Sue" }, bench.now);
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    assert.equal(bench.request(ACKNOWLEDGE).ok, true);
    bench.request({ kind: "engage" });
    bench.pass(0.4);
    assert.match(bench.request({ kind: "home" }).reason, /hold-to-run/);
  });
});

describe("supervisor: who may acknowledge", () => {
  /** Latches a fault of the arm and lets its cause go. */
  function fault(bench: Supervised): Supervised {
    bench.report({ systemErrors: [0x100d] });
    bench.report({ systemErrors: [] });
    return bench.pass(1.1);
  }

  it("an operator what somebody stopped, a supervisor a fault of the arm", () => {
    const bench = new Supervised({ role: "operator" }).engaged();
    bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
    assert.equal(bench.request(ACKNOWLEDGE).ok, true);
    assert.match(fault(bench).request(ACKNOWLEDGE).reason, /your role/);
    bench.beat(false, LEASE + 1, "supervisor");
    assert.equal(bench.request(ACKNOWLEDGE, LEASE + 1).ok, true);
  });

  it("a maintainer what has come three times in ten minutes; a person may stop as often as they like", () => {
    const bench = new Supervised({ role: "supervisor" }).connected();
    for (let time = 1; time <= 5; time += 1) {
      bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
      assert.equal(bench.request(ACKNOWLEDGE).ok, true);
    }
    assert.equal(fault(bench).request(ACKNOWLEDGE).ok, true);
    assert.equal(fault(bench).request(ACKNOWLEDGE).ok, true);
    assert.match(fault(bench).request(ACKNOWLEDGE).reason, /your role/);
    bench.beat(false, LEASE + 1, "maintainer");
    assert.equal(bench.request(ACKNOWLEDGE, LEASE + 1).ok, true);
    bench.now += 600;
    bench.beat(false, LEASE + 2, "supervisor");
    bench.report();
    assert.equal(bench.supervisor.mode, "standby");
    bench.report({ systemErrors: [0x100d] });
    bench.report({ systemErrors: [] });
    bench.now += 1.1;
    bench.report();
    bench.beat(false, LEASE + 2, "supervisor");
    assert.equal(bench.request(ACKNOWLEDGE, LEASE + 2).ok, true);
  });
});
