import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, it } from "node:test";
import { loadConfig } from "../../daemon/config/config.js";
import { projectPath } from "../../daemon/ports/project-path.js";
import type { FromPuppet } from "../../daemon/types/puppet.js";
import { NewestSender } from "../../drivers/puppet/newest-sender.js";
import { startPuppetProcess } from "../../drivers/puppet/process.js";
import { puppetRig, until } from "./rig.js";

/** Stands where the arm process stands. */
async function receiver(path: string) {
  const said: FromPuppet[] = [];
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    createInterface(socket).on("line", (line) => said.push(JSON.parse(line)));
  });
  server.listen(path);
  await once(server, "listening");
  return {
    ...{ said, sockets },
    kinds: () => said.map(({ kind }) => kind),
    close: async (): Promise<void> => {
      for (const socket of sockets) {
        socket.destroy();
      }
      server.close();
      await once(server, "close");
    },
  };
}

describe("the puppet process", () => {
  it("waits for the arm process, says who the leader is, reads it, tells that it is away and back, ends with its parent", async () => {
    const { folder, leader, close } = await puppetRig("realman-leader");
    const config = join(folder, "kinevla.yaml");
    writeFileSync(
      config,
      `${readFileSync(projectPath("daemon", "config", "lab.yaml"), "utf8").replace(/^run_directory: .*$/m, `run_directory: ${folder}`)}
puppet: { kind: realman-leader, path: ${leader.path}, baud: 460800, calibration: puppet.json }\n`,
    );
    const { puppetSocket, puppet } = loadConfig(config);
    assert.deepEqual([puppetSocket, puppet?.calibration], [join(folder, "puppet.sock"), join(folder, "puppet.json")]);
    const script = projectPath("dist", "daemon", "puppet", "main.js");
    const child = spawn(process.execPath, [script, "--config", config, "--die-with-parent"], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    const ended = once(child, "exit");
    try {
      const arm = await receiver(puppetSocket);
      await until(() => arm.kinds().includes("sample"), "a sample");
      assert.equal(arm.kinds()[0], "hello");
      const from = arm.said.length;
      await leader.unplug();
      await until(() => arm.kinds().slice(from).includes("lost"), "lost");
      const lost = arm.said.find((message) => message.kind === "lost");
      assert.ok(lost !== undefined && lost.code === "puppet-lost" && /leader/.test(lost.detail));
      await leader.plug();
      await until(() => arm.kinds().at(-1) === "sample", "samples again");
      const after = arm.kinds().slice(from);
      assert.equal(after.lastIndexOf("hello") > after.lastIndexOf("lost"), true, "hello before the samples");
      await arm.close();

      rmSync(puppetSocket, { force: true });
      const next = await receiver(puppetSocket);
      await until(() => next.kinds().includes("sample"), "a sample after the arm process started again");
      assert.equal(next.kinds()[0], "hello");
      child.stdin.end();
      assert.deepEqual((await ended)[0], 0);
      await next.close();
    } finally {
      child.kill("SIGKILL");
      await close();
    }
  });

  it("a configuration without a puppet is refused in words", async () => {
    const script = projectPath("dist", "daemon", "puppet", "main.js");
    const child = spawn(process.execPath, [script], { stdio: ["ignore", "ignore", "pipe"] });
    let words = "";
    child.stderr.on("data", (bytes: Buffer) => {
      words += bytes.toString();
    });
    const [code] = await once(child, "close");
    assert.equal(code, 78);
    assert.match(words, /no section puppet/);
  });
});

describe("a puppet process that the arm process does not take", () => {
  it("says why, once", async () => {
    const { folder, puppet, close } = await puppetRig("realman-leader");
    const path = join(folder, "refused.sock");
    const arm = await receiver(path);
    const refused: string[] = [];
    const process = startPuppetProcess(puppet, path, {
      found: () => undefined,
      away: (error) => assert.fail(error),
      refused: (reason) => refused.push(reason),
    });
    await until(() => arm.kinds().includes("sample"), "a sample");
    for (const line of [
      '{"kind":"refused","reason":"another is here"}',
      '{"kind":"refused","reason":"another is here"}',
      "{",
    ]) {
      arm.sockets[0]?.write(`${line}\n`);
    }
    await until(() => refused.length === 2, "refused");
    assert.deepEqual(refused, ["another is here", "it sent a line that is not JSON"]);
    await process.close();
    await arm.close();
    await close();
  });
});

describe("samples to a socket that is slow", () => {
  it("only the newest waits; hello is never lost", async () => {
    const { folder, close } = await puppetRig("realman-leader");
    const path = join(folder, "slow.sock");
    const arm = await receiver(path);
    const sender = new NewestSender(path, () => assert.fail("nothing is said to it"));
    const identity = { kind: "realman-leader", serial: "x", joints: 7 } as const;
    sender.say({ kind: "hello", identity });
    await until(() => arm.kinds().length === 1, "hello");
    arm.sockets[0]?.pause();
    const angles = [0, 0, 0, 0, 0, 0, 0] as const;
    let seq = 0;
    await until(() => {
      for (let count = 0; count < 200; count++) {
        seq++;
        sender.say({ kind: "sample", sample: { seq, at: seq, angles, gripper: 0, button: false } });
      }
      return sender.dropped > 2000;
    }, "the socket is full");
    sender.say({ kind: "lost", code: "puppet-lost", detail: "" });
    sender.say({ kind: "hello", identity });
    sender.say({ kind: "sample", sample: { seq: seq + 1, at: seq + 1, angles, gripper: 0, button: false } });
    arm.sockets[0]?.resume();
    await until(
      () => arm.said.some((message) => message.kind === "sample" && message.sample.seq === seq + 1),
      "newest",
    );
    const seqs = arm.said.flatMap((message) => (message.kind === "sample" ? [message.sample.seq] : []));
    assert.ok(seqs.every((value, index) => index === 0 || value > (seqs[index - 1] ?? 0)));
    assert.equal(arm.kinds().at(-2), "hello");
    sender.close();
    await arm.close();
    await close();
  });
});
