import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { afterEach, beforeEach, mock, test } from "node:test";
import { HoldKey } from "../../daemon/cli/hold-key.js";

let now: number;
let changes: boolean[];
let input: PassThrough;
let key: HoldKey;
beforeEach(() => {
  mock.timers.enable({ apis: ["setInterval"] });
  now = 0;
  changes = [];
  input = new PassThrough();
  key = new HoldKey(
    input,
    () => now,
    (held) => changes.push(held),
  );
});
afterEach(() => {
  key.end();
  mock.timers.reset();
});

/** Lets time pass, with a key at its end. */
function after(ms: number, keys = ""): void {
  for (let passed = 0; passed < ms; passed += 10) {
    now += 10;
    mock.timers.tick(10);
  }
  if (keys !== "") {
    input.emit("data", Buffer.from(keys));
  }
}

test("a tap is no hold; a key that repeats is, until it no longer does", () => {
  after(0, " ");
  after(500, " ");
  assert.deepEqual(changes, []);
  after(30, " ");
  assert.deepEqual(changes, [true]);
  for (let repeat = 0; repeat < 50; repeat += 1) {
    after(40, " ");
  }
  assert.deepEqual(changes, [true]);
  after(190);
  assert.deepEqual(changes, [true]);
  after(40);
  assert.deepEqual(changes, [true, false]);
});

test("repetitions that arrive together count as well", () => {
  after(0, " ");
  after(100, "   ");
  assert.deepEqual(changes, [true]);
});

test("any other key lets go at once, and so does the end", () => {
  after(0, " ");
  after(30, " ");
  after(30, "x");
  assert.deepEqual(changes, [true, false]);
  after(30, " ");
  assert.deepEqual(changes, [true, false], "one repetition is none");
  after(30, " ");
  key.end();
  assert.deepEqual(changes, [true, false, true, false]);
});
