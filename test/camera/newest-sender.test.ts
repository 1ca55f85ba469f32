import assert from "node:assert/strict";
import { it } from "node:test";
import { createNewestSender } from "../../drivers/camera/newest-sender.js";

it("sends one value at a time and keeps only the newest of those that wait", () => {
  const sent: number[] = [];
  const done: (() => void)[] = [];
  const sender = createNewestSender<number>((value, finished) => {
    sent.push(value);
    done.push(finished);
  });
  sender.offer(1);
  sender.offer(2);
  sender.offer(3);
  assert.deepEqual(sent, [1]);
  done.shift()?.();
  assert.deepEqual(sent, [1, 3]);
  done.shift()?.();
  assert.deepEqual(sent, [1, 3]);
  sender.offer(4);
  assert.deepEqual(sent, [1, 3, 4]);
});
