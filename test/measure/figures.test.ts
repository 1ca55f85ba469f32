import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { restFigures, restSince } from "../../daemon/measure/coming-to-rest.js";
import { oddNumbers } from "../../daemon/measure/measurements/asking.js";
import { bestLag } from "../../daemon/measure/measurements/following-lag.js";
import type { PushSample } from "../../daemon/measure/push-tap.js";

/** The state every 5 ms for a second, J7 where `angle` says. */
function samples(angle: (at: number) => number, status: (at: number) => string = () => "idle"): readonly PushSample[] {
  return Array.from({ length: 200 }, (_, index) => {
    const at = index * 0.005;
    return { at, jointDeg: [0, 0, 0, 0, 0, 0, angle(at)], status: status(at), errors: at > 0.5 ? [0x1007] : [] };
  });
}

describe("how a joint came to rest", () => {
  it("distance and time from the instant on, to the last motion", () => {
    // 30 deg/s until 0.4 s, then braking to a standstill at 0.5 s.
    const angle = (at: number): number =>
      at < 0.4 ? 30 * at : 12 + (at < 0.5 ? 30 * (at - 0.4) - 150 * (at - 0.4) ** 2 : 1.5);
    const rest = restSince(
      samples(angle, (at) => (at < 0.4 ? "move_through_joint" : "stop")),
      7,
      0.3,
    );
    assert.ok(Math.abs(rest.distance - 4.5) < 0.01, `${rest.distance}`);
    assert.ok(Math.abs(rest.time - 0.2) < 0.021, `${rest.time}`);
    assert.equal(rest.still, true);
    assert.deepEqual(rest.errors, [0x1007]);
    assert.deepEqual(rest.words, ["move_through_joint", "stop"]);
    assert.deepEqual(
      restFigures("x", rest).map(({ unit }) => unit),
      ["deg/s", "deg", "ms", "", "", ""],
    );
  });

  it("one that goes on moving is not still, and noise of a thousandth is no motion", () => {
    assert.equal(
      restSince(
        samples((at) => 10 * at),
        7,
        0.5,
      ).still,
      false,
    );
    const quiet = restSince(
      samples((at) => (Math.round(at * 200) % 2) * 0.001),
      7,
      0.5,
    );
    assert.deepEqual([quiet.still, quiet.time], [true, 0]);
  });
});

describe("the lag between sent and measured", () => {
  it("is found to the millisecond", () => {
    const sine = (at: number): number => Math.sin(2.5 * at);
    const sent = Array.from({ length: 300 }, (_, index) => ({ at: index * 0.01, q: sine(index * 0.01) }));
    const measured = Array.from({ length: 500 }, (_, index) => ({ at: index * 0.005, q: sine(index * 0.005 - 0.023) }));
    const { lag, error } = bestLag(sent, measured);
    assert.ok(Math.abs(lag - 0.023) < 0.0011, `${lag}`);
    assert.ok(error < 0.01);
  });
});

describe("numbers that are no plain integers", () => {
  it("are found outside strings alone", () => {
    assert.deepEqual(oddNumbers('{"a":[1,-20,0],"v":"1.5e3 NaN","n":12}'), []);
    assert.deepEqual(oddNumbers('{"a":1.5,"b":2e3,"c":-0,"d":NaN,"e":007}'), ["1.5", "2e3", "-0", "NaN", "007"]);
  });
});
