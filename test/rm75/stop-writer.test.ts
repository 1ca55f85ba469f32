import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it, mock } from "node:test";
import { QUICK_STOP, SLOW_STOP } from "../../drivers/rm75/codec.js";
import { StopWriter } from "../../drivers/rm75/stop-writer.js";

describe("a stop", () => {
  let written: Buffer[];
  let stops: StopWriter;
  beforeEach(() => {
    mock.timers.enable({ apis: ["setTimeout"] });
    written = [];
    stops = new StopWriter((bytes) => written.push(bytes));
  });
  afterEach(() => {
    mock.timers.reset();
  });

  it("is written at once, and again every 50 ms, three times at most", () => {
    stops.stop("quick");
    assert.deepEqual(written, [QUICK_STOP]);
    mock.timers.tick(49);
    assert.equal(written.length, 1);
    mock.timers.tick(1);
    assert.equal(written.length, 2);
    mock.timers.tick(1000);
    mock.timers.tick(1000);
    mock.timers.tick(1000);
    assert.deepEqual(written, [QUICK_STOP, QUICK_STOP, QUICK_STOP, QUICK_STOP]);
  });

  it("is not written again when it is confirmed, or when somebody streams again", () => {
    stops.stop("slow");
    stops.answered(true);
    mock.timers.tick(1000);
    assert.deepEqual(written, [SLOW_STOP]);
    stops.stop("slow");
    stops.cancel();
    mock.timers.tick(1000);
    assert.equal(written.length, 2);
  });

  it("is written again when it is refused", () => {
    stops.stop("quick");
    stops.answered(false);
    mock.timers.tick(50);
    assert.equal(written.length, 2);
  });
});
