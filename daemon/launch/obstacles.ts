import { createSocket } from "node:dgram";
import { createConnection, createServer } from "node:net";
import type { Config } from "../config/config.js";

/** What stands in the way of starting a system with this configuration, one sentence each; empty when nothing does. */
export async function obstacles(config: Config, withLab: boolean): Promise<readonly string[]> {
  const { arm, cameras, operator } = config;
  const found: string[] = [];
  for (const socket of [config.armSocket, config.guardianSocket]) {
    if (await answers(socket)) {
      found.push(`Another system runs with this run_directory: it answers at ${socket}`);
    }
  }
  const ports = [{ host: operator.host, port: operator.port, what: "operators, operator.port" }];
  if (withLab && arm.link.kind === "tcp") {
    ports.push({ host: arm.link.host, port: arm.link.port, what: "the lab's arm, arm.link.port" });
  }
  if (withLab && "url" in cameras.front) {
    ports.push({ host: "127.0.0.1", port: Number(new URL(cameras.front.url).port), what: "the lab's cameras" });
  }
  for (const { host, port, what } of ports) {
    if (await isTcpTaken(host, port)) {
      found.push(`TCP port ${port} on ${host} (${what}) is in use; see: ss -ltnp 'sport = :${port}'`);
    }
  }
  if (arm.link.kind === "tcp" && (await isUdpTaken(arm.push.host, arm.push.port))) {
    const { host, port } = arm.push;
    found.push(`UDP port ${port} on ${host} (arm state, arm.push.port) is in use; see: ss -lunp 'sport = :${port}'`);
  }
  return found;
}

function answers(socketPath: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createConnection(socketPath);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    // Nobody listens, or there is no such file.
    probe.once("error", () => resolve(false));
  });
}

/** Other errors than a taken port are told, with their cause, by whoever needs the port. */
function isTcpTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code === "EADDRINUSE"));
    server.listen(port, host, () => server.close(() => resolve(false)));
  });
}

function isUdpTaken(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket("udp4");
    socket.once("error", (error: NodeJS.ErrnoException) => {
      socket.close();
      resolve(error.code === "EADDRINUSE");
    });
    socket.bind(port, host, () => socket.close(() => resolve(false)));
  });
}
