import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ASK_BEFORE, ASK_EVERY, nextAsk } from "../../drivers/puppet/ask-times.js";

const near = (a: number, b: number): boolean => Math.abs(a - b) < 1e-9;

describe("when a reading is asked for", () => {
  it("twice in a tick of 10 ms, once 5.5 ms before it is due", () => {
    const ticks = { dueAt: 100, period: 0.01 };
    const first = nextAsk(99.9895, ticks);
    assert.ok(near(first, 100 - ASK_BEFORE), `${first}`);
    assert.ok(near(nextAsk(first, ticks), 100 + 0.01 / 2 - ASK_BEFORE));
  });

  it("never sooner than half the time between two, never later than one and a half, in step whatever the timer does", () => {
    const any = fc.record({
      asked: fc.double({ min: 0, max: 1e5, noNaN: true }),
      dueAt: fc.double({ min: 0, max: 1e5, noNaN: true }),
      period: fc.integer({ min: 5, max: 20 }).map((milliseconds) => milliseconds / 1000),
    });
    fc.assert(
      fc.property(any, ({ asked, dueAt, period }) => {
        const every = period / Math.round(period / ASK_EVERY);
        const next = nextAsk(asked, { dueAt, period });
        assert.ok(next - asked > every / 2 - 1e-6 && next - asked < 1.5 * every + 1e-6);
        const ticks = (next + ASK_BEFORE - dueAt) / every;
        assert.ok(Math.abs(ticks - Math.round(ticks)) < 1e-3);
      }),
    );
  });
});
