import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Arrival } from "../../drivers/virtual-lab/controller/arrivals.js";
import { LIMITS } from "../limits.js";
import { violationsOf } from "./history/check-history.js";
import { heldUp } from "./history/held-up.js";
import { reactionTo } from "./history/reaction.js";
import type { OperatorEvent, Report, RunHistory } from "./history/run-history.js";

const PERIOD = 0.01;
const BOUNDS = { limits: LIMITS, period: PERIOD };
const DEGREE = Math.PI / 180;
const HOME = [0, 10, 0, 75, 0, 95, 0];
const NOTHING: RunHistory = {
  ...{
    commands: [],
    cycles: [],
    pushes: [],
    marks: [],
    operator: [],
    reports: [],
    operatorBytes: [],
    audit: { accepted: [], flaw: null },
  },
};

/** A stream from second 1 on: J1 goes through these angles, degrees. */
function stream(angles: readonly number[], from = 1): readonly Arrival[] {
  return angles.map((angle, index) => ({
    ...{ at: from + index * PERIOD, command: "movej_canfd", client: 1 },
    q: HOME.map((home, joint) => (joint === 0 ? angle : home) * DEGREE),
  }));
}

/** Speeds up by 1 deg/s a frame to `top`, in degrees; then keeps it for `frames`. */
function motion(top: number, frames: number): readonly number[] {
  const angles = [0];
  let speed = 0;
  for (let index = 0; index < frames; index += 1) {
    speed = Math.min(top, speed + 1);
    angles.push((angles.at(-1) ?? 0) + speed * PERIOD);
  }
  return angles;
}

/** Comes to rest from the last speed of `angles` by 2.5 deg/s a frame, then stands for 0.3 s. */
function rampAfter(angles: readonly number[]): readonly number[] {
  const result = [...angles];
  let speed = ((angles.at(-1) ?? 0) - (angles.at(-2) ?? 0)) / PERIOD;
  while (speed > 0) {
    speed = Math.max(0, speed - 2.5);
    result.push((result.at(-1) ?? 0) + speed * PERIOD);
  }
  return [...result, ...Array.from({ length: 30 }, () => result.at(-1) ?? 0)];
}

function stopAt(at: number): Arrival {
  return { at, command: "set_arm_stop", client: 2, q: null };
}

function instants(from: number, to: number, every: number): readonly number[] {
  return Array.from({ length: Math.floor((to - from) / every) }, (_, index) => from + index * every);
}

/** What a healthy system records beside a stream: state every 5 ms, beats every 100 ms. */
function healthy(commands: readonly Arrival[]): RunHistory {
  const pushes = instants(0.9, 5, 0.005).map((at) => ({ at, sampledAt: at }));
  return { ...NOTHING, commands, pushes, operatorBytes: instants(0.9, 5, 0.1) };
}

function event(at: number, direction: "sent" | "heard", type: string, id: number, lease = 1): OperatorEvent {
  return { at, client: "Ada", direction, type, id, lease };
}

function reportAt(at: number, mode: string): Report {
  return { at, mode, epoch: 1, source: null, stops: [] };
}

/** An audit log that kept what the operators were told of. */
function audited(history: RunHistory): RunHistory {
  const accepted = history.operator.filter(({ direction }) => direction === "sent").map(({ type }) => type);
  return { ...history, audit: { accepted, flaw: null } };
}

function checks(history: RunHistory): readonly string[] {
  return [...new Set(violationsOf(history, BOUNDS, 0.5).map(({ check }) => check))];
}

describe("a record in which everything is right", () => {
  it("breaks no promise", () => {
    assert.deepEqual(violationsOf(healthy(stream(rampAfter(motion(20, 60)))), BOUNDS, 0.5), []);
  });

  it("breaks none either when a stop is acknowledged before the next motion", () => {
    const first = stream(motion(20, 60));
    const commands = [...first, stopAt(1.605), ...stream(motion(20, 30), 3)];
    const operator = [event(2.5, "sent", "acknowledge", 1), event(2.51, "heard", "accepted", 1)];
    assert.deepEqual(violationsOf(audited({ ...healthy(commands), operator }), BOUNDS, 0.5), []);
  });
});

describe("each promise is seen broken", () => {
  const moving = stream(motion(20, 60));

  it("C1: a setpoint after a stop", () => {
    const commands = [...moving, stopAt(1.605), ...stream([12], 1.62)];
    assert.deepEqual(checks(healthy(commands)), ["C1"]);
  });

  it("C1: a refused acknowledgement releases nothing", () => {
    const commands = [...moving, stopAt(1.605), ...stream([12], 3)];
    const operator = [event(2, "sent", "acknowledge", 1), event(2.01, "heard", "refused", 1)];
    assert.deepEqual(checks(audited({ ...healthy(commands), operator })), ["C1"]);
  });

  for (const [what, angles] of [
    ["too fast", motion(40, 60)],
    ["too sudden", [0, 0, 0, 0.2, 0.4, 0.6]],
    ["more than a degree a frame", [0, 0, 0, 1.5]],
    ["beyond its limit", [175.5, 175.5, 175.5]],
  ] as const) {
    it(`C2: a joint ${what}`, () => {
      assert.deepEqual(checks(healthy(stream(angles))), ["C2"]);
    });
  }

  it("C2: a fingertip in the table", () => {
    const low = moving.map((one) => ({ ...one, q: [0, 75, 0, 75, 0, 30, 0].map((angle) => angle * DEGREE) }));
    assert.ok(checks(healthy(low)).includes("C2"));
  });

  it("C4: a latched stop that is left without acknowledgement", () => {
    const reports = [reportAt(1, "policy"), reportAt(1.1, "fault"), reportAt(1.2, "standby")];
    assert.deepEqual(checks({ ...NOTHING, reports }), ["C4"]);
  });

  it("C4: a motion accepted while a stop is latched", () => {
    const reports = [reportAt(1, "fault"), reportAt(2, "standby")];
    const operator = [
      ...[event(1.2, "sent", "home", 1), event(1.21, "heard", "accepted", 1)],
      ...[event(1.8, "sent", "acknowledge", 2), event(1.81, "heard", "accepted", 2)],
    ];
    assert.deepEqual(checks(audited({ ...NOTHING, reports, operator })), ["C4"]);
  });

  it("C5: an old lease that is obeyed", () => {
    const operator = [
      ...[event(1, "heard", "control-granted", 1, 7), { ...event(2, "heard", "control-granted", 1, 8), client: "Bob" }],
      ...[event(3, "sent", "home", 2, 7), event(3.01, "heard", "accepted", 2, 7)],
    ];
    assert.deepEqual(checks(audited({ ...NOTHING, operator })), ["C5"]);
  });

  it("C5: a lease that is granted twice", () => {
    const operator = [
      event(1, "heard", "control-granted", 1, 7),
      { ...event(2, "heard", "control-granted", 1, 7), client: "Bob" },
    ];
    assert.deepEqual(checks(audited({ ...NOTHING, operator })), ["C5"]);
  });

  it("C6: moving on without state of the arm", () => {
    const history = healthy(moving);
    assert.deepEqual(checks({ ...history, pushes: history.pushes.filter(({ at }) => at < 1.05) }), ["C6"]);
  });

  it("judges nothing by what came before the record: a first push after the first setpoint", () => {
    const history = healthy(moving);
    const first = history.commands[0]?.at ?? 0;
    assert.deepEqual(checks({ ...history, pushes: history.pushes.filter(({ at }) => at > first + 0.03) }), []);
    assert.deepEqual(checks({ ...history, pushes: [] }), ["C6"]);
  });

  it("C6: moving on without an operator", () => {
    const history = healthy(stream(motion(20, 200)));
    assert.deepEqual(checks({ ...history, operatorBytes: [0.9, 1] }), ["C6"]);
  });

  it("C7: an arm that drifts after a stop", () => {
    const cycles = instants(1, 4, 0.005).map((at) => ({
      at,
      jointMilliDeg: HOME.map((angle, joint) => 1000 * angle + (joint === 1 ? 800 * (at - 1) : 0)),
    }));
    assert.deepEqual(checks({ ...NOTHING, commands: [stopAt(1)], cycles }), ["C7"]);
  });

  it("C8: a stop that the audit log has lost", () => {
    const operator = [event(1, "sent", "stop", 1), event(1.01, "heard", "accepted", 1)];
    assert.deepEqual(checks({ ...NOTHING, operator }), ["C8"]);
    assert.deepEqual(checks({ ...NOTHING, operator, audit: { accepted: ["stop"], flaw: null } }), []);
  });

  it("C8: an audit log whose chain is broken", () => {
    assert.deepEqual(checks({ ...NOTHING, audit: { accepted: [], flaw: "line 3: another digest" } }), ["C8"]);
  });
});

describe("an arm that met something", () => {
  const commands = stream(motion(20, 60));
  /** The arm goes 40 ms behind; J5 is pushed aside by so many degrees around second 1.4. */
  const cyclesWith = (push: number) =>
    instants(1.05, 1.55, 0.005).map((at) => {
      const behind = commands.findLast((command) => command.at <= at - 0.04)?.q ?? [];
      const pushed = Math.abs(at - 1.4) < 0.03 ? push : 0;
      return { at, jointMilliDeg: behind.map((angle, joint) => 1000 * (angle / DEGREE + (joint === 4 ? pushed : 0))) };
    });

  it("was away from all that it was told shortly before; one that only lags was not", () => {
    const held = heldUp({ ...healthy(commands), cycles: cyclesWith(-3) }, 1.5);
    assert.equal(held?.joint, 4);
    assert.ok(Math.abs((held?.by ?? 0) - 3) < 1e-9, `${held?.by}`);
    assert.equal(heldUp({ ...healthy(commands), cycles: cyclesWith(1.5) }, 1.5), null);
    assert.equal(heldUp({ ...healthy(commands), cycles: cyclesWith(3) }, 1.3), null, "before it");
  });
});

describe("the reaction to a fault", () => {
  const before = motion(20, 60);
  const ramp = stream(rampAfter(before));

  it("is the first setpoint of the ramp that the daemon tells of", () => {
    const rampAt = 1 + before.length * PERIOD;
    const stops = [{ code: "state-stale", at: rampAt - 0.001, latched: false }];
    const reports = [{ ...reportAt(rampAt + 0.01, "hold"), stops }];
    const { kind, reaction } = reactionTo({ ...healthy(ramp), reports }, 1.5, BOUNDS);
    assert.equal(kind, "ramp");
    assert.ok(Math.abs((reaction ?? 0) - (rampAt - 1.5)) < 1e-9, `${reaction}`);
  });

  it("is not what the daemon tells when the arm sped up after that", () => {
    const stops = [{ code: "state-stale", at: 1.06, latched: false }];
    const reports = [{ ...reportAt(1.07, "hold"), stops }];
    const { reaction } = reactionTo({ ...healthy(ramp), reports }, 1.05, BOUNDS);
    assert.ok((reaction ?? 0) > 0.5, `${reaction}`);
  });

  it("is found without being told: from when the speed sinks for good", () => {
    const { kind, reaction } = reactionTo(healthy(ramp), 1.5, BOUNDS);
    assert.equal(kind, "ramp");
    assert.ok(Math.abs((reaction ?? 0) - (1 + before.length * PERIOD - 1.5)) <= PERIOD + 1e-9, `${reaction}`);
  });

  it("goes on where the wire's resolution hides that the speed sinks; an even speed is none", () => {
    const withEnd = (...speeds: readonly number[]): readonly Arrival[] => {
      const angles = [...before];
      for (const speed of [...speeds, ...Array.from({ length: 30 }, () => 0)]) {
        angles.push((angles.at(-1) ?? 0) + speed * PERIOD);
      }
      return stream(angles);
    };
    const rampAt = 1 + before.length * PERIOD;
    const faded = reactionTo(healthy(withEnd(9, 5, 2, 0.8, 0.8, 0.8)), rampAt + 0.035, BOUNDS);
    assert.ok(Math.abs((faded.reaction ?? 0) - 0.005) < 1e-9, `${faded.reaction}`);
    const even = reactionTo(healthy(withEnd(9, 5, 2, 0.8, 0.8, 0.8, 0.8)), rampAt + 0.035, BOUNDS);
    assert.ok(Math.abs((even.reaction ?? 0) - 0.025) < 1e-9, `${even.reaction}`);
  });

  it("is the ramp also where a stop cuts it short; what goes on as fast until the stop is none", () => {
    const rampAt = 1 + before.length * PERIOD;
    const stops = [{ code: "state-stale", at: rampAt - 0.001, latched: false }];
    const reports = [{ ...reportAt(rampAt + 0.01, "hold"), stops }];
    const cut = [...ramp.filter(({ at }) => at < rampAt + 0.045), stopAt(rampAt + 0.05)];
    const { kind, reaction } = reactionTo({ ...healthy(cut), reports }, rampAt - 0.005, BOUNDS);
    assert.equal(kind, "ramp");
    assert.ok(Math.abs((reaction ?? 0) - 0.005) < 1e-9, `${reaction}`);
    const even = [...stream(motion(20, 70)), stopAt(1.705)];
    assert.equal(reactionTo({ ...healthy(even), reports }, 1.595, BOUNDS).kind, "stop");
  });

  it("is a stop where one came first", () => {
    const { kind, reaction } = reactionTo(healthy([...stream(before), stopAt(1.7)]), 1.65, BOUNDS);
    assert.equal(kind, "stop");
    assert.ok(Math.abs((reaction ?? 0) - 0.05) < 1e-9);
  });

  it("is none for an arm that stood already", () => {
    const standing = stream(Array.from({ length: 100 }, () => 5));
    assert.equal(reactionTo(healthy(standing), 1.5, BOUNDS).kind, "none");
    assert.equal(reactionTo(healthy([...standing, stopAt(2.005)]), 1.5, BOUNDS).kind, "stop");
  });

  it("is none while the arm goes on", () => {
    assert.equal(reactionTo(healthy(stream(motion(20, 100))), 1.5, BOUNDS).kind, "none");
  });
});
