import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createEg2Gripper } from "../../drivers/gripper/eg2-gripper.js";

const CONFIRMED = { command: "set_gripper", state: true };

describe("the gripper on the arm's tool port", () => {
  it("is told once more what it has not confirmed, and nothing after its confirmation", (t) => {
    t.mock.timers.enable({ apis: ["setInterval"] });
    let now = 0;
    const wait = (): void => {
      now += 0.2;
      t.mock.timers.tick(200);
    };
    const moves: number[] = [];
    const gripper = createEg2Gripper({ now: () => now });
    gripper.connected((bytes) => {
      const { command, position } = JSON.parse(bytes.toString());
      if (command === "set_gripper_position") {
        moves.push(position);
      }
    });
    gripper.command(0);
    gripper.command(0);
    assert.deepEqual(moves, [1]);
    wait();
    assert.deepEqual(moves, [1, 1]);
    assert.equal(gripper.health().unansweredSince, 0);
    gripper.hear(CONFIRMED);
    wait();
    assert.deepEqual(moves, [1, 1]);
    assert.equal(gripper.health().unansweredSince, Infinity);
    gripper.disconnected();
  });
});
