import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DriverError } from "../../daemon/types/driver-error.js";
import { connectPersistently, reconnectDelay } from "../../drivers/rm75/reconnect.js";

describe("connecting again", () => {
  it("waits 0.5 s after the first failure and 5 s from the fifth on", () => {
    assert.deepEqual([1, 2, 3, 4, 5, 6, 100].map(reconnectDelay), [0.5, 1, 2, 4, 5, 5, 5]);
  });

  it("goes on until it succeeds, and reports each failure", async () => {
    const waited: number[] = [];
    const reported: string[] = [];
    let attempts = 0;
    const result = await connectPersistently(
      () => {
        attempts += 1;
        return attempts < 4 ? Promise.reject(new DriverError("connect-refused", "no")) : Promise.resolve("arm");
      },
      (error, retryIn) => reported.push(`${error.code} ${retryIn}`),
      (seconds) => {
        waited.push(seconds);
        return Promise.resolve("again");
      },
    );
    assert.equal(result, "arm");
    assert.deepEqual(waited, [0.5, 1, 2]);
    assert.deepEqual(reported, ["connect-refused 0.5", "connect-refused 1", "connect-refused 2"]);
  });

  it("gives up when it is told to, and passes on what is no DriverError", async () => {
    const refuse = () => Promise.reject(new DriverError("connect-timeout", "no"));
    assert.equal(
      await connectPersistently(
        refuse,
        () => {},
        () => Promise.resolve("give-up"),
      ),
      null,
    );
    await assert.rejects(
      connectPersistently(
        () => Promise.reject(new TypeError("a bug")),
        () => {},
        () => Promise.resolve("again"),
      ),
      TypeError,
    );
  });
});
