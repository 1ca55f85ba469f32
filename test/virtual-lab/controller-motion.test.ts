import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type JointPosition, jointPosition } from "../../daemon/types/units.js";
import type { Violations } from "../../drivers/virtual-lab/controller/arrivals.js";
import { CYCLE, Motion, type StreamFrame } from "../../drivers/virtual-lab/controller/motion.js";
import { planThrough } from "../../drivers/virtual-lab/controller/plan.js";
import { degrees } from "./controller-client.js";

const DEGREE = Math.PI / 180;
const START = degrees(0, -20, 0, 95, 0, 105, 0);
const LIMITS = {
  minimum: [-178, -130, -178, -135, -178, -128, -360].map((angle) => angle * DEGREE),
  maximum: [178, 130, 178, 135, 178, 128, 360].map((angle) => angle * DEGREE),
  maximumSpeed: [180, 180, 225, 225, 225, 225, 225].map((speed) => speed * DEGREE),
};

/** A motion on a clock of its own. */
class Bench {
  readonly broken: (keyof Violations)[] = [];
  readonly motion = new Motion(
    START,
    () => LIMITS,
    (rule) => this.broken.push(rule),
  );
  now = 100;
  #tickAt = 100;

  /** Lets time pass, with the controller's cycles in it. */
  pass(seconds: number): void {
    const until = this.now + seconds;
    for (; this.#tickAt <= until + 1e-9; this.#tickAt += CYCLE) {
      this.motion.tick(this.#tickAt);
    }
    this.now = until;
  }

  /** Lets time pass without a cycle. */
  stall(seconds: number): void {
    this.now += seconds;
    this.#tickAt = this.now;
  }

  frame(j1: number, more: Partial<StreamFrame> = {}): void {
    const frame: StreamFrame = { q: joint1(j1), high: true, status: "move_through_joint", smoothing: 1, ...more };
    this.motion.stream(frame, this.now);
  }

  /** Streams joint 1 along `path` (degrees of time) every 10 ms, each frame late by up to `jitter`. */
  stream(path: (t: number) => number, seconds: number, jitter = 0): void {
    for (let n = 0; n * 0.01 < seconds; n += 1) {
      const late = n % 3 === 1 ? jitter : 0;
      this.pass(late);
      this.frame(path(n * 0.01));
      this.pass(0.01 - late);
    }
  }

  /** Joint 1 in degrees. */
  get j1(): number {
    return this.motion.commanded[0] / DEGREE;
  }
}

function joint1(angle: number): JointPosition {
  const [, ...rest] = START;
  return jointPosition([angle * DEGREE, ...rest]);
}

/** A path in degrees that starts and ends at rest. */
function smooth(to: number, seconds: number): (t: number) => number {
  return (t) => {
    const s = Math.min(1, t / seconds);
    return to * s * s * s * (10 - 15 * s + 6 * s * s);
  };
}

describe("high follow", () => {
  it("tracks a stream one period behind, breaks no rule, and holds its end", () => {
    const bench = new Bench();
    bench.stream(smooth(30, 1), 1.1);
    assert.ok(Math.abs(bench.j1 - 30) < 1e-6);
    assert.equal(bench.motion.status(), "move_through_joint");
    bench.pass(0.5);
    assert.ok(Math.abs(bench.j1 - 30) < 1e-6);
    assert.equal(bench.motion.status(), "idle");
    assert.deepEqual(bench.broken, []);
    assert.deepEqual([...bench.motion.systemErrors], []);
  });

  it("takes jitter of the network for jitter, not for acceleration", () => {
    const bench = new Bench();
    bench.stream(smooth(60, 2), 2, 0.006);
    assert.deepEqual(new Set(bench.broken), new Set(["period"]));
    assert.deepEqual([...bench.motion.systemErrors], []);
  });

  it("does not blame the stream for frames that waited while this program was held up", () => {
    const bench = new Bench();
    const path = smooth(60, 2);
    bench.stream(path, 1);
    const heldUp = 0.4;
    bench.stall(heldUp);
    for (let t = 1; t < 1 + heldUp; t += 0.01) {
      bench.frame(path(t));
    }
    for (let t = 1 + heldUp; t < 2.2; t += 0.01) {
      bench.pass(0.01);
      bench.frame(path(t));
    }
    bench.pass(0.1);
    assert.deepEqual(bench.broken, []);
    assert.deepEqual([...bench.motion.systemErrors], []);
    assert.ok(Math.abs(bench.j1 - 60) < 1e-6);
  });

  it("starts only at the present pose", () => {
    const bench = new Bench();
    bench.frame(11);
    bench.pass(0.2);
    assert.equal(bench.j1, 0);
    assert.deepEqual(bench.broken, ["start"]);
    assert.equal(bench.motion.jointErrors[0], 0x4000);
  });

  it("does not respond to a step of more than 10 degrees: 0x4000 until cleared", () => {
    const bench = new Bench();
    bench.frame(0);
    bench.pass(0.01);
    bench.frame(10.5);
    bench.pass(0.05);
    assert.equal(bench.j1, 0);
    assert.equal(bench.motion.jointErrors[0], 0x4000);
    assert.deepEqual(bench.broken, ["step"]);
    bench.frame(0.5);
    bench.pass(0.05);
    assert.equal(bench.j1, 0);
    bench.motion.jointErrors.fill(0);
    bench.frame(0.5);
    bench.pass(0.05);
    assert.ok(Math.abs(bench.j1 - 0.5) < 1e-9);
  });

  it("stops with 0x1007 above 180 degrees a second", () => {
    const bench = new Bench();
    bench.frame(0);
    bench.pass(0.01);
    bench.frame(2);
    assert.ok(bench.motion.systemErrors.has(0x1007));
    assert.deepEqual(bench.broken, ["speed"]);
  });

  it("stops with 0x100A at a jump of speed", () => {
    const bench = new Bench();
    bench.stream((t) => 120 * t, 0.06);
    assert.ok(bench.broken.includes("acceleration"));
  });

  it("counts a period of more than 10 ms", () => {
    const bench = new Bench();
    bench.frame(0);
    bench.pass(0.02);
    bench.frame(0.01);
    assert.deepEqual(bench.broken, ["period"]);
  });

  it("clears system errors with the next frame, but a datagram still gets to carry them", () => {
    const bench = new Bench();
    bench.stream(() => 0, 0.1);
    bench.motion.fail(0x100d);
    assert.ok(bench.motion.systemErrors.has(0x100d));
    bench.frame(0);
    assert.equal(bench.motion.systemErrors.size, 0);
    assert.ok(bench.motion.unpushedErrors.has(0x100d));
  });

  it("keeps a collision when the controller is set to keep it", () => {
    const bench = new Bench();
    bench.motion.collisionLatched = true;
    bench.motion.fail(0x100d);
    bench.frame(0);
    assert.deepEqual([...bench.motion.systemErrors], [0x100d]);
  });

  it("in mode 2 stops short unless the last target is repeated", () => {
    const bench = new Bench();
    bench.frame(0);
    bench.pass(0.01);
    bench.frame(1, { smoothing: 0.5 });
    bench.pass(0.1);
    assert.ok(bench.j1 < 0.6);
    for (let n = 0; n < 20; n += 1) {
      bench.frame(1, { smoothing: 0.5 });
      bench.pass(0.01);
    }
    assert.ok(Math.abs(bench.j1 - 1) < 1e-3);
  });
});

describe("low follow", () => {
  it("accepts any step and gets there slowly, inside the limits", () => {
    const bench = new Bench();
    bench.frame(170, { high: false });
    bench.pass(1);
    assert.ok(bench.j1 > 20 && bench.j1 < 160, `${bench.j1}`);
    bench.pass(6);
    assert.ok(Math.abs(bench.j1 - 170) < 0.05);
    assert.equal(bench.motion.status(), "idle");
    bench.frame(400, { high: false });
    bench.pass(10);
    assert.ok(bench.j1 <= 178.000_001);
    assert.deepEqual(bench.broken, []);
  });
});

describe("stopping", () => {
  it("set_arm_stop comes to rest within 30 ms and 0.5 degrees from 30 degrees a second", () => {
    const bench = new Bench();
    bench.stream(smooth(30, 1.875), 0.94);
    const before = bench.j1;
    bench.motion.stop("stop");
    assert.equal(bench.motion.status(), "stop");
    bench.pass(0.03);
    const rest = bench.j1;
    assert.ok(rest - before >= 0 && rest - before < 0.5, `${rest - before}`);
    bench.pass(0.1);
    assert.equal(bench.j1, rest);
    assert.equal(bench.motion.status(), "idle");
  });

  it("does not protect against a frame that comes after it", () => {
    const bench = new Bench();
    bench.motion.stop("stop");
    bench.pass(0.05);
    bench.frame(0.5);
    bench.pass(0.05);
    assert.ok(Math.abs(bench.j1 - 0.5) < 1e-9);
  });
});

describe("planned moves", () => {
  function move(bench: Bench, to: number, done: boolean[], v = 50): void {
    const plan = planThrough([bench.motion.commanded, joint1(to)], v, LIMITS.maximumSpeed);
    bench.motion.run([{ plan, status: "move_J", type: "movej", done: (ok) => done.push(ok) }], bench.now);
  }

  it("end at their goal and say so", () => {
    const bench = new Bench();
    const done: boolean[] = [];
    move(bench, 45, done);
    bench.pass(0.3);
    assert.equal(bench.motion.status(), "move_J");
    assert.deepEqual(done, []);
    bench.pass(2);
    assert.ok(Math.abs(bench.j1 - 45) < 1e-9);
    assert.deepEqual(done, [true]);
  });

  it("say nothing when they are stopped, and fail when a fault stops them", () => {
    const bench = new Bench();
    const done: boolean[] = [];
    move(bench, 45, done);
    bench.pass(0.2);
    bench.motion.stop("stop");
    bench.pass(1);
    assert.deepEqual(done, []);
    move(bench, 45, done);
    bench.pass(0.2);
    bench.motion.fail(0x100d);
    assert.deepEqual(done, [false]);
  });

  it("can be paused, and taken up again", () => {
    const bench = new Bench();
    move(bench, 45, []);
    bench.pass(0.3);
    bench.motion.stop("pause");
    bench.pass(0.5);
    assert.equal(bench.motion.status(), "pause");
    assert.ok(bench.motion.takePaused());
    assert.equal(bench.motion.takePaused(), null);
  });

  it("do not move joints that are disabled or in error", () => {
    const bench = new Bench();
    bench.motion.enabled[0] = false;
    move(bench, 45, []);
    bench.pass(3);
    assert.equal(bench.j1, 0);
  });
});
