import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseToArm } from "../../daemon/arm/parse-to-arm.js";
import { parseJsonObject } from "../../drivers/rm75/json-object.js";
import { readPush } from "../../drivers/rm75/state-push.js";
import { LIMITS } from "../limits.js";
import { runs } from "../runs.js";
import { LEASE, PERIOD, Supervised } from "./supervised.js";

/** Something that happens, and how many ticks pass after it. */
type Happening =
  | { readonly kind: "chunk"; readonly step: number; readonly age: number; readonly epochs: number }
  | { readonly kind: "request"; readonly request: (typeof REQUESTS)[number]; readonly lease: number }
  | { readonly kind: "beat"; readonly lease: number; readonly held: boolean }
  | { readonly kind: "stop" | "gone" | "daemon-lost" | "fault" | "link-lost" | "link-up" }
  | { readonly kind: "silent"; readonly who: "operator" | "guardian" | "state"; readonly long: number };

interface Entry {
  readonly happening: Happening;
  readonly ticks: number;
}

const REQUESTS = ["engage", "follow-policy", "home", "hold", "disengage"] as const;

const happenings: fc.Arbitrary<Happening> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant("chunk" as const),
      step: fc.double({ min: -0.02, max: 0.02, noNaN: true }),
      age: fc.constantFrom(0.013, 0.053, 0.453),
      epochs: fc.constantFrom(0, 0, 0, 0, -1, 1),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("request" as const),
      request: fc.constantFrom(...REQUESTS, "engage", "follow-policy", "follow-policy"),
      lease: fc.constantFrom(LEASE, LEASE, LEASE, LEASE - 1),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("beat" as const),
      lease: fc.constantFrom(LEASE - 1, LEASE),
      held: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constantFrom(...(["stop", "gone", "daemon-lost", "fault", "link-lost", "link-up"] as const)),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("silent" as const),
      who: fc.constantFrom("operator", "guardian", "state"),
      long: fc.integer({ min: 1, max: 70 }),
    }),
  },
);
const logs = fc.array(fc.record({ happening: happenings, ticks: fc.integer({ min: 0, max: 25 }) }), { maxLength: 25 });

/** Lines that are no messages, as they might arrive. */
const garbage = fc.oneof(
  fc.string(),
  fc.json(),
  fc.constantFrom(
    '{"kind":"chunk","chunk":{"id":1,"epoch":1,"capturedAt":1e999,"period":0.1,"targets":[]}}',
    '{"kind":"request","id":1,"lease":"7","request":{"kind":"home"}}',
    '{"kind":"operator-beat","lease":7,"role":"god","held":true}',
    '{"kind":"stop"}',
  ),
);

function play(bench: Supervised, { happening, ticks }: Entry): void {
  const { supervisor } = bench;
  switch (happening.kind) {
    case "chunk": {
      const chunk = bench.chunk(happening.step, {}, happening.age);
      bench.give({ ...chunk, epoch: chunk.epoch + happening.epochs });
      break;
    }
    case "request":
      bench.request({ kind: happening.request }, happening.lease);
      break;
    case "beat":
      bench.beat(happening.held, happening.lease);
      break;
    case "stop":
      supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
      break;
    case "gone":
      supervisor.handle({ kind: "operator-gone", reason: "released" }, bench.now);
      break;
    case "daemon-lost":
      supervisor.daemonLost(bench.now);
      break;
    case "fault":
      bench.report({ systemErrors: [0x1007] });
      bench.state = { ...bench.state, systemErrors: [] };
      break;
    case "link-lost":
      supervisor.linkLost("unplugged", bench.now);
      break;
    case "link-up":
      supervisor.linkUp({ ...bench.state, receivedAt: bench.now }, bench.now);
      break;
    case "silent":
      bench.pass(happening.long * PERIOD, { [happening.who]: true });
      break;
  }
  bench.pass(ticks * PERIOD);
}

/** A supervisor that follows a policy at `start`, then lives through a log. */
function live(log: readonly Entry[]): Supervised {
  const bench = new Supervised().following();
  for (const entry of log) {
    play(bench, entry);
  }
  return bench;
}

const text = (bench: Supervised): string => JSON.stringify([bench.wire, bench.told, bench.gripper.openings]);

describe("P15: the same log replays to the same output, byte by byte", () => {
  it("setpoints, stops, answers and reports", () => {
    let setpoints = 0;
    fc.assert(
      fc.property(logs, (log) => {
        const bench = live(log);
        assert.equal(text(live(log)), text(bench));
        setpoints += bench.setpoints.filter(({ source }) => source === "policy").length;
      }),
      { numRuns: runs(25) },
    );
    assert.ok(setpoints > 0, "policies moved the arm in these logs");
  });
});

describe("P6: what is no message changes nothing", () => {
  it("lines of a daemon, anywhere in a log", () => {
    fc.assert(
      fc.property(logs, fc.array(garbage, { minLength: 1, maxLength: 5 }), (log, lines) => {
        const [bench, disturbed] = [new Supervised().following(), new Supervised().following()];
        for (const entry of log) {
          for (const line of lines) {
            const parsed = parseToArm(line);
            if (parsed.ok) {
              disturbed.supervisor.handle(parsed.message, disturbed.now);
            }
          }
          play(bench, entry);
          play(disturbed, entry);
        }
        assert.equal(text(disturbed), text(bench));
      }),
      { numRuns: runs(20) },
    );
  });

  it("numbers that are none, in each place of a state push", () => {
    const bad = ["null", '"1"', "1e999", "true", "[]", "0.5", "NaN", "-1e999"];
    const push = JSON.stringify({
      state: "realtime_arm_joint_state",
      arm_current_status: "idle",
      joint_status: {
        joint_position: [10_000, 20_000, 30_000, 40_000, 50_000, 60_000, 70_000],
        joint_err_code: [0, 0, 0, 0, 0, 0, 0],
        joint_en_flag: [1, 1, 1, 1, 1, 1, 1],
      },
      err: [0],
    });
    const numbers = [...push.matchAll(/(?<=[[,:])-?\d+/g)];
    assert.equal(numbers.length, 22);
    for (const number of numbers) {
      for (const wrong of bad) {
        const damaged = push.slice(0, number.index) + wrong + push.slice(number.index + number[0].length);
        const object = parseJsonObject(Buffer.from(damaged));
        assert.ok(object === null || readPush(object, 0).kind === "rejected", damaged);
      }
    }
  });
});

describe("P7: a stop is a stop, however often", () => {
  it("after the first nothing but stops is on the wire, until somebody acknowledges", () => {
    fc.assert(
      fc.property(logs, logs, (before, after) => {
        const bench = live(before);
        bench.supervisor.handle({ kind: "stop", reason: "button", by: "anna" }, bench.now);
        const sent = bench.wire.length;
        const reports = bench.stops.length;
        for (const entry of after) {
          play(bench, entry);
        }
        assert.ok(bench.wire.slice(sent).every((item) => item.kind !== "setpoint"));
        // An error of the arm needs a higher role than a person's stop, so it is reported besides, once.
        const besides = bench.stops.slice(reports).map(({ code }) => code);
        assert.ok(besides.length <= 1 && besides.every((code) => code === "arm-fault"), `reported ${besides}`);
        assert.equal(bench.supervisor.mode, "fault");
      }),
      { numRuns: runs(20) },
    );
  });
});

describe("P8: nothing moves without lease, beat, fresh state, guardian and the present epoch", () => {
  it("judged from what was let in, not from what the supervisor believes", () => {
    let moved = 0;
    fc.assert(
      fc.property(logs, (log) => {
        const bench = new Supervised();
        const seen = { operator: -Infinity, guardian: -Infinity, state: -Infinity, lease: -1 };
        const { supervisor, arm } = bench;
        let latched = false;
        const handle = supervisor.handle.bind(supervisor);
        supervisor.handle = (message, now) => {
          if (message.kind === "operator-beat" && message.lease >= seen.lease) {
            [seen.operator, seen.lease] = [now, message.lease];
          }
          latched ||= message.kind === "stop";
          handle(message, now);
        };
        const guardianBeat = supervisor.guardianBeat.bind(supervisor);
        supervisor.guardianBeat = (now) => {
          seen.guardian = now;
          guardianBeat(now);
        };
        const armState = supervisor.armState.bind(supervisor);
        supervisor.armState = (state, now) => {
          seen.state = now;
          latched ||= state.systemErrors.length > 0;
          armState(state, now);
        };
        let epoch = 0;
        const send = arm.send.bind(arm);
        arm.send = (setpoint) => {
          const { source, dueAt } = setpoint;
          assert.equal(latched, false, `${source} after a stop`);
          assert.ok(setpoint.epoch >= epoch, "never an older epoch than before");
          epoch = setpoint.epoch;
          if (source === "policy" || source === "home") {
            moved += 1;
            const { operator, nearOperator } = LIMITS.mostAge;
            const most = source === "policy" ? operator : nearOperator;
            assert.ok(dueAt - seen.operator <= most + 1e-9, "a beat of the operator");
            assert.ok(dueAt - seen.guardian <= LIMITS.mostAge.guardian + 1e-9, "a beat of the guardian");
            assert.ok(dueAt - seen.state <= LIMITS.mostAge.armState + 1e-9, "fresh state");
          }
          send(setpoint);
        };
        bench.following();
        for (const entry of log) {
          play(bench, entry);
        }
      }),
      { numRuns: runs(40) },
    );
    assert.ok(moved > 0, `${moved} setpoints that moved`);
  });
});
