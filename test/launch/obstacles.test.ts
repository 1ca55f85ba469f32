import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { type Config, loadConfig } from "../../daemon/config/config.js";
import { freeTcpPort, freeUdpPort } from "../../daemon/launch/free-ports.js";
import { obstacles } from "../../daemon/launch/obstacles.js";
import { projectPath } from "../../daemon/ports/project-path.js";

const folder = mkdtempSync(join(tmpdir(), "kinevla-obstacles-"));
after(() => rmSync(folder, { recursive: true }));

async function freeConfig(): Promise<Config> {
  const config = loadConfig(projectPath("daemon", "config", "lab.yaml"));
  const url = `http://127.0.0.1:${await freeTcpPort()}/front.mjpeg`;
  return {
    ...config,
    arm: {
      ...config.arm,
      link: { kind: "tcp", host: "127.0.0.1", port: await freeTcpPort() },
      push: { ...config.arm.push, port: await freeUdpPort() },
    },
    cameras: { ...config.cameras, front: { url, width: 256, height: 256 } },
    operator: { ...config.operator, port: await freeTcpPort() },
    armSocket: join(folder, "arm.sock"),
    guardianSocket: join(folder, "guardian.sock"),
  };
}

/** What is found while something listens on a TCP port or Unix socket. */
async function whileTaken(where: number | string, config: Config, withLab: boolean): Promise<readonly string[]> {
  const server = createServer();
  if (typeof where === "string") {
    server.listen(where);
  } else {
    server.listen(where, "127.0.0.1");
  }
  await once(server, "listening");
  const found = await obstacles(config, withLab);
  server.close();
  await once(server, "close");
  return found;
}

describe("what stands in the way of a start", () => {
  it("is nothing on free ports, also beside the socket files of processes that are gone", async () => {
    const config = await freeConfig();
    assert.deepEqual(await obstacles(config, true), []);
  });

  it("is named with its key: operators, the lab's arm, the lab's cameras, the state push", async () => {
    const config = await freeConfig();
    const { link, push } = config.arm;
    assert.ok(link.kind === "tcp" && "url" in config.cameras.front);
    const camera = Number(new URL(config.cameras.front.url).port);
    for (const [port, key] of [
      [config.operator.port, /operator\.port/],
      [link.port, /arm\.link\.port/],
      [camera, /the lab's cameras/],
    ] as const) {
      const found = await whileTaken(port, config, true);
      assert.equal(found.length, 1);
      assert.match(found[0] ?? "", key);
      assert.match(found[0] ?? "", new RegExp(`${port} on 127.0.0.1 .* is in use; see: ss `));
    }
    const socket = createSocket("udp4").bind(push.port, "127.0.0.1");
    await once(socket, "listening");
    const found = await obstacles(config, true);
    socket.close();
    assert.match(found.join(), /^UDP port .*arm\.push\.port/);
  });

  it("is no port of the arm and the cameras where they are real", async () => {
    const config = await freeConfig();
    assert.ok(config.arm.link.kind === "tcp");
    assert.deepEqual(await whileTaken(config.arm.link.port, config, false), []);
  });

  it("is another system with the same run directory", async () => {
    const config = await freeConfig();
    for (const socket of [config.armSocket, config.guardianSocket]) {
      assert.match((await whileTaken(socket, config, true)).join(), /^Another system runs with this run_directory/);
    }
  });
});
