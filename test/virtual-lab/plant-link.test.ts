import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Socket } from "node:net";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { type JointPosition, jointPosition } from "../../daemon/types/units.js";
import { PlantLink } from "../../drivers/virtual-lab/world/plant-link.js";
import { encodePlantState } from "../../drivers/virtual-lab/world/plant-wire.js";

/** J1 alone, rad. */
function pose(angle: number): JointPosition {
  return jointPosition([angle, 0, 0, 0, 0, 0, 0]);
}

describe("the controller's wire to a world that is held up", () => {
  it("carries the joints on by their targets, and never jumps to where the world has got to", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const opening = PlantLink.open("127.0.0.1", typeof address === "object" ? (address?.port ?? 0) : 0);
    const [world]: Socket[] = await once(server, "connection");
    const say = (at: number, angle: number): void => {
      world?.write(encodePlantState({ at, q: pose(angle), torque: [0, 0, 0, 0, 0, 0, 0], gripperOpening: 1 }));
    };
    const told = async (holds: (angle: number) => boolean): Promise<void> => {
      for (let tries = 0; !holds(link.measured().q[0]); tries++) {
        assert.ok(tries < 1000, String(link.measured().q[0]));
        await delay(5);
      }
    };
    say(10, 0);
    const link = await opening;
    link.setTargets(pose(0));
    say(10.004, 0.001);
    await told((angle) => angle === 0.001);
    link.setTargets(pose(0.1));
    assert.equal(link.measured().q[0], 0.101, "carried on");
    say(10.3, 0.12);
    // What differs, 19 mrad, fades; it is never there at once.
    await told((angle) => angle > 0.1011);
    assert.ok(link.measured().q[0] < 0.115);
    await told((angle) => angle === 0.12);
    world?.destroy();
    server.close();
  });
});
