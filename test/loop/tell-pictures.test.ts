import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Subject } from "rxjs";
import { tellPictures } from "../../daemon/loop/tell-pictures.js";
import type { ToArm } from "../../daemon/types/arm-link.js";
import type { Frame } from "../../daemon/types/frame.js";
import { frame } from "./samples.js";

describe("telling the arm process how old the pictures are (PO-13)", () => {
  it("begins with the first pair, and tells of the older one each time it becomes newer", () => {
    const frames = new Subject<Frame>();
    const told: ToArm[] = [];
    const subscription = tellPictures({ send: (message) => told.push(message) > 0 }, { frames }).subscribe();
    const ages = (): readonly number[] => told.flatMap((one) => (one.kind === "pictures" ? [one.capturedAt] : []));
    frames.next(frame("front", 1));
    assert.deepEqual(ages(), []);
    frames.next(frame("wrist", 1.01));
    assert.deepEqual(ages(), [1]);
    for (const at of [1.05, 1.1, 1.15]) {
      frames.next(frame("front", at));
    }
    assert.deepEqual(ages(), [1, 1.01], "the wrist camera gives no more");
    subscription.unsubscribe();
    frames.next(frame("wrist", 1.2));
    assert.equal(told.length, 2);
  });
});
