import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ArmHealth, type GripperHealth, type LinkHealth, QUIET_LINK } from "../../daemon/types/arm-state.js";
import { type JointVector, jointAt, jointPosition, mapJoints } from "../../daemon/types/units.js";
import { bars } from "../../daemon/watch/finding.js";
import { createRandom } from "../../drivers/virtual-lab/scene/random.js";
import { LIMITS } from "../limits.js";
import { GRIPPER, only, shifted, Watched, WELL } from "./watched.js";

/** What is found of an arm that reads so for a while. */
function found(health: ArmHealth | null, seconds = 0.2): readonly string[] {
  const bench = new Watched();
  bench.state = { health };
  return bench.pass(seconds).codes;
}

function one(values: readonly number[], value: number): readonly number[] {
  return values.map((usual, joint) => (joint === 2 ? value : usual));
}

describe("AR-03: temperature of a joint", () => {
  const at = (value: number): readonly string[] => found({ ...WELL, temperature: one(WELL.temperature, value) });

  it("64 degrees: nothing; 65: told; 75: slow; 85: protective stop", () => {
    assert.deepEqual(at(64), []);
    assert.deepEqual(at(65), ["joint-hot/note"]);
    assert.deepEqual(at(75), ["joint-hot/note", "joint-hot/slow"]);
    assert.deepEqual(at(85), ["joint-hot/note", "joint-hot/protective-stop", "joint-hot/slow"]);
  });

  it("no number, or below 0 degrees: a broken sensor, protective stop; 0 degrees: nothing", () => {
    assert.ok(at(Number.NaN).includes("joint-hot/protective-stop"));
    assert.ok(at(-1).includes("joint-hot/protective-stop"));
    assert.deepEqual(at(0), []);
    assert.deepEqual(found(null), [], "a link that does not carry it");
  });

  it("stays a finding until the joint is below 60 degrees", () => {
    const bench = new Watched();
    const still = (value: number): boolean => {
      bench.state = { health: { ...WELL, temperature: one(WELL.temperature, value) } };
      bench.pass(0.05);
      return bench.watch.findings.some(({ reaction }) => reaction === "protective-stop");
    };
    assert.deepEqual([86, 70, 61, 59, 80].map(still), [true, true, true, false, false]);
  });

  it("6 degrees within a minute are told, 4 are not", () => {
    for (const [rise, codes] of [
      [6, ["joint-hot/note"]],
      [4, []],
    ] as const) {
      const bench = new Watched();
      for (let second = 0; second <= 55; second += 5) {
        bench.now += 5;
        bench.state = { health: { ...WELL, temperature: one(WELL.temperature, 40 + (rise * second) / 55) } };
        bench.pass(0.01);
      }
      assert.deepEqual(bench.codes, codes);
    }
  });
});

describe("AR-04: current of a joint", () => {
  const free = LIMITS.watch.current.free[2] ?? 0;
  const at = (part: number, seconds: number): readonly string[] => {
    const bench = new Watched();
    bench.pass(0.1).state = { health: { ...WELL, current: one(WELL.current, -part * free) } };
    bench.pass(seconds).state = {};
    return bench.pass(0.1).codes;
  };

  it("1.6 times free motion: slow after 100 ms; 2.1 times: protective stop after 30 ms; shorter pulses: nothing", () => {
    assert.deepEqual(at(1.4, 1), []);
    assert.deepEqual(at(1.6, 0.09), []);
    assert.deepEqual(at(1.6, 0.15), ["joint-current/slow"]);
    assert.deepEqual(at(2.1, 0.02), []);
    assert.deepEqual(at(2.1, 0.05), ["joint-current/protective-stop"]);
  });
});

describe("AR-05: supply of a joint", () => {
  const at = (value: number, seconds = 0.2): readonly string[] =>
    found({ ...WELL, voltage: one(WELL.voltage, value) }, seconds);

  it("told below 22 and above 26.5 V, protective stop below 20.5 and above 27.5 V, both for 90 ms", () => {
    assert.deepEqual(
      [22, 26.5].map((value) => at(value)),
      [[], []],
    );
    assert.deepEqual(
      [21.9, 26.6].map((value) => at(value)),
      [["joint-voltage/note"], ["joint-voltage/note"]],
    );
    for (const value of [20.4, 27.6, Number.NaN]) {
      assert.ok(at(value).includes("joint-voltage/protective-stop"), String(value));
      assert.deepEqual(at(value, 0.08), [], "for a moment");
    }
  });
});

describe("AR-06: temperature of the controller", () => {
  const at = (controllerTemperature: number | null): readonly string[] => found({ ...WELL, controllerTemperature });

  it("told from 60, protective stop from 70 degrees; unknown before it was asked", () => {
    assert.deepEqual([at(null), at(59.9)], [[], []]);
    assert.deepEqual(at(60), ["controller-hot/note"]);
    assert.deepEqual(at(70), ["controller-hot/note", "controller-hot/protective-stop"]);
    assert.ok(at(Number.NaN).includes("controller-hot/protective-stop"));
  });
});

describe("AR-08: gripper", () => {
  const at = (changes: Partial<GripperHealth>, seconds = 2, mode: "policy" | "hold" = "policy"): readonly string[] => {
    const bench = new Watched();
    bench.mode = mode;
    bench.facts = { gripper: { ...GRIPPER, ...changes } };
    return bench.pass(seconds).codes;
  };

  it("offline, broken, unconfirmed or not opening: ramp, and nothing opens by itself", () => {
    const cases: readonly Partial<GripperHealth>[] = [
      { online: false },
      ...[0b10, 0b100, 0b1000, 0b10000].map((errors) => ({ errors })),
      { unansweredSince: 99 },
      { commanded: 1, measured: 0.85 },
      { errors: 1, commanded: 1, measured: 0.4 },
    ];
    for (const changes of cases) {
      assert.deepEqual(at(changes), ["gripper-fault/ramp"], JSON.stringify(changes));
      assert.deepEqual(at(changes, 2, "hold"), [], "only while a policy uses it");
    }
  });

  it("gripping is no fault: held up and short of closed; neither is opening that takes its time", () => {
    assert.deepEqual(at({ errors: 1, commanded: 0, measured: 0.6 }), []);
    assert.deepEqual(at({ commanded: 1, measured: 0.3 }, 1.7), []);
    assert.deepEqual(at({ online: null }), []);
  });
});

describe("AR-10: reports that stand still while the arm is told to move", () => {
  it("ramp after 200 ms; not for an arm that is told to stand, nor one of whose readings changes", () => {
    const frozen = { health: WELL };
    const bench = new Watched();
    bench.pass(0.1).speed = only(4, 10);
    const { commanded } = bench;
    bench.measured = () => commanded;
    bench.state = frozen;
    bench.pass(0.19);
    assert.deepEqual(bench.codes, []);
    assert.ok(bench.pass(0.05).codes.includes("state-frozen/ramp"));
    const still = new Watched();
    still.state = frozen;
    assert.deepEqual(still.pass(1).codes, []);
    const alive = new Watched();
    alive.speed = only(4, 10);
    alive.measured = () => commanded;
    assert.ok(!alive.pass(0.25).ids.has("AR-10"));
  });
});

describe("AR-11: reports that cannot follow one another", () => {
  it("one is dropped, three within 50 ms are a ramp, and a new beginning is believed", () => {
    const bench = new Watched();
    bench.pass(0.1).now += 0.005;
    const far = { measured: shifted(bench.commanded, 0, 5) as never };
    assert.equal(bench.report(far), false);
    bench.note();
    assert.deepEqual(bench.pass(0.1).codes, []);
    for (let count = 0; count < 3; count++) {
      bench.now += 0.005;
      assert.equal(bench.report(far), false);
      bench.note();
    }
    assert.deepEqual(bench.codes, ["state-implausible/ramp"]);
    bench.now += 0.11;
    assert.equal(bench.report(far), true);
  });

  it("old reports among new ones drop nothing that matters and give no speed", () => {
    const bench = new Watched();
    bench.speed = only(6, 50);
    const old: (typeof bench.commanded)[] = [];
    for (let count = 0; count < 60; count++) {
      old.push(bench.commanded);
      bench.pass(0.01);
      const late = old.at(-3);
      if (count % 7 === 6 && late !== undefined) {
        bench.report({ measured: late as never });
      }
      bench.note();
    }
    assert.ok(!bench.ids.has("AR-11"));
  });
});

describe("AR-11: reports out of order", () => {
  /** What is found of an arm that goes on, each of whose reports is delayed by up to `most` seconds. */
  function disorder(most: number, degreesPerSecond: number): readonly string[] {
    const bench = new Watched();
    bench.speed = only(6, degreesPerSecond);
    bench.pass(0.2);
    const random = createRandom(7);
    const waiting: { readonly at: number; readonly q: JointVector }[] = [];
    const end = bench.now + 0.4;
    while (bench.now < end) {
      bench.now += 0.001;
      const step = jointAt(bench.speed, 6) * 0.001;
      bench.commanded = mapJoints(bench.commanded, (angle, joint) => (joint === 6 ? angle + step : angle));
      if (Math.round(bench.now * 1000) % 5 === 0) {
        waiting.push({ at: bench.now + random.between(0, most), q: bench.commanded });
        bench.watch.sent(bench.commanded, bench.now);
      }
      for (const { q } of waiting.filter(({ at }) => at <= bench.now && at > bench.now - 0.001)) {
        bench.report({ measured: jointPosition(q) });
      }
      bench.note();
    }
    return bench.codes;
  }

  it("are dropped where a joint would have turned round, end in a ramp, and are no speed", () => {
    for (const speed of [40, -40, 20]) {
      assert.deepEqual(disorder(0.1, speed), ["state-implausible/ramp"], `${speed} deg/s`);
    }
  });

  it("by less than a joint may tremble drop nothing", () => {
    assert.deepEqual(disorder(0.005, 40), []);
  });

  it("a joint that really turns round is believed, as hard as it can", () => {
    const bench = new Watched();
    for (const speed of [55, -55, 55]) {
      bench.turnTo(6, speed).pass(0.2);
    }
    assert.deepEqual(bench.codes, []);
  });
});

describe("AR-12: datagrams that are not the arm's", () => {
  it("told above ten a second, ramp above a thousand; a few: nothing", () => {
    const at = (perSecond: number): readonly string[] => {
      const bench = new Watched();
      for (let count = 0; count < 100; count++) {
        bench.state = { link: { ...QUIET_LINK, unbelieved: Math.round((count * perSecond) / 100) } };
        bench.pass(0.01);
      }
      return bench.codes;
    };
    assert.deepEqual(at(9), []);
    assert.deepEqual(at(20), ["state-foreign/note"]);
    assert.deepEqual(at(2000), ["state-foreign/note", "state-foreign/ramp"]);
  });
});

describe("AR-13: a question that is not answered", () => {
  it("ramp after 200 ms", () => {
    const bench = new Watched();
    bench.state = { link: { ...QUIET_LINK, waitingSince: bench.now } };
    assert.deepEqual(bench.pass(0.2).codes, []);
    assert.deepEqual(bench.pass(0.02).codes, ["arm-silent/ramp"]);
  });
});

describe("AR-13: setpoints that wait on their way", () => {
  /** An arm that lags 20 ms and from 0.3 s on executes nothing any more for so long. */
  const held = (speed: number, stops: number): readonly string[] => {
    const bench = new Watched();
    bench.speed = only(3, speed);
    const way: JointVector[] = [];
    bench.measured = (commanded) => {
      way.push(commanded);
      const lagged = way.length - 1 - 4;
      const until = 60;
      return way[Math.max(0, lagged > until ? Math.max(until, lagged - stops / 5) : lagged)] ?? commanded;
    };
    return bench.pass(0.6).codes.filter((code) => code.startsWith("link"));
  };

  it("ramp once the arm has gone no way for 80 ms while it was told to go on", () => {
    assert.deepEqual(held(20, 1e6), ["link-stalled/reset-link"]);
    assert.deepEqual(held(8, 1e6), ["link-stalled/reset-link"]);
  });

  it("nothing while it is 50 ms late, slower than can be told, at rest, or after a pause of ours", () => {
    assert.deepEqual(held(60, 50), []);
    assert.deepEqual(held(2, 1e6), []);
    const bench = new Watched();
    bench.speed = only(0, 20);
    bench.pass(0.3).speed = only(0, 0);
    bench.pass(0.3);
    bench.now += 0.09;
    bench.speed = only(0, 20);
    bench.pass(0.3);
    assert.deepEqual(bench.codes, []);
  });

  it("nothing from reports that come 40 ms apart: what the arm did between them is not known", () => {
    const bench = new Watched();
    bench.speed = only(3, 20);
    const start = bench.commanded;
    bench.measured = () => start;
    for (let count = 0; count < 8; count++) {
      bench.now += 0.04;
      bench.pass(0.005);
    }
    assert.deepEqual(
      bench.codes.filter((code) => code.startsWith("link")),
      [],
    );
  });
});

describe("AR-14, AR-15, AR-19: what the arm's connections must not carry", () => {
  const after = (steps: readonly Partial<LinkHealth>[], apart: number): readonly string[] => {
    const bench = new Watched().pass(0.1);
    for (const step of steps) {
      bench.state = { link: { ...QUIET_LINK, ...step } };
      bench.pass(apart);
    }
    return bench.codes;
  };
  const lines = (count: number): readonly Partial<LinkHealth>[] =>
    Array.from({ length: count }, (_, index) => ({ garbled: index + 1 }));

  it("five lines within a second that are no messages: protective stop; four, or five in longer than that: nothing", () => {
    assert.deepEqual(after(lines(4), 0.2), []);
    assert.deepEqual(after(lines(8), 0.26), []);
    assert.deepEqual(after(lines(5), 0.2), ["replies-garbled/protective-stop"]);
    assert.deepEqual(after([{ garbled: 100 }], 0.01), ["replies-garbled/protective-stop"]);
  });

  it("settings that somebody changed: protective stop, and no engaging until they are as they were", () => {
    const bench = new Watched().pass(0.1);
    bench.state = { link: { ...QUIET_LINK, changed: "the arm's collision stage is 0, not 4 or more" } };
    assert.deepEqual(bench.pass(2).codes, ["arm-changed/protective-stop"]);
    assert.equal(bench.watch.findings.length, 1);
    bench.state = { link: QUIET_LINK };
    assert.equal(bench.pass(0.01).watch.findings.length, 0);
  });

  it("AR-07: detection of collisions that was read back more than 3 s ago: told, and bars engaging; younger: nothing", () => {
    const bench = new Watched().pass(0.1);
    const read = (age: number) => {
      bench.state = { link: { ...QUIET_LINK, collisionReadAt: bench.now - age } };
      return bench.pass(0.01);
    };
    assert.equal(read(2.9).watch.findings.length, 0);
    const [finding] = read(3.1).watch.findings;
    assert.deepEqual([finding?.id, finding?.code, finding?.reaction], ["AR-07", "collision-unread", "note"]);
    assert.ok(finding !== undefined && bars(finding));
    assert.equal(read(Number.NaN).watch.findings.length, 1);
    assert.equal(read(0.1).watch.findings.length, 0);
  });

  it("ML-18: a load that the controller does not count with: protective stop, and no engaging until it does", () => {
    const bench = new Watched().pass(0.1);
    bench.state = { link: { ...QUIET_LINK, tool: "a payload of 0 g, not 620 g" } };
    assert.deepEqual(bench.pass(2).codes, ["tool-wrong/protective-stop"]);
    assert.deepEqual([...bench.ids], ["ML-18"]);
    bench.state = { link: QUIET_LINK };
    assert.equal(bench.pass(0.01).watch.findings.length, 0);
  });

  it("a setpoint that is refused, or an answer that nobody waits for: protective stop, and over after a second", () => {
    assert.deepEqual(after([{ refused: 1 }], 0.01), ["setpoint-refused/protective-stop"]);
    assert.deepEqual(after([{ unasked: 1 }], 0.01), ["reply-unasked/protective-stop"]);
    const bench = new Watched().pass(0.1);
    bench.state = { link: { ...QUIET_LINK, refused: 1, unasked: 1 } };
    assert.equal(bench.pass(0.9).watch.findings.length, 2);
    assert.equal(bench.pass(0.2).watch.findings.length, 0);
  });
});

describe("AR-09 and HO-15: what comes late", () => {
  const at = (facts: { readonly stateAge?: number | null; readonly lateShare?: number }): readonly string[] => {
    const bench = new Watched();
    bench.facts = facts;
    return bench.pass(0.02).codes;
  };

  it("state: told from 25 ms, slow from 50 ms, not judged after a tick that came late itself", () => {
    assert.deepEqual([at({ stateAge: 0.025 }), at({ stateAge: null })], [[], []]);
    assert.deepEqual(at({ stateAge: 0.026 }), ["state-late/note"]);
    assert.deepEqual(at({ stateAge: 0.051 }), ["state-late/note", "state-late/slow"]);
  });

  it("ticks: slow when more than one in a thousand of a minute came too late", () => {
    assert.deepEqual(at({ lateShare: 0.001 }), []);
    assert.deepEqual(at({ lateShare: 0.0011 }), ["machine-late/slow"]);
  });
});
