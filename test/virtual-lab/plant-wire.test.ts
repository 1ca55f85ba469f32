import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jointPosition } from "../../daemon/types/units.js";
import type { PlantState } from "../../drivers/virtual-lab/plant.js";
import {
  encodePlantCommand,
  encodePlantState,
  type PlantCommand,
  plantCommands,
  plantStates,
} from "../../drivers/virtual-lab/world/plant-wire.js";

const q = jointPosition([0.1, -0.2, 0.3, 1.4, -0.5, 0.6, -6.28]);

describe("the wire between controller and world", () => {
  it("carries commands, with and without the gripper, wherever the stream is cut", () => {
    const commands: readonly PlantCommand[] = [
      { q, gripper: null },
      { q, gripper: { opening: 0, force: 12.5 } },
      { q: jointPosition(q.map((angle) => -angle)), gripper: null },
    ];
    const bytes = Buffer.concat(commands.map(encodePlantCommand));
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const heard: PlantCommand[] = [];
      const take = plantCommands((command) => heard.push(command));
      take(bytes.subarray(0, cut));
      take(bytes.subarray(cut));
      assert.deepEqual(heard, commands);
    }
  });

  it("carries measurements, byte by byte", () => {
    const state: PlantState = { at: 12_345.678901234, q, torque: [1, -2, 3, -4, 5, -6, 7], gripperOpening: 0.25 };
    const heard: PlantState[] = [];
    const take = plantStates((measured) => heard.push(measured));
    for (const byte of Buffer.concat([encodePlantState(state), encodePlantState(state)])) {
      take(Buffer.from([byte]));
    }
    assert.deepEqual(heard, [state, state]);
  });
});
