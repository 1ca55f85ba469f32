import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { projectPath } from "../../daemon/ports/project-path.js";
import { type Lab, startLab } from "../../drivers/virtual-lab/main.js";
import { HOME } from "../../drivers/virtual-lab/scene/home.js";
import type { TablePoses } from "../../drivers/virtual-lab/scene/object-pose.js";
import { drawPoses } from "../../drivers/virtual-lab/scene/scene-spec.js";
import { TASKS } from "../../drivers/virtual-lab/scene/tasks.js";

interface Truth {
  readonly seed: number;
  /** The task that the last reset named. */
  readonly trial: number | null;
  readonly time: number;
  readonly start: TablePoses;
  readonly grip: number | null;
  readonly q: readonly number[];
  readonly held: string | null;
  readonly gripperOpening: number;
  readonly verdicts: readonly { readonly task: number; readonly goal: boolean; readonly kinematic: boolean }[];
}

let lab: Lab;

async function post(path: string, body: unknown): Promise<Response> {
  return await fetch(`${lab.addresses.control}${path}`, { method: "POST", body: JSON.stringify(body) });
}

async function truth(): Promise<Truth> {
  const answer = await fetch(`${lab.addresses.control}/truth`);
  return JSON.parse(await answer.text());
}

describe("the virtual lab", () => {
  before(async () => {
    lab = await startLab({ seed: 3 });
  });
  after(async () => {
    await lab.close();
    await lab.ended;
  });

  it("tells the truth about an untouched scene", async () => {
    const told = await truth();
    assert.equal(told.seed, 3);
    assert.equal(told.trial, null);
    assert.equal(told.held, null);
    assert.deepEqual(Object.keys(told.start), ["bread", "carrot", "plate"]);
    assert.deepEqual(
      told.verdicts.map(({ task, goal, kinematic }) => ({ task, goal, kinematic })),
      [0, 1, 2, 3, 4, 5, 6].map((task) => ({ task, goal: false, kinematic: false })),
    );
  });

  it("gives the verdict on one task", async () => {
    const answer = await fetch(`${lab.addresses.control}/truth?task=2`);
    const { task, goal, kinematic, detail } = JSON.parse(await answer.text());
    assert.deepEqual(
      { task, goal, kinematic, detail },
      { task: 2, goal: false, kinematic: false, detail: "bread moved 0 mm: not moved far enough" },
    );
    assert.equal((await fetch(`${lab.addresses.control}/truth?task=9`)).status, 400);
  });

  it("records what the controller receives until it is cleared", async () => {
    const { host, port } = lab.addresses.controller;
    const socket = connect(port, host);
    await once(socket, "connect");
    socket.write('{"command":"set_arm_stop"}\r\n');
    await once(socket, "data");
    socket.destroy();
    const total = async (): Promise<number> =>
      JSON.parse(await (await fetch(`${lab.addresses.control}/arrivals`)).text()).total;
    assert.equal(await total(), 1);
    assert.equal((await fetch(`${lab.addresses.control}/arrivals`, { method: "DELETE" })).status, 200);
    assert.equal(await total(), 0);
  });

  it("builds the same scene again from the same seed", async () => {
    assert.equal((await post("/reset", { seed: 12, task: 1 })).status, 200);
    const first = await truth();
    assert.equal((await post("/reset", { seed: 13 })).status, 200);
    const other = await truth();
    assert.equal((await post("/reset", { seed: 12, task: 1 })).status, 200);
    const again = await truth();
    assert.equal(first.trial, 1);
    assert.deepEqual(again.start, first.start);
    assert.notDeepEqual(other.start, first.start);
    assert.ok(again.q.every((value, joint) => Math.abs(value - (HOME[joint] ?? 0)) < 1e-3));
  });

  it("lays the table for the task that the reset names", async () => {
    const tasks = JSON.parse(await (await fetch(`${lab.addresses.control}/tasks`)).text());
    assert.deepEqual(tasks, TASKS);
    assert.equal((await post("/reset", { seed: 12, task: 5, looks: "varied" })).status, 200);
    const { start, grip } = await truth();
    const { carrot } = drawPoses(12, "place-carrot");
    assert.ok(Math.hypot(start.carrot.position[0] - carrot.x, start.carrot.position[1] - carrot.y) < 0.005);
    assert.equal(grip, null);
  });

  it("runs in real time", async () => {
    const wallStart = performance.now();
    const first = await truth();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await truth();
    const wall = (performance.now() - wallStart) / 1000;
    // Never ahead of the clock; behind it only by what a loaded machine could not give.
    assert.ok(second.time - first.time <= wall + 0.02);
    assert.ok(second.time > first.time);
  });

  it("shows a change of scene in the pictures", async () => {
    const still = async (): Promise<Buffer> => {
      const answer = await fetch(`${lab.addresses.control}/front.jpg`);
      assert.equal(answer.status, 200);
      return Buffer.from(await answer.arrayBuffer());
    };
    const bright = await still();
    assert.deepEqual([bright[0], bright[1]], [0xff, 0xd8]);
    assert.equal((await post("/scene", { light: { intensity: 0, ambient: 0 } })).status, 200);
    const dark = await still();
    assert.ok(dark.length < bright.length / 2, "a black picture is small");
  });

  it("streams both cameras at once", async () => {
    assert.equal((await post("/reset", { seed: 2 })).status, 200);
    for (const url of [lab.addresses.cameras.front, lab.addresses.cameras.wrist]) {
      const controller = new AbortController();
      const { body } = await fetch(url, { signal: controller.signal });
      assert.ok(body);
      let text = "";
      for await (const bytes of body) {
        text += Buffer.from(bytes).toString("latin1");
        if ((text.match(/--kinevla-frame/g) ?? []).length >= 3) {
          break;
        }
      }
      controller.abort();
    }
  });

  it("has the arm listening at its address", async () => {
    const socket = connect(lab.addresses.controller.port, lab.addresses.controller.host);
    await once(socket, "connect");
    socket.write('{"command":"get_joint_degree"}\r\n');
    const [bytes] = await once(socket, "data");
    socket.destroy();
    assert.match(String(bytes), /joint/);
  });

  it("says what is wrong with a request", async () => {
    for (const [path, body, words] of [
      ["/reset", { seed: 1.5 }, /seed/],
      ["/reset", { task: 99 }, /task/],
      ["/reset", { colour: 1 }, /colour/],
      ["/scene", { bread: { q: 1 } }, /bread/],
      ["/faults", { kind: "earthquake" }, /earthquake/],
    ] as const) {
      const answer = await post(path, body);
      assert.equal(answer.status, 400);
      assert.match(await answer.text(), words);
    }
    const broken = await fetch(`${lab.addresses.control}/reset`, { method: "POST", body: "{" });
    assert.equal(broken.status, 400);
    assert.equal((await fetch(`${lab.addresses.control}/nothing`)).status, 404);
  });

  it("takes its processes with it when it is killed", async () => {
    const main = projectPath("dist", "drivers", "virtual-lab", "main.js");
    const child = spawn(process.execPath, [main], { stdio: ["ignore", "pipe", "inherit"] });
    await once(child.stdout, "data");
    const processes = readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, "utf8").trim().split(" ");
    assert.equal(processes.length, 2);
    child.kill("SIGKILL");
    await once(child, "exit");
    while (processes.some((pid) => existsSync(`/proc/${pid}`))) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  });

  it("refuses to start on a port that is taken, and leaves nothing behind", async () => {
    await assert.rejects(startLab({ controllerPort: lab.addresses.controller.port }), /EADDRINUSE/);
  });
});
